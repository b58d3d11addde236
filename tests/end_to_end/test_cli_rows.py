"""Rows that were written through CQL are lost and restored by the console script: a real Cassandra is behind the lab."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.console import LOCATION, LabProcess, lab_process
from tests.support.lab_rows import SCYLLA_SAMPLES, cassandra_options, insert, new_keyspace, read

pytestmark = pytest.mark.real
ROWS = 300


@pytest.fixture
def lab(tmp_path: Path, cassandra: Cluster) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *cassandra_options(cassandra, tmp_path)) as lab:
        yield lab


def test_rows_that_were_lost_are_restored(lab: LabProcess, cassandra_execute: Execute) -> None:
    keyspace = new_keyspace(cassandra_execute)
    for table in ("t1", "t2"):
        cassandra_execute(f"CREATE TABLE {keyspace}.{table} (k int, c int, v text, PRIMARY KEY (k, c))")
        for number in range(ROWS):
            insert(cassandra_execute, keyspace, table, k=number % 9, c=number, v=f"{table} {number}")
    before = {table: read(cassandra_execute, keyspace, table) for table in ("t1", "t2")}
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "-K", keyspace, "--json")
    assert backup.code == 0, backup.stderr
    lab.tag = backup.documents()[-1]["snapshot_tag"]
    for table in before:
        cassandra_execute(f"TRUNCATE {keyspace}.{table}")
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    assert {table: read(cassandra_execute, keyspace, table) for table in before} == before
    assert {len(rows) for rows in before.values()} == {ROWS}


def test_a_view_and_an_index_answer_for_rows_that_were_restored(
    lab: LabProcess, cassandra_execute: Execute
) -> None:
    keyspace = new_keyspace(cassandra_execute)
    cassandra_execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v int, w int)")
    cassandra_execute(f"CREATE INDEX by_w ON {keyspace}.t (w)")
    cassandra_execute(
        f"CREATE MATERIALIZED VIEW {keyspace}.by_v AS SELECT k, v FROM {keyspace}.t "  # noqa: S608 - names of tests' own
        "WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)"
    )
    for number in range(ROWS):
        insert(cassandra_execute, keyspace, "t", k=number, v=-number, w=number % 3)
    by_w = f"SELECT k, v, w FROM {keyspace}.t WHERE w = 1"  # noqa: S608 - the same
    before = [read(cassandra_execute, keyspace, "by_v"), cassandra_execute(by_w)]
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "-K", keyspace, "--json")
    assert backup.code == 0, backup.stderr
    lab.tag = backup.documents()[-1]["snapshot_tag"]
    cassandra_execute(f"TRUNCATE {keyspace}.t")
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    assert [read(cassandra_execute, keyspace, "by_v"), cassandra_execute(by_w)] == before
    assert [len(rows) for rows in before] == [ROWS, ROWS // 3]


def test_rows_that_scylla_wrote_are_restored(
    lab: LabProcess, cassandra_execute: Execute, shared: Path
) -> None:
    keyspace = new_keyspace(cassandra_execute)
    for table, (columns, _) in SCYLLA_SAMPLES.items():
        cassandra_execute(f"CREATE TABLE {keyspace}.{table} ({columns})")
    samples = str(shared / "samples" / "scylla-me")
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "--from", samples, "--json")
    assert backup.code == 0, backup.stderr
    lab.tag = backup.documents()[-1]["snapshot_tag"]
    said = lab.call(*lab.run_words("--json", "--rename", f"ks={keyspace}"))
    assert said.code == 0, said.stderr
    restored = {table: len(read(cassandra_execute, keyspace, table)) for table in SCYLLA_SAMPLES}
    assert restored == {table: count for table, (_, count) in SCYLLA_SAMPLES.items()}


def test_rows_of_a_real_backup_are_restored(
    lab: LabProcess, cassandra_execute: Execute, shared: Path
) -> None:
    with tarfile.open(shared / "samples" / "real-backup.tar.gz") as archive:
        archive.extractall(lab.files.buckets / "real", filter="data")
    keyspace = new_keyspace(cassandra_execute)
    cassandra_execute(f"CREATE TABLE {keyspace}.t (pk int, ck int, v text, PRIMARY KEY (pk, ck))")
    tag, rename = "sm_20261122114012UTC", f"ks={keyspace}"
    words = ("run", "-L", "localstorage:real", "-T", tag, "--restore-tables", "-K", "ks", "--rename", rename)
    said = lab.call(*words, "--json")
    assert said.code == 0, said.stderr
    assert len(read(cassandra_execute, keyspace, "t")) == 100_000
