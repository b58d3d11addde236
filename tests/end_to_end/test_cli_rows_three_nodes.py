"""Rows of a cluster of three real Cassandra nodes, lost and restored: every replica has them, and repairs are real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cassandras, Cluster
from tests.support.cassandra_logs import Execute, administration
from tests.support.console import LOCATION, LabProcess, lab_process
from tests.support.lab_rows import cassandra_options, insert, new_keyspace, read

pytestmark = [pytest.mark.real, pytest.mark.slow]
NODES = 3
ROWS = 300


@pytest.fixture
def cluster(cassandras: Cassandras) -> Cluster:
    cluster, _ = cassandras
    return cluster


@pytest.fixture
def execute(cluster: Cluster) -> Iterator[Execute]:
    with administration(cluster, of_all_replicas=True) as execute:
        yield execute


@pytest.fixture
def lab(tmp_path: Path, cluster: Cluster) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *cassandra_options(cluster, tmp_path)) as lab:
        yield lab


def test_rows_of_three_nodes_are_restored_to_all_their_replicas(lab: LabProcess, execute: Execute) -> None:
    keyspace = new_keyspace(execute, replicas=2)
    execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v text)")
    for number in range(ROWS):
        insert(execute, keyspace, "t", k=number, v=f"row {number}")
    before = read(execute, keyspace, "t")
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "-K", keyspace, "--json")
    assert backup.code == 0, backup.stderr
    assert backup.documents()[-1]["sstables"] >= NODES
    lab.tag = backup.documents()[-1]["snapshot_tag"]
    execute(f"TRUNCATE {keyspace}.t")
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    assert (read(execute, keyspace, "t"), len(before)) == (before, ROWS)
    repairs = execute(
        "SELECT keyspace_name, columnfamily_names, finished_at, exception_message "
        "FROM system_distributed.parent_repair_history"
    )
    own = [(set(tables), at is not None, error) for name, tables, at, error in repairs if name == keyspace]
    assert own
    assert all(repair == ({"t"}, True, None) for repair in own)
