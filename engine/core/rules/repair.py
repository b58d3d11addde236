"""REPAIR: each restored table, on all of its replicas, once everything is loaded."""

from datetime import UTC, datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.backoff import suspension
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import NODE_GIVEN_UP, REPAIR_ATTEMPTS
from scylla_restore.engine.core.rules.asking import SUPERVISOR, ask, is_asked
from scylla_restore.engine.core.rules.stages import complete, tables_are_verified
from scylla_restore.engine.core.state import NodeState, Repair, RepairPhase, RunState
from scylla_restore.engine.core.versions import release_of
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.repairs import RepairKind, RepairRequested
from scylla_restore.events.model.run import Ask, FailureDeclared
from scylla_restore.events.model.stages import Stage

MODES_SINCE = (2025, 4)
"""From this release on a repair of tablets is incremental unless it is told not to be."""


def plan_repair(state: RunState, _now: datetime) -> Decision | None:
    """Find out how the tables are repaired."""
    if state.stage is not Stage.REPAIR or state.repairs.plan is not None or not state.rediscovered:
        return None
    if not state.schema.altered or not tables_are_verified(state):
        return None
    if is_asked(state, SUPERVISOR, Ask.PLAN_REPAIR):
        return None
    members = tuple(sorted(node.address for node in state.nodes.values() if node.member))
    command = commands.PlanRepair(tables=tuple(sorted(state.workload.tables.items())), members=members)
    return ask(SUPERVISOR, Ask.PLAN_REPAIR, command)


def request_repair(state: RunState, now: datetime) -> Decision | None:
    """A node that repairs nothing yet takes the first unit that it can, as long as there is room for another."""
    if not _may_begin_another(state):
        return None
    for unit in state.repairs.units.values():
        if unit.phase is RepairPhase.WAITING and rests_until(state, unit) <= now:
            node = _node_for(state, unit)
            if node is not None:
                return _request(unit, node)
    return None


def complete_repair(state: RunState, _now: datetime) -> Decision | None:
    """Every restored table is repaired."""
    if state.stage is not Stage.REPAIR or state.repairs.plan is None or state.repairs.units:
        return None
    if not tables_are_verified(state):
        return None
    return complete(state, Stage.REPAIR)


def give_up_repair(state: RunState, _now: datetime) -> Decision | None:
    """A unit has failed again and again, or nobody is left for it: somebody has to look."""
    if state.stage is not Stage.REPAIR or not state.rediscovered:
        return None
    for unit in state.repairs.units.values():
        if unit.failure is not None and sum(unit.failures.values()) >= REPAIR_ATTEMPTS:
            return _declare(_worn_out(unit, unit.failure))
        if all(node.failures >= NODE_GIVEN_UP for node in _able(state, unit)):
            return _declare(_nobody(unit))
    return None


def rests_until(state: RunState, unit: Repair) -> datetime:
    """Return when a unit may be tried again."""
    if unit.failed_at is None:
        return datetime.min.replace(tzinfo=UTC)
    return unit.failed_at + suspension(state.seed, f"repair {unit.id}", sum(unit.failures.values()))


def _may_begin_another(state: RunState) -> bool:
    """As many repairs at a time as there are sets of nodes that have nothing to do with each other."""
    plan = state.repairs.plan
    if state.stage is not Stage.REPAIR or plan is None or not state.rediscovered:
        return False
    most = max(1, len(plan.members) // max(1, plan.replicas))
    parallel = state.target.tuning.parallel
    return len(state.repairs.running) < (min(most, parallel) if parallel else most)


def _node_for(state: RunState, unit: Repair) -> NodeState | None:
    """Return the idle node on which the unit has failed least, or None if it has to wait for one."""
    if unit.kind is RepairKind.TABLETS and any(
        state.repairs.units[running].kind is RepairKind.TABLETS for running in state.repairs.running.values()
    ):
        # the cluster spreads a table's tablets over its nodes by itself: one table after another
        return None
    idle = [
        node
        for node in _able(state, unit)
        if node.joined and node.suspended_until is None and node.address not in state.repairs.running
    ]
    return min(idle, key=lambda node: (unit.failures.get(node.address, 0), node.address), default=None)


def _able(state: RunState, unit: Repair) -> list[NodeState]:
    if unit.kind is RepairKind.RANGES:
        return [state.nodes[unit.node]]
    if unit.kind is RepairKind.SMALL_TABLE and unit.task:
        # only there it is known what became of the job that may be running
        return [state.nodes[unit.node]]
    return [node for node in state.nodes.values() if node.member]


def _request(unit: Repair, node: NodeState) -> Decision:
    attempt = unit.attempt + 1
    requested = RepairRequested(
        repair=unit.id,
        attempt=attempt,
        node=node.address,
        keyspace=unit.keyspace,
        table=unit.table,
        kind=unit.kind,
    )
    release = release_of(node.joined.scylla_version) if node.joined else None
    command = commands.RepairTable(
        node=node.address,
        repair=unit.id,
        attempt=attempt,
        keyspace=unit.keyspace,
        table=unit.table,
        kind=unit.kind,
        left=unit.task,
        done=unit.done,
        ring=unit.ring,
        incremental=release is not None and release >= MODES_SINCE,
    )
    return Decision(events=(requested,), commands=(command,))


def _declare(failure: Failure) -> Decision:
    return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))


def _worn_out(unit: Repair, failure: Failure) -> Failure:
    return Failure(
        cause=failure.cause,
        message=f"the repair of {unit.keyspace}.{unit.table} failed {sum(unit.failures.values())} times, "
        f"the last time on {unit.node}: {failure.message}",
        node=unit.node,
        call=failure.call,
        hint=failure.hint
        or "all data is loaded; put the cause right, then `scylla-restore resume` goes on with the repair",
    )


def _nobody(unit: Repair) -> Failure:
    who = unit.node if unit.kind is RepairKind.RANGES else "every node"
    return Failure(
        cause=Cause.UNREACHABLE,
        message=f"{unit.keyspace}.{unit.table} cannot be repaired: {who} has failed {NODE_GIVEN_UP} times in a row",
        node=unit.node or None,
        hint="all data is loaded; `scylla-restore events` shows why, then `scylla-restore resume` goes on with the repair",
    )
