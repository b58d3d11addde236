"""How events about the repair change the state."""

from datetime import datetime
from typing import assert_never

from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.repair import Repair, RepairPhase
from scylla_restore.events.model import RepairEvent, repairs
from scylla_restore.events.model.failure import Cause


def fold_repair(state: RunState, event: RepairEvent, at: datetime) -> None:
    """Fold one event about the repair."""
    if isinstance(event, repairs.RepairPlanned):
        state.repairs.begin(event)
        return
    if isinstance(event, repairs.RepairPlanFailed):
        state.refusal = (event.failure, 1)
        return
    unit = state.repairs.units[event.repair]
    match event:
        case repairs.RepairRequested():
            unit.node, unit.attempt, unit.phase = event.node, event.attempt, RepairPhase.RUNNING
            unit.stopping = False
            state.repairs.running[event.node] = unit.id
        case repairs.RepairStarted():
            unit.task, unit.done, unit.ring = event.task, event.part, event.ring
        case repairs.RepairProgressed():
            pass
        case repairs.RepairCompleted():
            state.repairs.leave(unit.node)
            del state.repairs.units[unit.id]
        case repairs.RepairFailed():
            state.repairs.leave(unit.node)
            _failed(unit, event, at)
        case _:
            assert_never(event)


def _failed(unit: Repair, event: repairs.RepairFailed, at: datetime) -> None:
    if event.failure.cause is not Cause.UNREACHABLE:
        unit.task = ""
    if event.failure.cause is Cause.STOPPED:
        return
    unit.failures[event.node] = unit.failures.get(event.node, 0) + 1
    unit.failure, unit.failed_at = event.failure, at
