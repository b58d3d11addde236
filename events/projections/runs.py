"""A line per run: what `runs` lists."""

from datetime import datetime

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.run import RunCompleted, RunStarted
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress import ProgressState, RunState, percent_done


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """A run at a glance; ``progress`` is percent of the bytes, 100 only when all is done; ``ended`` is null until then."""

    id: str
    cluster: str
    tag: str
    stage: Stage
    state: RunState
    progress: float
    started: datetime | None
    ended: datetime | None


def line_of_completed(first: Envelope, last: Envelope) -> RunLine | None:
    """Return the line of a run that is done, from its first and last records alone; None if that takes more."""
    if not (isinstance(first.event, RunStarted) and isinstance(last.event, RunCompleted)):
        return None
    return RunLine(
        id=first.run,
        cluster=first.event.cluster,
        tag=first.event.target.selection.snapshot_tag,
        stage=Stage.DONE,
        state=RunState.DONE,
        progress=100.0,
        started=first.at,
        ended=last.at,
    )


def line(state: ProgressState) -> RunLine:
    """Return the line of a run whose whole log is folded."""
    return RunLine(
        id=state.run,
        cluster=state.cluster,
        tag=state.snapshot_tag,
        stage=state.stage,
        state=state.state,
        progress=percent_done(state.state, restored=state.restored, size=state.catalogue.total.size),
        started=state.started_at,
        ended=state.ended_at,
    )
