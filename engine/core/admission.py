"""Which reports still mean something when they arrive.

Letters come late, twice, or from an attempt that was given up. What is dropped here never enters the log.
"""

from typing import Final

from scylla_restore.engine.core.state import NodeState, Phase, RepairPhase, RunState
from scylla_restore.engine.core.state.batch import COPYING, NATIVE
from scylla_restore.engine.core.state.statements import statement_entry
from scylla_restore.events.model import (
    AlterationEvent,
    AnyEvent,
    BatchEvent,
    LocationEvent,
    NodeEvent,
    RepairEvent,
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

_MOVING: Final = frozenset({Phase.MOVING})
_PHASES: Final[dict[type, frozenset[Phase]]] = {
    batches.BatchFilesFound: frozenset({Phase.CHECKING}),
    batches.BatchFilesMissed: frozenset({Phase.CHECKING}),
    batches.DownloadStarted: frozenset({Phase.REQUESTED}),
    batches.DownloadProgressed: frozenset({Phase.DOWNLOADING}),
    batches.BatchDownloaded: COPYING,
    batches.DownloadFailed: COPYING | {Phase.LOOKING},
    batches.UploadOccupied: _MOVING | {Phase.LOOKING},
    batches.UploadFoundEmpty: frozenset({Phase.LOOKING}),
    batches.UploadFilled: _MOVING,
    batches.NativeRestoreStarted: frozenset({Phase.ASKED}),
    batches.NativeRestoreProgressed: frozenset({Phase.RESTORING}),
    batches.LoadAnswerLost: frozenset({Phase.LOADING, Phase.ASKED}),
    batches.SSTablesLoaded: frozenset({Phase.LOADING, Phase.RESTORING}),
    batches.LoadFailed: _MOVING | NATIVE | {Phase.LOADING},
}


def admits(state: RunState, event: AnyEvent) -> bool:  # noqa: C901, PLR0911 - one return a topic
    """Whether a reported event is about what is being waited for."""
    if state.over:
        return False
    if isinstance(event, BatchEvent):
        return _admits_batch(state, event)
    if isinstance(event, AlterationEvent):
        return _admits_alteration(state, event)
    if isinstance(event, NodeEvent):
        return _admits_node(state, event)
    if isinstance(event, LocationEvent):
        return _admits_location(state, event)
    if isinstance(event, RepairEvent):
        return _admits_repair(state, event)
    if isinstance(event, SchemaEvent):
        return _admits_schema(state, event)
    if isinstance(event, SchemaRestoreEvent):
        return _admits_statement(state, event)
    match event:
        case run.ActorFailed():
            return event.actor not in state.crashed
        case run.PauseRequested():
            return state.ending is None
        case run.AbortRequested():
            return state.ending != "abort"
        case _:
            return True


def _admits_batch(state: RunState, event: BatchEvent) -> bool:
    batch = state.batches.get(event.batch)
    if batch is None or batch.attempt != event.attempt:
        return False
    return batch.phase in _PHASES.get(type(event), frozenset())


def _admits_alteration(state: RunState, event: AlterationEvent) -> bool:
    match event:
        case alterations.AlterationMade():
            entry = state.ledger.entries.get(event.id)
            return entry is not None and not entry.made and not (entry.undoing and entry.is_of_schema)
        case alterations.AlterationUndone() | alterations.UndoFailed():
            entry = state.ledger.entries.get(event.id)
            return entry is not None and entry.undoing
        case _:
            return False


def _admits_node(state: RunState, event: NodeEvent) -> bool:
    match event:
        case nodes.ClusterDiscovered() | nodes.DiscoveryFailed():
            return not (state.rediscovered and state.resolved)
        case nodes.TablesResolved():
            is_verifying = ("supervisor", run.Ask.VERIFY_TABLES) in state.asked and not state.schema.verified
            return not state.resolved or is_verifying
        case nodes.NodeJoined() | nodes.TablesInspected() | nodes.NodeSettingsRead() | nodes.NodeFailed():
            node = state.nodes.get(event.node)
            return node is not None and _known_of(node, event) is None
        case _:
            return False


def _known_of(node: NodeState, event: NodeEvent) -> object | None:
    """Return what is known already of that which a node reports."""
    match event:
        case nodes.NodeJoined():
            return node.joined
        case nodes.TablesInspected():
            return node.inspected
        case nodes.NodeSettingsRead():
            return node.settings
        case _:
            return node.unsettled


def _admits_location(state: RunState, event: LocationEvent) -> bool:
    location = state.locations.get(event.location)
    if location is None:
        return False
    match event:
        case locations.LocationOpened():
            return location.manifests is None
        case locations.LocationVerified():
            return location.indexed and not location.verified
        case locations.LocationFailed():
            return not location.verified
        case locations.LocationUnanswered() | locations.LocationAnswered():
            return True
        case _:
            return not location.indexed


def _admits_repair(state: RunState, event: RepairEvent) -> bool:
    if isinstance(event, repairs.RepairPlanned | repairs.RepairPlanFailed):
        return state.repairs.plan is None
    unit = state.repairs.units.get(event.repair)
    return unit is not None and unit.attempt == event.attempt and unit.phase is RepairPhase.RUNNING


def _admits_schema(state: RunState, event: SchemaEvent) -> bool:
    match event:
        case schema.SchemaRecorded():
            return state.schema.recorded is None
        case schema.SchemaAgreementAwaited():
            return event.before not in state.schema.agreed
        case schema.SchemaChangeFailed():
            return event.id in state.ledger.entries
        case schema.ViewBuildProgressed():
            return (event.keyspace, event.view) not in state.schema.built
        case _:
            return True


def _admits_statement(state: RunState, event: SchemaRestoreEvent) -> bool:
    statements = state.statements
    match event:
        case schema_restore.SchemaStatementsRead():
            return not statements.is_read and event.first in (0, len(statements.read))
        case schema_restore.SchemaFileRead():
            return not statements.is_read and event.statements == len(statements.read)
        case schema_restore.SchemaCompared():
            return statements.existing is None
        case schema_restore.SchemaStatementApplied() | schema_restore.SchemaStatementFailed():
            entry = state.ledger.entries.get(statement_entry(event.number))
            return statements.asked == event.number and entry is not None and not entry.undoing
        case _:
            return False
