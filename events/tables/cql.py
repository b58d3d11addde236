"""Tables in Cassandra or Scylla, for engines on any host.

Rows are written with a time of their own, the writer's *turn*, and not with the clocks of those who write: a clock
that lags behind would have its newer rows lose against older ones. Whoever writes takes a turn that is later than all
before, by a conditional write; puts the rows down in it; and moves the position on if no later turn was taken
meanwhile, by another conditional write:

    run_overview   turn = 7 ──IF turn = 6──▶ … rows at time 7 … ──IF turn = 7──▶ seq = 900, hash = …

So of two who write at one time, one finds that it was overtaken, and what it writes late loses against what came after
it. A write that was cut off leaves rows that are ahead of the position; the next one puts the same rows down again, in
a later turn. (In the same one a list would have its items twice.)
"""

from collections.abc import Callable
from time import time_ns
from typing import Any, Final

import msgspec

from scylla_restore.events.errors import TablesMoved
from scylla_restore.events.log.cql.log import CqlLog
from scylla_restore.events.log.cql.schema import SchemaServer
from scylla_restore.events.projections.kept import VERSION, Changes
from scylla_restore.events.projections.runs import RunOverview
from scylla_restore.events.tables.cql_rows import Ids, Statements, place, progress_row, run_row, writes
from scylla_restore.events.tables.cql_schema import are_there, ensure_tables
from scylla_restore.events.tables.port import KeptRun, Position, RowCounts, Rows, RunKey

_OVERVIEW: Final = RunOverview.__struct_fields__[1:]
_SETS: Final = ", ".join(f"{column} = ?" for column in ("version", "seq", "hash", *_OVERVIEW))
_COLUMNS: Final = ", ".join(_OVERVIEW)

_STAND: Final = "SELECT turn, version, seq, hash FROM %s.run_overview WHERE run = ?"
_TAKE_TURN: Final = "UPDATE %s.run_overview SET turn = ? WHERE run = ? IF turn = "
_FORGET: Final = "UPDATE %s.run_overview SET turn = ?, seq = null, hash = null WHERE run = ? IF turn = "
_MOVE: Final = f"UPDATE %s.run_overview SET {_SETS} WHERE run = ? IF turn = ?"  # noqa: S608 - names of ours, no values
_ALL: Final = f"SELECT run, version, seq, hash, {_COLUMNS} FROM %s.run_overview"  # noqa: S608


def _now_us() -> int:
    return time_ns() // 1000


class _Stand(msgspec.Struct, frozen=True):
    """Which turn was taken last, and how far the rows go."""

    turn: int | None = None
    position: Position | None = None


class CqlTables:
    """``ProjectionTables`` beside ``log``; they are made when something is first written to them.

    ``keyspace`` is where Scylla Manager's tables lie, if that is not the log's keyspace. ``now_us`` is a clock of
    microseconds, which need not be right.
    """

    def __init__(
        self, log: CqlLog, *, keyspace: str | None = None, now_us: Callable[[], int] = _now_us
    ) -> None:
        self._session = log.session
        self._log_keyspace = log.address.keyspace
        self._keyspace = keyspace or log.address.keyspace
        self._statements = Statements(self._keyspace)
        self._now_us = now_us
        self._is_made = False
        self._is_checked = False

    def position(self, run: RunKey) -> Position | None:
        """See ``ProjectionTables.position``."""
        return self._stand(run).position if self._exist() else None

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """See ``ProjectionTables.apply``."""
        ids = place(run)
        self._make()
        stand = self._stand(run)
        if stand.position == upto:
            return
        if stand.position != after:
            raise TablesMoved(run.run)
        turn = self._take_turn(run, stand, _TAKE_TURN)
        if after is None:
            self._delete(ids, turn - 1)
        self._session.write_batches(writes(self._statements, changes, turn))
        overview = msgspec.to_builtins(changes.overview)
        values = (VERSION, upto.seq, upto.hash, *(overview[column] for column in _OVERVIEW))
        if not self._session.apply((_MOVE, (*values, run.run, turn))):
            raise TablesMoved(run.run)

    def drop(self, run: RunKey) -> None:
        """See ``ProjectionTables.drop``."""
        ids = place(run)
        self._make()
        turn = self._take_turn(run, self._stand(run), _FORGET)
        self._delete(ids, turn)

    def rows(self, run: RunKey) -> Rows:
        """See ``ProjectionTables.rows``."""
        ids = place(run)
        if not self._exist():
            return Rows()
        return Rows(
            restore_run=tuple(map(run_row, self._session.read(self._statements.runs, ids))),
            restore_run_progress=tuple(map(progress_row, self._session.read(self._statements.rows, ids))),
        )

    def counts(self, run: RunKey) -> RowCounts:
        """See ``ProjectionTables.counts``."""
        ids = place(run)
        if not self._exist():
            return RowCounts(restore_run=0, restore_run_progress=0)
        # Page by page: counting 100,000 rows may take a server longer than it is given for one question.
        return RowCounts(
            restore_run=len(self._session.read(self._statements.run_ids, ids)),
            restore_run_progress=len(self._session.read(self._statements.row_jobs, ids)),
        )

    def runs(self) -> dict[str, KeptRun]:
        """See ``ProjectionTables.runs``."""
        if not self._exist():
            return {}
        found = (_kept(row) for row in self._session.read(_ALL, ()))
        return {kept.overview.run: kept for kept in found if kept is not None}

    def close(self) -> None:
        """See ``ProjectionTables.close``."""

    def _make(self) -> None:
        if not self._is_made:
            self._session.alter_schema(
                lambda server: ensure_tables(server, log_keyspace=self._log_keyspace, keyspace=self._keyspace)
            )
            self._is_made = self._is_checked = True

    def _exist(self) -> bool:
        """Whether there is anything to read: looking at tables makes none."""
        if not self._is_checked:
            self._session.alter_schema(self._check)
        return self._is_checked

    def _check(self, server: SchemaServer) -> None:
        self._is_checked = are_there(server, self._log_keyspace)

    def _stand(self, run: RunKey) -> _Stand:
        for turn, version, seq, hash_ in self._session.read(_STAND, (run.run,), certain=True):
            is_ours = version == VERSION and seq is not None
            return _Stand(turn, Position(seq=seq, hash=hash_) if is_ours else None)
        return _Stand()

    def _take_turn(self, run: RunKey, stand: _Stand, statement: str) -> int:
        """Take the next turn: the time of day, so that rows come back that somebody has deleted by hand.

        Raises:
            TablesMoved: somebody else has taken one.
        """
        turn = max(self._now_us(), (stand.turn or 0) + 2)
        if stand.turn is None:
            taken = self._session.apply((f"{statement}null", (turn, run.run)))
        else:
            taken = self._session.apply((f"{statement}?", (turn, run.run, stand.turn)))
        if not taken:
            raise TablesMoved(run.run)
        return turn

    def _delete(self, ids: Ids, turn: int) -> None:
        values = (turn, *ids)
        self._session.write_batches(
            [[(self._statements.delete_run, values)], [(self._statements.delete_rows, values)]]
        )


def _kept(row: tuple[Any, ...]) -> KeptRun | None:
    run, version, seq, hash_, *columns = row
    if version != VERSION or seq is None:
        return None
    fields = {"run": run, **dict(zip(_OVERVIEW, columns, strict=True))}
    return KeptRun(overview=msgspec.convert(fields, RunOverview), position=Position(seq=seq, hash=hash_))
