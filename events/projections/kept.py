"""The projections that are kept as tables: folded side by side from one log, and put away together."""

from collections.abc import Iterable

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.projections import restore_run, restore_run_progress, runs
from scylla_restore.events.projections.restore_run import RestoreRunState
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressState
from scylla_restore.events.projections.runs import RunOverview, RunsState

VERSION = 3
"""Raised whenever a fold makes other rows of the same records: what was made before is then made anew."""

CHECKPOINT_NAME = f"tables/{VERSION}"


class Kept(msgspec.Struct, kw_only=True):
    """All folds, after the same record."""

    runs: RunsState = msgspec.field(default_factory=RunsState)
    restore_run: RestoreRunState = msgspec.field(default_factory=RestoreRunState)
    restore_run_progress: RestoreRunProgressState = msgspec.field(default_factory=RestoreRunProgressState)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What records change in a run's tables: each row as it is after the last of them, None for one that is gone.

    ``overview`` is the run's row in the table of all runs.
    """

    restore_run: restore_run.Changed
    restore_run_progress: restore_run_progress.Changed
    overview: RunOverview


class Folding:
    """Folds records into a state, and gathers what they change until somebody takes it."""

    def __init__(self, state: Kept) -> None:
        self.state = state
        self._run_rows: restore_run.Changed = {}
        self._progress_rows: restore_run_progress.Changed = {}

    def fold(self, envelopes: Iterable[Envelope]) -> None:
        """Fold records."""
        state = self.state
        for envelope in envelopes:
            kind = type(envelope.event)
            if kind in restore_run_progress.HEARD:
                restore_run_progress.apply(state.restore_run_progress, envelope, self._progress_rows)
            if kind in runs.HEARD:
                runs.apply(state.runs, envelope)
            if kind in restore_run.HEARD:
                restore_run.apply(state.restore_run, envelope, self._run_rows)

    def take(self) -> Changes:
        """Return what has changed since it was taken last."""
        rows = self.state.restore_run_progress
        changes = Changes(
            restore_run=self._run_rows,
            restore_run_progress=self._progress_rows,
            overview=runs.overview(self.state.runs, restored=rows.restored, size=rows.catalogue.total.size),
        )
        self._run_rows, self._progress_rows = {}, {}
        return changes
