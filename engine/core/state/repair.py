"""The repair after the data, as far as it has come."""

from datetime import datetime
from enum import StrEnum

import msgspec

from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.repairs import RepairKind, RepairPlanned


class RepairPhase(StrEnum):
    """How far a unit's attempt has come.

    WAITING ──▶ RUNNING ──▶ gone: repaired
       ▲           │
       └───────────┘ failed, or left behind by an engine that is gone
    """

    WAITING = "waiting"
    RUNNING = "running"


class Repair(msgspec.Struct, kw_only=True):
    """A unit that is not repaired yet.

    ``node`` is who does it: the one that has to with ``RANGES``, else whoever did last. ``task`` is what Scylla calls
    the job that was known last, ``done`` the parts before it. ``failures`` counts attempts that failed, by node.
    """

    id: int
    keyspace: str
    table: str
    kind: RepairKind
    node: str = ""
    attempt: int = 0
    phase: RepairPhase = RepairPhase.WAITING
    task: str = ""
    done: int = 0
    ring: str = ""
    stopping: bool = False
    failures: dict[str, int] = {}
    failure: Failure | None = None
    failed_at: datetime | None = None


class Repairs(msgspec.Struct, kw_only=True):
    """``units`` are those that are left, by number, in the plan's order; ``running`` are numbers by node."""

    plan: RepairPlanned | None = None
    last: int = 0
    units: dict[int, Repair] = {}
    running: dict[str, int] = {}

    def begin(self, plan: RepairPlanned) -> None:
        """Take up a plan: every table of it anew."""
        self.plan = plan
        self.units.clear()
        self.running.clear()
        for table in plan.tables:
            owners = table.nodes if table.kind is RepairKind.RANGES else ("",) if table.nodes else ()
            for owner in owners:
                self.last += 1
                self.units[self.last] = Repair(
                    id=self.last,
                    keyspace=table.keyspace,
                    table=table.table,
                    kind=table.kind,
                    node=owner,
                    failures={},
                )

    def leave(self, node: str) -> None:
        """Nobody attends to what runs on a node any more."""
        unit = self.units.get(self.running.pop(node, 0))
        if unit is not None:
            unit.phase, unit.stopping = RepairPhase.WAITING, False

    def to_stop(self, node: str) -> Repair | None:
        """Return what runs on a node, or may still run there under an engine that is gone, and nobody stops."""
        if node in self.running:
            unit = self.units[self.running[node]]
            return None if unit.stopping else unit
        return next((unit for unit in self.units.values() if unit.node == node and unit.task), None)

    def stop(self, node: str) -> None:
        """Somebody ends it."""
        unit = self.to_stop(node)
        if unit is not None:
            unit.phase, unit.stopping = RepairPhase.RUNNING, True
            self.running[node] = unit.id
