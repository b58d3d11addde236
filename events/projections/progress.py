"""Where a run stands: the fold behind the progress document."""

from datetime import datetime
from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import (
    LocationEvent,
    NodeEvent,
    RepairEvent,
    RunEvent,
    SchemaEvent,
    SchemaRestoreEvent,
    batches,
    locations,
    nodes,
    run,
    schema,
    schema_restore,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered
from scylla_restore.events.projections import viewing
from scylla_restore.events.projections.attempts import (
    Attempt,
    BatchTurn,
    advance,
    current,
    is_advance,
    new_attempt,
)
from scylla_restore.events.projections.pace import note, work_on
from scylla_restore.events.projections.progress_state import Hold, HostSums, ProgressState, Returned, RunState
from scylla_restore.events.projections.repairing import apply_repair, leave_repairs
from scylla_restore.events.projections.words import in_words


def apply(state: ProgressState, envelope: Envelope) -> None:
    """Fold one record into ``state``; records come in the log's order."""
    _pass_time(state, envelope)
    event = envelope.event
    if is_advance(event):
        attempt = state.open.get(event.batch)
        if attempt is not None and attempt.number == event.attempt:
            advance(attempt, event, envelope.at)
    elif isinstance(event, BatchTurn):
        _apply_to_batch(state, event, envelope.at)
    elif isinstance(event, LocationEvent):
        _apply_to_location(state, event)
    elif isinstance(event, NodeEvent):
        _apply_to_node(state, event)
    elif isinstance(event, RepairEvent):
        apply_repair(state.repairs, event, envelope.at)
    elif isinstance(event, SchemaEvent):
        _apply_to_schema(state, event)
    elif isinstance(event, SchemaRestoreEvent):
        _apply_to_statement(state, event)
    elif isinstance(event, RunEvent):
        _apply_to_run(state, event, envelope)


def _pass_time(state: ProgressState, envelope: Envelope) -> None:
    """Take note of the time. What is worked from ``working_since`` on is counted when it has to be known."""
    at, last_at = envelope.at, state.last_at
    if envelope.epoch != state.epoch or last_at is None or at < last_at:
        _leave_out(state, envelope)
    state.last_at = at


def _leave_out(state: ProgressState, envelope: Envelope) -> None:
    """Do not count the time since the last record: nobody was there to work, or the clock was set back."""
    last_at = state.last_at
    if last_at is not None:
        _count_work(state, last_at)
        if envelope.epoch != state.epoch:
            leave_repairs(state.repairs)
            for attempt in state.open.values():
                if attempt.since is not None:
                    attempt.since += envelope.at - last_at
    if state.working_since is not None:
        state.working_since = envelope.at
    state.epoch = envelope.epoch


def _count_work(state: ProgressState, until: datetime) -> None:
    if state.working_since is not None:
        work_on(state.pace, until - state.working_since)
        state.working_since = until


def _apply_to_run(state: ProgressState, event: RunEvent, envelope: Envelope) -> None:
    _count_work(state, envelope.at)
    _change_run(state, event, envelope)
    is_at_work = state.state is RunState.RUNNING and state.stage is Stage.DATA
    state.working_since = envelope.at if is_at_work else None


def _change_run(state: ProgressState, event: RunEvent, envelope: Envelope) -> None:
    match event:
        case run.RunStarted():
            state.run = envelope.run
            state.cluster = event.cluster
            state.cluster_id = event.cluster_id
            state.snapshot_tag = event.target.selection.snapshot_tag
            state.started_at = envelope.at
        case StageEntered():
            state.stage = event.stage
        case run.RunResumed():
            state.state = RunState.RUNNING
            state.error = None
            state.ended_at = None
        case run.RunPaused():
            state.state = RunState.PAUSED
        case run.FailureDeclared():
            state.error = in_words(event.failure)
        case run.RunFailed():
            _end(state, RunState.FAILED, envelope.at, is_over=not event.resumable)
            state.error = in_words(event.failure)
        case run.RunAborted():
            _end(state, RunState.ABORTED, envelope.at, is_over=True)
        case run.RunCompleted():
            _end(state, RunState.DONE, envelope.at, is_over=True)
            state.stage = Stage.DONE
        case (
            run.OwnerChanged()
            | run.OtherRunsSought()
            | run.SettingsChanged()
            | run.PauseRequested()
            | run.AbortRequested()
            | run.ActorFailed()
            | run.ActorReplaced()
            | run.ActorAsked()
            | StageCompleted()
        ):
            pass
        case _:
            assert_never(event)


def _end(state: ProgressState, how: RunState, at: datetime, *, is_over: bool) -> None:
    state.state = how
    state.ended_at = at
    state.is_over = is_over


def _apply_to_location(state: ProgressState, event: LocationEvent) -> None:
    match event:
        case locations.DirectoryIndexed():
            state.catalogue.add(event)
        case locations.LocationIndexed():
            state.catalogue.complete(event)
        case (
            locations.LocationOpened()
            | locations.ManifestRead()
            | locations.LocationUnanswered()
            | locations.LocationAnswered()
            | locations.LocationVerified()
            | locations.LocationFailed()
        ):
            pass
        case _:
            assert_never(event)


def _apply_to_node(state: ProgressState, event: NodeEvent) -> None:
    match event:
        case nodes.ClusterDiscovered():
            for node in event.nodes:
                _host(state, node.address).dc = node.dc
        case nodes.NodeJoined():
            host = _host(state, event.node)
            host.dc = event.dc
            host.shards = event.shards
        case nodes.NodeSuspended():
            _host(state, event.node).hold = Hold.SUSPENDED
        case nodes.NodeWaitingForSpace():
            _host(state, event.node).hold = Hold.WAITING
        case nodes.NodeReadmitted():
            _host(state, event.node).hold = None
        case (
            nodes.DiscoveryFailed()
            | nodes.TablesResolved()
            | nodes.TablesInspected()
            | nodes.NodeSettingsRead()
            | nodes.NodeFailed()
        ):
            pass
        case _:
            assert_never(event)


def _apply_to_schema(state: ProgressState, event: SchemaEvent) -> None:
    match event:
        case schema.SchemaRecorded():
            viewing.record(state.schema, event)
        case schema.ViewBuildProgressed():
            viewing.progress(state.schema, event)
        case (
            schema.SchemaReadFailed()
            | schema.SchemaUnanswered()
            | schema.SchemaAnswered()
            | schema.SchemaAgreementAwaited()
            | schema.SchemaChangeFailed()
            | schema.ViewBuildFailed()
        ):
            pass
        case _:
            assert_never(event)


def _apply_to_statement(state: ProgressState, event: SchemaRestoreEvent) -> None:
    match event:
        case schema_restore.SchemaFileRead():
            state.statements = event.statements
        case schema_restore.SchemaStatementApplied():
            state.statements_applied += 1
        case schema_restore.SchemaRolledBack():
            state.statements_applied = 0
        case (
            schema_restore.SchemaStatementsRead()
            | schema_restore.SchemaCompared()
            | schema_restore.SchemaStatementRequested()
            | schema_restore.SchemaStatementFailed()
        ):
            pass
        case _:
            assert_never(event)


def _host(state: ProgressState, node: str) -> HostSums:
    return state.hosts.setdefault(node, HostSums(dc=""))


def _apply_to_batch(state: ProgressState, event: BatchTurn, at: datetime) -> None:
    if isinstance(event, batches.BatchAssigned):
        _assign(state, event)
        return
    attempt = current(state.open, event)
    if attempt is None:
        return
    match event:
        case batches.SSTablesLoaded():
            _settle(state, event.batch, attempt, at)
        case batches.DownloadFailed() | batches.LoadFailed() | batches.BatchFilesMissed():
            _give_back(state, event.batch, attempt, event.failure)
        case batches.BatchReturned():
            _give_back(state, event.batch, attempt, None)
        case _:
            assert_never(event)


def _assign(state: ProgressState, event: batches.BatchAssigned) -> None:
    if event.batch in state.open or state.returned.pop(event.batch, None) is not None:
        state.retries += 1
    else:
        state.batches += 1
    state.open[event.batch] = new_attempt(event)


def _settle(state: ProgressState, batch: int, attempt: Attempt, at: datetime) -> None:
    """Turn an attempt that is through into sums."""
    _count_work(state, at)
    del state.open[batch]
    host = _host(state, attempt.node)
    host.downloaded += attempt.downloaded
    host.download_ms += attempt.download_ms
    host.streamed += attempt.size
    host.stream_ms += attempt.elapsed_ms(at)
    table = state.catalogue.table_of(attempt.directory)
    state.restored_of[table] = state.restored_of.get(table, 0) + attempt.size
    state.restored += attempt.size
    state.sstables_restored += len(attempt.sstables)
    state.batches_restored += 1
    note(state.pace, state.restored)


def _give_back(state: ProgressState, batch: int, attempt: Attempt, failure: Failure | None) -> None:
    del state.open[batch]
    stopped = failure is None or failure.cause is Cause.STOPPED
    error = None if failure is None or stopped else in_words(failure)
    state.returned[batch] = Returned(attempt.directory, attempt.size, error)
