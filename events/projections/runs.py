"""A line per run: what `runs` lists."""

from datetime import datetime

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.run import RunCompleted, RunStarted
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress import ProgressState, RunState, percent_done


class RunOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of all runs; ``progress`` is percent of the bytes, 100 only when all is done.

    ``is_over`` is true when nothing can come of the run any more: it is done, aborted, or was refused at its start.
    """

    run: str
    cluster: str
    cluster_id: str
    snapshot_tag: str
    stage: Stage
    state: RunState
    is_over: bool
    progress: float
    started_at: datetime | None
    ended_at: datetime | None


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """A run at a glance, as `runs` prints it; ``ended`` is null until then."""

    id: str
    cluster: str
    tag: str
    stage: Stage
    state: RunState
    progress: float
    started: datetime | None
    ended: datetime | None


def overview_of_completed(first: Envelope, last: Envelope) -> RunOverview | None:
    """Return the overview of a run that is done, from its two ends alone; None if that takes more records."""
    if not (isinstance(first.event, RunStarted) and isinstance(last.event, RunCompleted)):
        return None
    return RunOverview(
        run=first.run,
        cluster=first.event.cluster,
        cluster_id=first.event.cluster_id,
        snapshot_tag=first.event.target.selection.snapshot_tag,
        stage=Stage.DONE,
        state=RunState.DONE,
        is_over=True,
        progress=100.0,
        started_at=first.at,
        ended_at=last.at,
    )


def overview(state: ProgressState) -> RunOverview:
    """Return the overview of a run whose log is folded."""
    return RunOverview(
        run=state.run,
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        snapshot_tag=state.snapshot_tag,
        stage=state.stage,
        state=state.state,
        is_over=state.is_over,
        progress=percent_done(state.state, restored=state.restored, size=state.catalogue.total.size),
        started_at=state.started_at,
        ended_at=state.ended_at,
    )


def line_of(overview: RunOverview) -> RunLine:
    """Return a run's line."""
    return RunLine(
        id=overview.run,
        cluster=overview.cluster,
        tag=overview.snapshot_tag,
        stage=overview.stage,
        state=overview.state,
        progress=overview.progress,
        started=overview.started_at,
        ended=overview.ended_at,
    )
