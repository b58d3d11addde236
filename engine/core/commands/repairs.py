"""Commands about the repair."""

from scylla_restore.engine.core.commands.base import ClusterCommand, NodeCommand
from scylla_restore.events.model.repairs import RepairKind


class PlanRepair(ClusterCommand, frozen=True, kw_only=True):
    """Find out how tables, as (``<keyspace>:<table>``, bytes restored), are repaired. → ``RepairPlanned`` or ``RepairPlanFailed``."""

    tables: tuple[tuple[str, int], ...]
    members: tuple[str, ...]


class RepairCommand(NodeCommand, frozen=True, kw_only=True):
    """About one attempt at one unit of a repair."""

    repair: int
    attempt: int
    keyspace: str
    table: str
    kind: RepairKind


class RepairTable(RepairCommand, frozen=True, kw_only=True):
    """Repair a unit. → ``RepairStarted``…, ``RepairProgressed``…, ``RepairCompleted``; or ``RepairFailed``.

    ``left`` is Scylla's name for what an attempt before this one began, if anything; ``done`` of its parts are
    repaired, provided that ``ring`` has not changed. ``incremental`` is whether the nodes know modes of repair.
    """

    left: str = ""
    done: int = 0
    ring: str = ""
    incremental: bool = False


class StopRepair(RepairCommand, frozen=True, kw_only=True):
    """End a repair that runs, or that an engine before left running as ``left``. → ``RepairFailed`` with cause ``stopped``."""

    left: str = ""
