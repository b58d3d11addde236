"""The fold behind an audit."""

from typing import assert_never

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
)
from scylla_restore.events.projections.audit.batches import apply_batch_event
from scylla_restore.events.projections.audit.ledger import apply_alteration_event
from scylla_restore.events.projections.audit.locations import apply_location_event
from scylla_restore.events.projections.audit.nodes import apply_node_event
from scylla_restore.events.projections.audit.repairs import apply_repair_event
from scylla_restore.events.projections.audit.run import apply_run_event
from scylla_restore.events.projections.audit.schema import apply_schema_event, apply_schema_restore_event
from scylla_restore.events.projections.audit.state import AuditState


def apply(state: AuditState, envelope: Envelope) -> None:
    """Fold one record into ``state``."""
    event = envelope.event
    if isinstance(event, BatchEvent):
        apply_batch_event(state, event, envelope)
    elif isinstance(event, AlterationEvent):
        apply_alteration_event(state, event, envelope)
    elif isinstance(event, NodeEvent):
        apply_node_event(state, event, envelope)
    elif isinstance(event, LocationEvent):
        apply_location_event(state, event, envelope)
    elif isinstance(event, RepairEvent):
        apply_repair_event(state, event, envelope)
    elif isinstance(event, SchemaEvent):
        apply_schema_event(state, event, envelope)
    elif isinstance(event, SchemaRestoreEvent):
        apply_schema_restore_event(state, event, envelope)
    elif isinstance(event, RunEvent):
        apply_run_event(state, event, envelope)
    else:
        assert_never(event)
