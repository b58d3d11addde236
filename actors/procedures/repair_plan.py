"""How restored tables are repaired: what the cluster says about their size, and about who holds what."""

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.engine.cluster.port import RingRange
from scylla_restore.engine.core.commands import PlanRepair
from scylla_restore.engine.errors import NodeError
from scylla_restore.events.model.repairs import RepairKind, RepairPlanFailed, RepairPlanned, TableToRepair

SMALL_TABLE_BYTES = 1 << 30
"""Scylla Manager's limit: a table of less is repaired in one job."""


async def plan_repair(node: Node, command: PlanRepair) -> None:
    """Report how each table is repaired."""
    try:
        planned = await _plan(node, command)
    except NodeError as error:
        node.report(RepairPlanFailed(failure=failure_of(error)))
    else:
        node.report(planned)


async def _plan(node: Node, command: PlanRepair) -> RepairPlanned:
    on_tablets = frozenset(await patiently(node, lambda gateway: gateway.tablet_keyspaces()))
    rings: dict[str, tuple[RingRange, ...]] = {}
    tables: list[TableToRepair] = []
    for name, restored in command.tables:
        keyspace, _, table = name.partition(":")
        if keyspace in on_tablets:
            kind, nodes = RepairKind.TABLETS, command.members
        else:
            if keyspace not in rings:
                rings[keyspace] = await _ring(node, keyspace)
            nodes = _first_replicas(rings[keyspace])
            size = max(restored, await _size(node, keyspace, table) * len(command.members))
            kind = RepairKind.SMALL_TABLE if size < SMALL_TABLE_BYTES else RepairKind.RANGES
        tables.append(TableToRepair(keyspace=keyspace, table=table, kind=kind, nodes=nodes))
    replicas = max((len(each.replicas) for ring in rings.values() for each in ring), default=1)
    return RepairPlanned(tables=tuple(tables), members=command.members, replicas=replicas)


async def _ring(node: Node, keyspace: str) -> tuple[RingRange, ...]:
    return await patiently(node, lambda gateway: gateway.ring(keyspace))


async def _size(node: Node, keyspace: str, table: str) -> int:
    """Return what the asked node has of a table: the others have about as much."""
    return await patiently(node, lambda gateway: gateway.table_size(keyspace, table))


def _first_replicas(ring: tuple[RingRange, ...]) -> tuple[str, ...]:
    """Return the nodes that are the first of several replicas of something."""
    return tuple(sorted({each.replicas[0] for each in ring if len(each.replicas) > 1}))
