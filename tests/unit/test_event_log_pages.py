"""Pages of records, read while somebody writes."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.event_logs import Writer

from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.log.sqlite_records import PageReader


class InterruptedConnection(sqlite3.Connection):
    """Lets something happen before each of its statements."""

    before_each: Callable[[], object] = staticmethod(lambda: None)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401 - as in the base class
        self.before_each()
        return super().execute(sql, parameters)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def connection(log: SQLiteLog) -> Iterator[InterruptedConnection]:
    connection = sqlite3.connect(log.path, isolation_level=None, factory=InterruptedConnection)
    yield connection
    connection.close()


@pytest.mark.parametrize("statement", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("at_the_end_of", [0, 1000])
def test_records_that_come_between_two_looks_are_not_skipped(
    log: SQLiteLog, connection: InterruptedConnection, at_the_end_of: int, statement: int
) -> None:
    writer = Writer(log)
    writer.append_some(at_the_end_of)
    looks = itertools.count(1)
    connection.before_each = lambda: next(looks) == statement and writer.append_some(2)
    reader = PageReader(1, at_the_end_of + 1)
    seqs = [record.seq for _ in range(3) for record in reader.read(connection)]
    assert seqs == [at_the_end_of + 1, at_the_end_of + 2]


def test_the_end_is_an_empty_page_until_more_is_written(
    log: SQLiteLog, connection: InterruptedConnection
) -> None:
    writer = Writer(log)
    writer.append_some(3)
    reader = PageReader(1, 1)
    lengths = [len(reader.read(connection)) for _ in range(2)]
    writer.append_some(2)
    assert [*lengths, len(reader.read(connection)), len(reader.read(connection))] == [3, 0, 2, 0]
