from pathlib import Path

import pytest
from tests.support import story as told
from tests.support.histories import HISTORIES, troubled_history
from tests.support.program import Desk

from scylla_restore.events.tables.port import Rows, RunKey
from scylla_restore.events.tables.sqlite import SQLiteTables

KEY = RunKey(cluster_id=told.CLUSTER_ID, run=told.RUN)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def rows(desk: Desk) -> Rows:
    log = desk.log()
    found = SQLiteTables(log).rows(KEY)
    log.close()
    return found


@pytest.mark.parametrize("history", sorted(HISTORIES))
def test_rebuilding_gives_every_row_back(desk: Desk, history: str) -> None:
    story = HISTORIES[history]()
    desk.record(story)
    first = desk.call("rebuild", told.RUN, "--json").json()
    before = rows(desk)
    again = desk.call("rebuild", told.RUN[:6], "--json").json()
    count = {"restore_run": 1, "restore_run_progress": len(before.restore_run_progress)}
    nothing = {"restore_run": 0, "restore_run_progress": 0}
    assert first == {"run_id": told.RUN, "seq": len(story.envelopes), "before": nothing, "after": count}
    assert again == {**first, "before": count}
    assert rows(desk) == before
    assert before.restore_run_progress


def test_rows_that_somebody_deleted_or_altered_come_back(desk: Desk) -> None:
    desk.record(troubled_history())
    desk.call("rebuild", told.RUN)
    before = rows(desk)
    log = desk.log()
    with log.transaction() as connection:
        connection.execute("DELETE FROM restore_run_progress WHERE host = '10.0.0.1'")
        connection.execute("UPDATE restore_run SET stage = 'INIT'")
    log.close()
    assert rows(desk) != before
    assert desk.call("rebuild", told.RUN).code == 0
    assert rows(desk) == before


def test_people_are_told_what_was_made_of_what(desk: Desk) -> None:
    desk.record(troubled_history())
    desk.call("rebuild", told.RUN)
    assert desk.call("rebuild", told.RUN).lines == [
        "restore_run           1 row, 1 before",
        "restore_run_progress  4 rows, 4 before",
        f"made from 61 events of run {told.RUN}",
    ]


def test_an_unknown_run_is_refused(desk: Desk) -> None:
    desk.record(troubled_history())
    answer = desk.call("rebuild", "ffff")
    assert (answer.code, answer.stdout) == (2, "")
    assert "no run ffff" in answer.stderr


def test_runs_are_listed_the_same_with_tables_and_without(desk: Desk) -> None:
    desk.record(troubled_history())
    without = desk.call("runs", "--json").json()
    desk.call("rebuild", told.RUN)
    assert desk.call("runs", "--json").json() == without
