"""Tables in the file of an SQLite log keep the contract, and look like Scylla Manager's to whoever opens the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from tests.contract.projection_tables import OpenTables, ProjectionTablesContract
from tests.contract.projection_tables.samples import KEY, changes, full_row, position, progress_row, run_row

from scylla_restore.events.errors import LogError, UnusableLog
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.tables.port import ProjectionTables, Rows
from scylla_restore.events.tables.sqlite import SQLiteTables


class TestSQLiteTables(ProjectionTablesContract):
    @pytest.fixture
    def open_tables(self, tmp_path: Path) -> Iterator[OpenTables]:
        with ExitStack() as opened:

            def open_tables() -> ProjectionTables:
                log = SQLiteLog(tmp_path / "log.db")
                opened.callback(log.close)
                tables = SQLiteTables(log)
                opened.callback(tables.close)
                return tables

            yield open_tables


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def database(log: SQLiteLog) -> Iterator[sqlite3.Connection]:
    """The file, as somebody else opens it."""
    with closing(sqlite3.connect(log.path, isolation_level=None)) as connection:
        yield connection


def test_lists_are_json_and_times_are_text(log: SQLiteLog, database: sqlite3.Connection) -> None:
    SQLiteTables(log).apply(
        KEY, changes(full_row(), progress_row(1), run=run_row()), after=None, upto=position(1)
    )
    (found,) = database.execute(
        "SELECT json_extract(sstable_id, '$[1]') FROM restore_run_progress WHERE agent_job_id = 1"
    ).fetchone()
    assert found == "17"
    (started,) = database.execute(
        "SELECT datetime(restore_started_at) FROM restore_run_progress WHERE failed = 3"
    ).fetchone()
    assert started == "2026-01-02 03:04:05"
    (table,) = database.execute(
        "SELECT json_extract(units, '$[0].tables[0].table_name') FROM restore_run"
    ).fetchone()
    assert table == "one"


def test_looking_at_tables_makes_none(log: SQLiteLog, database: sqlite3.Connection) -> None:
    tables = SQLiteTables(log)
    assert (tables.position(KEY), tables.runs(), tables.rows(KEY)) == (None, {}, Rows())
    assert database.execute("SELECT name FROM sqlite_master WHERE name LIKE 'restore%'").fetchall() == []


def test_what_another_version_made_is_made_anew(log: SQLiteLog, database: sqlite3.Connection) -> None:
    tables = SQLiteTables(log)
    tables.apply(KEY, changes(progress_row(1), progress_row(2)), after=None, upto=position(5))
    database.execute("UPDATE run_overview SET version = 0")
    assert (tables.position(KEY), tables.runs()) == (None, {})
    tables.apply(KEY, changes(progress_row(2)), after=None, upto=position(5))
    assert tables.rows(KEY).restore_run_progress == (progress_row(2),)


def test_rows_that_others_have_spoilt_are_refused_with_a_way_out(
    log: SQLiteLog, database: sqlite3.Connection
) -> None:
    tables = SQLiteTables(log)
    tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(5))
    database.execute("UPDATE restore_run_progress SET sstable_id = 'no JSON'")
    with pytest.raises(UnusableLog) as caught:
        tables.rows(KEY)
    assert "rebuild" in (caught.value.hint or "")
    tables.drop(KEY)
    assert tables.rows(KEY) == Rows()


def test_tables_of_a_closed_log_say_so(log: SQLiteLog) -> None:
    tables = SQLiteTables(log)
    log.close()
    with pytest.raises(LogError, match="closed"):
        tables.apply(KEY, changes(), after=None, upto=position(1))
