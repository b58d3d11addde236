"""A keyspace is lost, and comes back: its schema first, then its rows, with the engine killed on the way; views are there again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.console import LOCATION, LabProcess, lab_process, wait_until
from tests.support.lab_rows import cassandra_options, insert, new_keyspace, read

from scylla_restore.events.model.alterations import AlterationUndone
from scylla_restore.events.model.batches import LoadStarted

pytestmark = pytest.mark.real
ROWS = 200


@pytest.fixture
def lab(tmp_path: Path, cassandra: Cluster) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *cassandra_options(cassandra, tmp_path)) as lab:
        yield lab


def backed_up(lab: LabProcess, execute: Execute) -> str:
    """Make a keyspace with rows, a view and an index; have it backed up, and return its name."""
    keyspace = new_keyspace(execute)
    execute(f"CREATE TYPE {keyspace}.place (street text, number int)")
    execute(f'CREATE TABLE {keyspace}.t (k int, c int, v text, "Home" frozen<place>, PRIMARY KEY (k, c))')
    execute(
        f"CREATE MATERIALIZED VIEW {keyspace}.by_c AS SELECT k, c, v FROM {keyspace}.t "  # noqa: S608 - names of tests' own
        "WHERE c IS NOT NULL AND k IS NOT NULL PRIMARY KEY (c, k)"
    )
    execute(f"CREATE INDEX on_v ON {keyspace}.t (v)")
    for number in range(ROWS):
        insert(execute, keyspace, "t", k=number % 9, c=number, v=f"v{number % 5}")
    backup = lab.call("lab", "backup", "--dir", "lab", "-L", LOCATION, "-K", keyspace, "--json")
    assert backup.code == 0, backup.stderr
    lab.tag = backup.documents()[-1]["snapshot_tag"]
    return keyspace


def test_a_lost_keyspace_comes_back_with_its_rows_its_view_and_its_index(
    lab: LabProcess, cassandra_execute: Execute
) -> None:
    keyspace = backed_up(lab, cassandra_execute)
    rows, seen = read(cassandra_execute, keyspace, "t"), read(cassandra_execute, keyspace, "by_c")
    described = cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}")
    cassandra_execute(f"DROP KEYSPACE {keyspace}")

    wanted = ("-L", LOCATION, "-T", lab.tag, "--restore-schema")
    (planned,) = lab.call("plan", *wanted, "--json").documents()
    assert (planned["statements"], planned["units"], planned["batches"]) == (5, [], 0)
    assert "the schema: 5 statements" in lab.call("plan", *wanted).stdout
    schema = lab.call("run", *wanted, "--json")
    assert schema.code == 0, schema.stderr
    assert schema.documents()[-1]["statements_applied"] == 5
    audit = lab.call("audit", schema.documents()[0]["run_id"], "--json")
    assert (audit.code, audit.documents()[0]["ok"]) == (0, True)
    assert cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}") == described
    again = lab.call("run", *wanted)
    assert again.code == 2
    assert f"keyspace {keyspace}" in again.stderr

    (planned,) = lab.call("plan", *lab.run_words("--json")[1:]).documents()
    assert {view["view"] for view in planned["views"]} == {"by_c", "on_v"}
    tables = lab.call(*lab.run_words("--json"))
    assert tables.code == 0, tables.stderr
    document = tables.documents()[-1]
    assert {view["build_status"] for view in document["views"]} == {"SUCCESS"}
    assert read(cassandra_execute, keyspace, "t") == rows
    assert sorted(read(cassandra_execute, keyspace, "by_c")) == sorted(seen)
    found = cassandra_execute(f"SELECT k FROM {keyspace}.t WHERE v = 'v3'")  # noqa: S608 - names of tests' own
    assert len(found) == ROWS // 5
    assert cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}") == described


def views_of(execute: Execute, keyspace: str) -> set[str]:
    views = execute("SELECT view_name FROM system_schema.views WHERE keyspace_name = %s", keyspace)
    indexes = execute("SELECT index_name FROM system_schema.indexes WHERE keyspace_name = %s", keyspace)
    return {name for (name,) in (*views, *indexes)}


def undone_views(lab: LabProcess) -> list[str]:
    return [event.id for event in lab.events(AlterationUndone) if event.id.startswith("view ")]


def test_an_engine_that_is_killed_with_the_views_away_is_made_good_by_the_next(
    lab: LabProcess, cassandra_execute: Execute
) -> None:
    keyspace = backed_up(lab, cassandra_execute)
    rows, seen = read(cassandra_execute, keyspace, "t"), read(cassandra_execute, keyspace, "by_c")
    cassandra_execute(f"TRUNCATE {keyspace}.t")

    lab.fault("timeout", on="/storage_service/sstables/*")
    run = lab.start(*lab.run_words())
    wait_until(lambda: lab.events(LoadStarted), "a load")
    run.kill()
    assert views_of(cassandra_execute, keyspace) == set()
    assert "by_c" in lab.call("doctor").stdout
    lab.end_faults()
    fixed = lab.call("doctor", "--fix")
    assert (fixed.code, views_of(cassandra_execute, keyspace)) == (0, {"by_c", "on_v"}), fixed.stderr

    lab.fault("timeout", on="/storage_service/view_build_statuses/*")
    resumed = lab.start("resume")
    wait_until(lambda: len(undone_views(lab)) > 2, "a view that comes back for the second time")
    resumed.kill()
    lab.end_faults()

    said = lab.call("resume", "--json")
    assert said.code == 0, said.stderr
    assert views_of(cassandra_execute, keyspace) == {"by_c", "on_v"}
    assert read(cassandra_execute, keyspace, "t") == rows
    assert sorted(read(cassandra_execute, keyspace, "by_c")) == sorted(seen)


def test_an_aborted_restore_leaves_the_views_as_they_were(
    lab: LabProcess, cassandra_execute: Execute
) -> None:
    keyspace = backed_up(lab, cassandra_execute)
    described = cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}")
    cassandra_execute(f"TRUNCATE {keyspace}.t")
    lab.fault("error", on="/agent/rclone/sync/copypaths")
    assert lab.call(*lab.run_words()).code == 1
    assert views_of(cassandra_execute, keyspace) == set()

    said = lab.call("abort", lab.record()[0].run)

    assert said.code == 0, said.stderr
    assert cassandra_execute(f"DESCRIBE KEYSPACE {keyspace}") == described
    assert lab.call("doctor").stdout == "nothing is left altered\n"
