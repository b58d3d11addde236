"""The fold behind an audit: what was restored where, from which files, by whom, when."""

from typing import assert_never

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import (
    AlterationEvent,
    BatchEvent,
    LocationEvent,
    NodeEvent,
    RepairEvent,
    RunEvent,
    SchemaEvent,
    SchemaRestoreEvent,
    alterations,
    batches,
    locations,
    nodes,
    repairs,
    run,
    schema,
    schema_restore,
)
from scylla_restore.events.model.alterations import node_of
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.stages import StageCompleted, StageEntered
from scylla_restore.events.projections.attempts import Attempt, Phase, current, new_attempt
from scylla_restore.events.projections.audit_state import (
    Action,
    AuditState,
    FailureRecord,
    ManifestRecord,
    NodeRecord,
    OpenAlteration,
    TableRecord,
)
from scylla_restore.events.projections.catalogue import Extent
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.projections.words import alteration_in_words, in_words, kind_of

MOST_ACTIONS = 1000
MOST_FAILURES = 200


def apply(state: AuditState, envelope: Envelope) -> None:
    """Fold one record into ``state``."""
    event = envelope.event
    if isinstance(event, BatchEvent):
        _apply_to_batch(state, event, envelope)
    elif isinstance(event, AlterationEvent):
        _apply_to_ledger(state, event, envelope)
    elif isinstance(event, NodeEvent):
        _apply_to_node(state, event, envelope)
    elif isinstance(event, LocationEvent):
        _apply_to_location(state, event, envelope)
    elif isinstance(event, RepairEvent):
        _apply_to_repair(state, event, envelope)
    elif isinstance(event, SchemaEvent):
        _apply_to_schema(state, event, envelope)
    elif isinstance(event, SchemaRestoreEvent):
        _apply_to_statement(state, event, envelope)
    else:
        _apply_to_run(state, event, envelope)


def _apply_to_run(state: AuditState, event: RunEvent, envelope: Envelope) -> None:
    if isinstance(event, run.RunStarted):
        _begin(state, event, envelope)
    elif isinstance(event, run.RunPaused | run.RunFailed | run.RunAborted | run.RunCompleted):
        _end(state, event, envelope)
    else:
        _note_action(state, event, envelope)


def _begin(state: AuditState, event: run.RunStarted, envelope: Envelope) -> None:
    state.run = envelope.run
    state.cluster, state.cluster_id = event.cluster, event.cluster_id
    state.target = event.target
    state.started_by, state.started_at = event.started_by, envelope.at
    state.engine_versions.append(event.engine_version)
    _act(state, envelope, "run started", by=event.started_by)


def _end(
    state: AuditState,
    event: run.RunPaused | run.RunFailed | run.RunAborted | run.RunCompleted,
    envelope: Envelope,
) -> None:
    match event:
        case run.RunPaused():
            state.state, what = RunState.PAUSED, f"run paused: {event.reason}"
        case run.RunFailed():
            state.state, what = RunState.FAILED, f"run failed: {in_words(event.failure)}"
        case run.RunAborted():
            state.state, what = RunState.ABORTED, "run aborted"
        case run.RunCompleted():
            state.state, what = RunState.DONE, "run completed"
        case _:
            assert_never(event)
    state.ended_at = envelope.at
    _act(state, envelope, what)


def _note_action(
    state: AuditState,
    event: run.OwnerChanged
    | run.RunResumed
    | run.SettingsChanged
    | run.PauseRequested
    | run.AbortRequested
    | run.FailureDeclared
    | run.ActorFailed
    | run.ActorReplaced
    | run.ActorAsked
    | StageEntered
    | StageCompleted,
    envelope: Envelope,
) -> None:
    match event:
        case run.OwnerChanged():
            if event.engine_version not in state.engine_versions:
                state.engine_versions.append(event.engine_version)
            _act(state, envelope, f"run owned (epoch {envelope.epoch})", by=event.owner)
        case run.RunResumed():
            state.state, state.ended_at = RunState.RUNNING, None
            _act(state, envelope, "run resumed")
        case run.SettingsChanged():
            _act(state, envelope, "settings changed")
        case run.PauseRequested():
            _act(state, envelope, f"pause requested: {event.reason}", by=event.requested_by)
        case run.AbortRequested():
            _act(state, envelope, "abort requested", by=event.requested_by)
        case run.ActorFailed():
            _act(state, envelope, f"{event.actor} crashed: {event.error}")
        case (
            run.FailureDeclared() | run.ActorReplaced() | run.ActorAsked() | StageEntered() | StageCompleted()
        ):
            pass
        case _:
            assert_never(event)


