"""Tables of projections: what every store of them promises.

A run's rows are made from its log and hold nothing that is not in it: they may be dropped at any time and made again.
Beside them lies how far they go: ``position``, the last record that they are made of. Rows may be ahead of it where
a write was cut off, and never behind.

Errors are the log's:

* ``TablesMoved``    somebody else wrote meanwhile; look at ``position`` and go on from there
* ``LogUnavailable`` nothing is known about the call's fate; the same call may be repeated
* ``UnusableLog``    the tables are not ours, or broken; a retry changes nothing

All methods may be called from any thread.
"""

from typing import Protocol

import msgspec

from scylla_restore.events.projections.kept import Changes
from scylla_restore.events.projections.restore_run import RestoreRunRow
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressRow
from scylla_restore.events.projections.runs import RunOverview


class RunKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are a run's."""

    cluster_id: str
    run: str


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far tables go: up to record ``seq`` of the log, which has ``hash``."""

    seq: int
    hash: bytes


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of a run, each table's in the order of its key."""

    restore_run: tuple[RestoreRunRow, ...] = ()
    restore_run_progress: tuple[RestoreRunProgressRow, ...] = ()


class RowCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of a run there are."""

    restore_run: int
    restore_run_progress: int


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the table of all runs, as it was at ``position``."""

    overview: RunOverview
    position: Position


class ProjectionTables(Protocol):
    """The tables ``restore_run`` and ``restore_run_progress``, as Scylla Manager has them, and one of all runs."""

    def position(self, run: RunKey) -> Position | None:
        """Return how far a run's rows go; None when there are none that can be gone on with."""
        ...

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """Take the rows from ``after`` on to ``upto``.

        Without ``after`` they begin with nothing: what is there without a position goes first. Where they are at
        ``upto`` already, nothing is done. Either all of it is done or the position stays.

        Raises:
            TablesMoved: they are neither at ``after`` nor at ``upto``.
            LogUnavailable
        """
        ...

    def drop(self, run: RunKey) -> None:
        """Remove all rows of a run, and its position."""
        ...

    def rows(self, run: RunKey) -> Rows:
        """Return all rows of a run."""
        ...

    def counts(self, run: RunKey) -> RowCounts:
        """Return how many rows a run has."""
        ...

    def runs(self) -> dict[str, KeptRun]:
        """Return all runs that have rows which can be gone on with, by id."""
        ...

    def close(self) -> None:
        """Let go of what belongs to the tables alone; the log that they lie beside stays open."""
        ...
