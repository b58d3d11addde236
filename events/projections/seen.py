"""Where a run stands and what it waits for, for whoever looks: put away now and then by the engine that is at work."""

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.projections import progress, waits
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.waits import WaitsState

VERSION = 4
"""Raised whenever the folds make something else of the same records: what was put away before is then not found."""

CHECKPOINT_NAME = f"progress/{VERSION}"


class Seen(msgspec.Struct, kw_only=True):
    """Both folds, after the same record."""

    progress: ProgressState = msgspec.field(default_factory=ProgressState)
    waits: WaitsState = msgspec.field(default_factory=WaitsState)


def apply(state: Seen, envelope: Envelope) -> None:
    """Fold one record into ``state``."""
    progress.apply(state.progress, envelope)
    waits.apply(state.waits, envelope)
