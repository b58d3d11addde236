"""Tables in the file of an SQLite log, written in the log's own connection, so that neither waits for a lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from scylla_restore.events.errors import TablesMoved, UnusableLog
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.projections.kept import VERSION, Changes
from scylla_restore.events.projections.runs import RunOverview
from scylla_restore.events.tables.port import KeptRun, Position, RowCounts, Rows, RunKey
from scylla_restore.events.tables.sqlite_schema import (
    RESTORE_RUN,
    RESTORE_RUN_PROGRESS,
    RUN_OVERVIEW,
    SCHEMA,
    StoredOverview,
    Value,
)


class SQLiteTables:
    """``ProjectionTables`` beside ``log``; they are made when something is first written to them."""

    def __init__(self, log: SQLiteLog) -> None:
        self._log = log
        self._is_made = False

    def position(self, run: RunKey) -> Position | None:
        """See ``ProjectionTables.position``."""
        with self._reading() as connection:
            return None if connection is None else _position(connection, run)

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """See ``ProjectionTables.apply``."""
        puts, deletes = _puts(changes), _deletes(changes)
        with self._writing() as connection:
            position = _position(connection, run)
            if position == upto:
                return
            if position != after:
                raise TablesMoved(run.run)
            if after is None:
                _drop(connection, run)
            for statement, keys in deletes:
                connection.executemany(statement, keys)
            for statement, values in (*puts, *RUN_OVERVIEW.inserts([_stored(changes.overview, upto)])):
                connection.execute(statement, values)

    def drop(self, run: RunKey) -> None:
        """See ``ProjectionTables.drop``."""
        with self._writing() as connection:
            _drop(connection, run)

    def rows(self, run: RunKey) -> Rows:
        """See ``ProjectionTables.rows``."""
        with self._reading() as connection:
            if connection is None:
                return Rows()
            runs = connection.execute(RESTORE_RUN.select_run, _place(run)).fetchall()
            rows = connection.execute(RESTORE_RUN_PROGRESS.select_run, _place(run)).fetchall()
            return Rows(
                restore_run=tuple(map(RESTORE_RUN.read, runs)),
                restore_run_progress=tuple(map(RESTORE_RUN_PROGRESS.read, rows)),
            )

    def counts(self, run: RunKey) -> RowCounts:
        """See ``ProjectionTables.counts``."""
        with self._reading() as connection:
            if connection is None:
                return RowCounts(restore_run=0, restore_run_progress=0)
            (runs,) = connection.execute(RESTORE_RUN.count_run, _place(run)).fetchone()
            (rows,) = connection.execute(RESTORE_RUN_PROGRESS.count_run, _place(run)).fetchone()
        return RowCounts(restore_run=runs, restore_run_progress=rows)

    def runs(self) -> dict[str, KeptRun]:
        """See ``ProjectionTables.runs``."""
        with self._reading() as connection:
            if connection is None:
                return {}
            found = connection.execute(f"{RUN_OVERVIEW.select} WHERE version = ?", (VERSION,)).fetchall()
            return {stored.run: _kept(stored) for stored in map(RUN_OVERVIEW.read, found)}

    def close(self) -> None:
        """See ``ProjectionTables.close``."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._log.transaction() as connection, self._as_ours():
            if not self._is_made:
                for statement in SCHEMA:
                    connection.execute(statement)
            yield connection
        self._is_made = True

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Lend a connection; None where nothing was ever written."""
        with self._log.reading() as connection, self._as_ours():
            (tables,) = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'run_overview'"
            ).fetchone()
            yield connection if tables else None

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        """Say in plain words that somebody has changed what is in the tables."""
        try:
            yield
        except ValueError as error:
            raise UnusableLog(
                f"the tables in {self._log.path} hold something else than we wrote: {error}",
                hint="`scylla-restore rebuild RUN` makes a run's tables anew",
            ) from error


def _position(connection: sqlite3.Connection, run: RunKey) -> Position | None:
    """Return how far the run's rows go, unless they were made by a program of another version."""
    row = connection.execute(
        "SELECT seq, hash FROM run_overview WHERE run = ? AND version = ?", (run.run, VERSION)
    ).fetchone()
    return None if row is None else Position(seq=row[0], hash=row[1])


def _puts(changes: Changes) -> list[tuple[str, list[Value]]]:
    runs = [row for row in changes.restore_run.values() if row is not None]
    rows = [row for _, row in sorted(changes.restore_run_progress.items()) if row is not None]
    return [*RESTORE_RUN.inserts(runs), *RESTORE_RUN_PROGRESS.inserts(rows)]


def _deletes(changes: Changes) -> list[tuple[str, list[tuple[str | int, ...]]]]:
    return [
        (RESTORE_RUN.delete, [key for key, row in changes.restore_run.items() if row is None]),
        (
            RESTORE_RUN_PROGRESS.delete,
            [key for key, row in changes.restore_run_progress.items() if row is None],
        ),
    ]


def _stored(overview: RunOverview, position: Position) -> StoredOverview:
    return StoredOverview(
        **msgspec.structs.asdict(overview), version=VERSION, seq=position.seq, hash=position.hash
    )


def _drop(connection: sqlite3.Connection, run: RunKey) -> None:
    for table in (RESTORE_RUN, RESTORE_RUN_PROGRESS):
        connection.execute(table.delete_run, _place(run))
    connection.execute(RUN_OVERVIEW.delete_run, (run.run,))


def _place(run: RunKey) -> tuple[str, str, str]:
    """Return the first columns of a run's rows: it is its own task."""
    return (run.cluster_id, run.run, run.run)


def _kept(stored: StoredOverview) -> KeptRun:
    overview = {field: getattr(stored, field) for field in RunOverview.__struct_fields__}
    return KeptRun(overview=RunOverview(**overview), position=Position(seq=stored.seq, hash=stored.hash))