def _act(state: AuditState, envelope: Envelope, what: str, *, by: str | None = None) -> None:
    if len(state.actions) < MOST_ACTIONS:
        state.actions.append(Action(seq=envelope.seq, at=envelope.at, what=what, by=by))
    else:
        state.actions_untold += 1


def _apply_to_location(state: AuditState, event: LocationEvent, envelope: Envelope) -> None:
    match event:
        case locations.ManifestRead():
            state.manifests.setdefault(event.location, {})[event.path] = ManifestRecord(
                path=event.path,
                sha256=event.sha256,
                cluster_id=event.cluster_id,
                cluster_name=event.cluster_name,
                dc=event.dc,
                node_id=event.node_id,
                tables=event.tables,
                size=event.size,
            )
        case locations.DirectoryIndexed():
            state.catalogue.add(event)
        case locations.LocationIndexed():
            state.catalogue.complete(event)
            state.skipped[event.location] = event.skipped
        case locations.LocationFailed():
            _fail(state, envelope, event.failure)
        case locations.LocationOpened() | locations.LocationVerified():
            pass
        case _:
            assert_never(event)


def _apply_to_node(state: AuditState, event: NodeEvent, envelope: Envelope) -> None:
    match event:
        case nodes.ClusterDiscovered():
            state.target_cluster = event.name
        case nodes.NodeJoined():
            node = _node(state, event.node)
            node.host_id, node.dc, node.rack = event.host_id, event.dc, event.rack
            node.scylla_version, node.agent_version = event.scylla_version, event.agent_version
        case nodes.NodeFailed():
            _node(state, event.node).failures += 1
            _fail(state, envelope, event.failure)
        case nodes.DiscoveryFailed():
            _fail(state, envelope, event.failure)
        case (
            nodes.TablesResolved()
            | nodes.TablesInspected()
            | nodes.NodeSettingsRead()
            | nodes.NodeSuspended()
            | nodes.NodeWaitingForSpace()
            | nodes.NodeReadmitted()
        ):
            pass
        case _:
            assert_never(event)


def _apply_to_batch(state: AuditState, event: BatchEvent, envelope: Envelope) -> None:
    if isinstance(event, batches.BatchAssigned):
        state.open[event.batch] = new_attempt(event)
        return
    attempt = current(state.open, event)
    if attempt is None:
        return
    staging = staging_entry(event.batch, event.attempt)
    match event:
        case batches.DownloadRequested():
            what, kind = "staging directory", "staging_directory"
            if attempt.direct:
                what, kind = "files in upload", "upload_files"
            what = f"{what} of batch {event.batch}, attempt {event.attempt}"
            entry = OpenAlteration(id=staging, kind=kind, node=attempt.node, what=what, made=True)
            state.alterations[staging] = entry
            state.alterations_made += 1
        case batches.LoadStarted():
            attempt.phase = Phase.LOADING
        case batches.SSTablesLoaded():
            del state.open[event.batch]
            _count_restored(state, attempt)
            _close(state, staging, left=event.staging_left)
        case batches.DownloadFailed() | batches.LoadFailed():
            del state.open[event.batch]
            _count_failure(state, attempt, event.failure, envelope, event.batch)
            _close(state, staging, left=event.staging_left)
        case batches.BatchReturned():
            del state.open[event.batch]
            if attempt.direct and attempt.phase is Phase.LOADING:
                # a load may go on there: nobody removes what it reads
                _close(state, staging, left=False)
        case _:  # steps on the way say nothing about what came of it
            pass


def _count_restored(state: AuditState, attempt: Attempt) -> None:
    extent = Extent(len(attempt.sstables), attempt.size)
    table = state.tables.setdefault(state.catalogue.table_of(attempt.directory), TableRecord())
    for record in (table, _node(state, attempt.node)):
        record.batches += 1
        record.sstables += extent.sstables
        record.size += extent.size
    if attempt.native:
        _node(state, attempt.node).native_sstables += extent.sstables
    state.batches += 1
    state.restored = state.restored.plus(extent)


def _count_failure(
    state: AuditState, attempt: Attempt, failure: Failure, envelope: Envelope, batch: int
) -> None:
    if failure.cause is Cause.STOPPED:
        return
    state.tables.setdefault(state.catalogue.table_of(attempt.directory), TableRecord()).failures += 1
    _node(state, attempt.node).failures += 1
    _fail(state, envelope, failure, node=attempt.node, batch=batch, attempt=attempt.number)


def _fail(
    state: AuditState,
    envelope: Envelope,
    failure: Failure,
    *,
    node: str | None = None,
    batch: int | None = None,
    attempt: int | None = None,
) -> None:
    if len(state.failures) >= MOST_FAILURES:
        state.failures_untold += 1
        return
    state.failures.append(
        FailureRecord(
            seq=envelope.seq,
            at=envelope.at,
            node=node or failure.node,
            batch=batch,
            attempt=attempt,
            cause=failure.cause.value,
            message=in_words(failure),
        )
    )


