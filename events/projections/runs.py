"""A line per run: what `runs` lists."""

from datetime import datetime
from typing import Final

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.run import (
    RunAborted,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
)
from scylla_restore.events.model.schema_restore import (
    SchemaFileRead,
    SchemaRolledBack,
    SchemaStatementApplied,
)
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections.progress_state import ProgressState, RunState, percent_done

HEARD: Final = frozenset(
    {
        RunStarted,
        RunResumed,
        RunPaused,
        RunFailed,
        RunAborted,
        RunCompleted,
        StageEntered,
        SchemaFileRead,
        SchemaStatementApplied,
        SchemaRolledBack,
    }
)
"""All others change nothing here."""


class RunOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of all runs; ``progress`` is percent of the bytes, 100 only when all is done.

    A restore of the schema counts its statements in their place. ``is_over`` is true when nothing can come of the run any more: it is done, aborted, or was refused at its start.
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


class RunsState(msgspec.Struct, kw_only=True):
    """The fold: all of a run's overview that a few of its records tell."""

    run: str = ""
    cluster: str = ""
    cluster_id: str = ""
    snapshot_tag: str = ""
    stage: Stage = Stage.INIT
    state: RunState = RunState.RUNNING
    is_over: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    statements: int = 0
    statements_applied: int = 0


def apply(state: RunsState, envelope: Envelope) -> None:
    """Fold one record into ``state``."""
    match envelope.event:
        case RunStarted() as event:
            state.run = envelope.run
            state.cluster = event.cluster
            state.cluster_id = event.cluster_id
            state.snapshot_tag = event.target.selection.snapshot_tag
            state.started_at = envelope.at
        case StageEntered() as event:
            state.stage = event.stage
        case RunResumed():
            state.state, state.ended_at = RunState.RUNNING, None
        case RunPaused():
            state.state = RunState.PAUSED
        case RunFailed() as event:
            _end(state, RunState.FAILED, envelope.at, is_over=not event.resumable)
        case RunAborted():
            _end(state, RunState.ABORTED, envelope.at, is_over=True)
        case RunCompleted():
            _end(state, RunState.DONE, envelope.at, is_over=True)
            state.stage = Stage.DONE
        case _:
            _count_statements(state, envelope)


def _count_statements(state: RunsState, envelope: Envelope) -> None:
    match envelope.event:
        case SchemaFileRead() as event:
            state.statements = event.statements
        case SchemaStatementApplied():
            state.statements_applied += 1
        case SchemaRolledBack():
            state.statements_applied = 0
        case _:  # nothing else is in the overview
            pass


def _end(state: RunsState, how: RunState, at: datetime, *, is_over: bool) -> None:
    state.state, state.ended_at, state.is_over = how, at, is_over


def overview(state: RunsState | ProgressState, *, restored: int, size: int) -> RunOverview:
    """Return the overview of a run of which ``restored`` bytes of ``size`` are in the cluster.

    A restore of the schema has statements in place of bytes.
    """
    if state.statements:
        restored, size = state.statements_applied, state.statements
    return RunOverview(
        run=state.run,
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        snapshot_tag=state.snapshot_tag,
        stage=state.stage,
        state=state.state,
        is_over=state.is_over,
        progress=percent_done(state.state, restored=restored, size=size),
        started_at=state.started_at,
        ended_at=state.ended_at,
    )


def overview_of_progress(state: ProgressState) -> RunOverview:
    """Return the overview of a run whose log is folded."""
    return overview(state, restored=state.restored, size=state.catalogue.total.size)


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
