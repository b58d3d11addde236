"""Tables in memory, for tests: they forget everything with their process."""

import threading

from scylla_restore.events.errors import TablesMoved
from scylla_restore.events.projections import restore_run, restore_run_progress
from scylla_restore.events.projections.kept import Changes
from scylla_restore.events.projections.restore_run import RestoreRunRow
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressRow
from scylla_restore.events.tables.port import KeptRun, Position, RowCounts, Rows, RunKey


class _Tables:
    """What is kept of one run."""

    __slots__ = ("kept", "progress_rows", "run_rows")

    def __init__(self) -> None:
        self.kept: KeptRun | None = None
        self.run_rows: dict[restore_run.Key, RestoreRunRow] = {}
        self.progress_rows: dict[restore_run_progress.Key, RestoreRunProgressRow] = {}


class MemoryTables:
    """``ProjectionTables`` for one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[RunKey, _Tables] = {}

    def position(self, run: RunKey) -> Position | None:
        """See ``ProjectionTables.position``."""
        with self._lock:
            tables = self._of.get(run)
            return tables.kept.position if tables is not None and tables.kept is not None else None

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """See ``ProjectionTables.apply``."""
        with self._lock:
            tables = self._of.get(run)
            position = tables.kept.position if tables is not None and tables.kept is not None else None
            if position == upto:
                return
            if position != after:
                raise TablesMoved(run.run)
            if tables is None or after is None:
                tables = self._of[run] = _Tables()
            for key, row in changes.restore_run.items():
                if row is None:
                    tables.run_rows.pop(key, None)
                else:
                    tables.run_rows[key] = row
            for progress_key, progress_row in changes.restore_run_progress.items():
                if progress_row is None:
                    tables.progress_rows.pop(progress_key, None)
                else:
                    tables.progress_rows[progress_key] = progress_row
            tables.kept = KeptRun(overview=changes.overview, position=upto)

    def drop(self, run: RunKey) -> None:
        """See ``ProjectionTables.drop``."""
        with self._lock:
            self._of.pop(run, None)

    def rows(self, run: RunKey) -> Rows:
        """See ``ProjectionTables.rows``."""
        with self._lock:
            tables = self._of.get(run, _Tables())
            return Rows(
                restore_run=tuple(row for _, row in sorted(tables.run_rows.items())),
                restore_run_progress=tuple(row for _, row in sorted(tables.progress_rows.items())),
            )

    def counts(self, run: RunKey) -> RowCounts:
        """See ``ProjectionTables.counts``."""
        rows = self.rows(run)
        return RowCounts(
            restore_run=len(rows.restore_run), restore_run_progress=len(rows.restore_run_progress)
        )

    def runs(self) -> dict[str, KeptRun]:
        """See ``ProjectionTables.runs``."""
        with self._lock:
            return {run.run: tables.kept for run, tables in self._of.items() if tables.kept is not None}

    def close(self) -> None:
        """See ``ProjectionTables.close``."""