def _apply_to_repair(state: AuditState, event: RepairEvent, envelope: Envelope) -> None:
    match event:
        case repairs.RepairPlanned():
            _act(state, envelope, f"repair of {len(event.tables)} tables planned")
        case repairs.RepairFailed() if event.failure.cause is not Cause.STOPPED:
            _node(state, event.node).failures += 1
            _fail(state, envelope, event.failure, node=event.node)
        case repairs.RepairPlanFailed():
            _fail(state, envelope, event.failure)
        case (
            repairs.RepairRequested()
            | repairs.RepairStarted()
            | repairs.RepairProgressed()
            | repairs.RepairCompleted()
            | repairs.RepairFailed()
        ):
            pass
        case _:
            assert_never(event)


def _apply_to_schema(state: AuditState, event: SchemaEvent, envelope: Envelope) -> None:
    match event:
        case schema.SchemaRecorded(offered=False):
            _act(state, envelope, f"views and tombstone_gc left as they are: {event.reason}")
        case schema.SchemaRecorded():
            _act(state, envelope, f"{len(event.views)} views of {len(event.tables)} tables recorded")
        case schema.SchemaAgreementAwaited(agreed=False):
            _act(state, envelope, f"no schema agreement before {event.before.value}: {event.detail}")
        case (
            schema.SchemaReadFailed()
            | schema.SchemaChangeFailed()
            | schema.ViewBuildFailed()
            | schema.SchemaUnanswered()
        ):
            _fail(state, envelope, event.failure)
        case schema.ViewBuildProgressed(status=schema.BuildStatus.SUCCESS):
            _act(state, envelope, f"view {event.keyspace}.{event.view} built")
        case schema.SchemaAgreementAwaited() | schema.ViewBuildProgressed() | schema.SchemaAnswered():
            pass
        case _:
            assert_never(event)


def _apply_to_statement(state: AuditState, event: SchemaRestoreEvent, envelope: Envelope) -> None:
    match event:
        case schema_restore.SchemaFileRead():
            files = ", ".join(f"{event.location}/{file.path} (sha256 {file.sha256})" for file in event.files)
            _act(state, envelope, f"schema of {event.statements} statements read: {files}")
        case schema_restore.SchemaStatementRequested():
            entry, what = (
                f"statement/{event.number}",
                f"{event.object.kind} {event.object.keyspace}.{event.object.name}",
            )
            state.alterations[entry] = OpenAlteration(
                id=entry, kind="schema_object", node="", what=f"{what} created", made=False
            )
        case schema_restore.SchemaStatementApplied():
            closed = state.alterations.pop(f"statement/{event.number}", None)
            if closed is not None:
                words = f": {event.left_out}" if event.left_out else ""
                _act(state, envelope, f"statement {event.number} applied, {closed.what}{words}")
        case schema_restore.SchemaStatementFailed():
            _fail(state, envelope, event.failure)
        case schema_restore.SchemaRolledBack():
            _act(state, envelope, f"what {event.statements} statements had created was dropped again")
        case schema_restore.SchemaStatementsRead() | schema_restore.SchemaCompared():
            pass
        case _:
            assert_never(event)


def _apply_to_ledger(state: AuditState, event: AlterationEvent, envelope: Envelope) -> None:
    match event:
        case alterations.AlterationIntended():
            state.alterations[event.id] = OpenAlteration(
                id=event.id,
                kind=kind_of(event.alteration),
                node=node_of(event.alteration),
                what=alteration_in_words(event.alteration),
                made=False,
            )
        case alterations.AlterationMade():
            # Another engine makes sure of what one before it has made: that is the same alteration.
            if (entry := state.alterations.get(event.id)) is not None and not entry.made:
                state.alterations[event.id] = msgspec.structs.replace(entry, made=True)
                state.alterations_made += 1
        case alterations.AlterationUndone():
            _close(state, event.id, left=False)
        case alterations.UndoFailed():
            _fail(state, envelope, event.failure)
        case alterations.UndoRequested():
            pass
        case _:
            assert_never(event)


def _close(state: AuditState, entry: str, *, left: bool) -> None:
    if left:
        return
    closed = state.alterations.pop(entry, None)
    if closed is not None and closed.made:
        state.alterations_undone += 1


def _node(state: AuditState, node: str) -> NodeRecord:
    return state.nodes.setdefault(node, NodeRecord(node=node))


def staging_entry(batch: int, attempt: int) -> str:
    """Return the ledger's id of an attempt's staging directory, which no intent announces but the download's."""
    return f"staging/{batch}/{attempt}"
