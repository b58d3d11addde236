"""Repairs: that they were planned, and those that failed."""

from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import RepairEvent, repairs
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.projections.audit.state import AuditState


def apply_repair_event(state: AuditState, event: RepairEvent, envelope: Envelope) -> None:
    """Fold an event about a repair."""
    match event:
        case repairs.RepairPlanned():
            state.note_action(envelope, f"repair of {len(event.tables)} tables planned")
        case repairs.RepairFailed() if event.failure.cause is not Cause.STOPPED:
            state.node(event.node).failures += 1
            state.note_failure(envelope, event.failure, node=event.node)
        case repairs.RepairPlanFailed():
            state.note_failure(envelope, event.failure)
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
