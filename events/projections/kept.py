"""The projections that are kept: folded side by side from one log, and put away together."""

from collections.abc import Iterable

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.projections import progress, restore_run, restore_run_progress, runs, waits
from scylla_restore.events.projections.progress import ProgressState
from scylla_restore.events.projections.restore_run import RestoreRunState
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressState
from scylla_restore.events.projections.runs import RunOverview
from scylla_restore.events.projections.waits import WaitsState

VERSION = 1
"""Raised whenever a fold makes other rows of the same records: what was made before is then made anew."""

CHECKPOINT_NAME = f"projections/{VERSION}"


class Kept(msgspec.Struct, kw_only=True):
    """All folds, after the same record."""

    progress: ProgressState = msgspec.field(default_factory=ProgressState)
    restore_run: RestoreRunState = msgspec.field(default_factory=RestoreRunState)
    restore_run_progress: RestoreRunProgressState = msgspec.field(default_factory=RestoreRunProgressState)
    waits: WaitsState = msgspec.field(default_factory=WaitsState)


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
        """Fold records. Where reading one fails, those before it are folded."""
        state = self.state
        for envelope in envelopes:
            progress.apply(state.progress, envelope)
            waits.apply(state.waits, envelope)
            restore_run.apply(state.restore_run, envelope, self._run_rows)
            restore_run_progress.apply(state.restore_run_progress, envelope, self._progress_rows)

    def take(self) -> Changes:
        """Return what has changed since it was taken last."""
        changes = Changes(
            restore_run=self._run_rows,
            restore_run_progress=self._progress_rows,
            overview=runs.overview(self.state.progress),
        )
        self._run_rows, self._progress_rows = {}, {}
        return changes


def encode(state: Kept) -> bytes:
    """Return the folds as a checkpoint keeps them."""
    return msgspec.msgpack.encode(state)


def decode(data: bytes) -> Kept:
    """Return the folds that a checkpoint kept.

    Raises:
        ValueError: it cannot be read, or is of another shape; the log has to be folded from the start.
    """
    state = msgspec.msgpack.decode(data, type=Kept)
    # Fields that are missing would be taken for empty ones: what is not exactly what we write was written by others.
    if encode(state) != data:
        raise ValueError("the checkpoint is of another shape")
    return state
