"""The part of the node port that is about repairs."""

import msgspec
from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.effects import EffectKind
from tests.simulation.simulator.network import NotYet, SimPort
from tests.simulation.simulator.node import SimNode
from tests.simulation.simulator.repairs import SimRepair, ring_of
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US

from scylla_restore.engine.cluster.port import RingRange, ScyllaTask, TaskStatus
from scylla_restore.engine.errors import NodeRefused, TaskUnknown


class _Wait(msgspec.Struct):
    """What a long poll waits for."""

    repair: SimRepair
    deadline_us: int


class RepairCalls(SimPort):
    """Repairs, for ``SimGateway``."""

    _cluster: SimCluster
    _node: SimNode
    _call: str

    def tablet_keyspaces(self) -> tuple[str, ...]:
        self._arrive("tablet_keyspaces", scylla=True)
        return self._cluster.on_tablets

    def ring(self, keyspace: str) -> tuple[RingRange, ...]:
        self._arrive("ring", scylla=True)
        if keyspace in self._cluster.on_tablets:
            raise self._refused(400, f"{keyspace} is replicated by tablets")
        return ring_of(self._cluster.members)

    def table_size(self, keyspace: str, table: str) -> int:
        self._arrive("table_size", scylla=True)
        key = f"{keyspace}:{table}"
        return self._cluster.repairs.size_of(key) if self._cluster.holds_rows(key) else 0

    def start_repair(self, keyspace: str, table: str, *, ranges: tuple[tuple[str, str], ...]) -> int:
        return self._start(keyspace, table, ranges, tablets=False).number

    def start_tablet_repair(self, keyspace: str, table: str, *, full: bool) -> str:
        self._settle()
        for running in self._cluster.repairs.running(node=None):
            if (running.keyspace, running.table) == (keyspace, table):
                self._arrive("start_tablet_repair", scylla=True)
                raise self._refused(500, f"tablets of {keyspace}.{table} are being repaired (full: {full})")
        return self._start(keyspace, table, (), tablets=True).task

    def repair_state(self, repair: int, *, wait_s: int) -> str:
        self._arrive("repair_state", scylla=True)
        found = self._cluster.repairs.numbered(self._node.address, repair)
        self._wait_for(found, wait_s)
        if found is None:
            raise TaskUnknown(
                f"unknown repair id {repair}", node=self._node.address, call=self._call, status=400
            )
        return {"running": "RUNNING", "done": "SUCCESSFUL", "failed": "FAILED"}[found.state]

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        self._arrive("task_status", scylla=True)
        waited = self._memo()
        found = waited.repair if isinstance(waited, _Wait) else self._cluster.repairs.task(task)
        if found is None:
            raise self._unknown_task(task)
        self._wait_for(found, wait_s)
        return TaskStatus(state=found.state, error="", completed=1.0 * (not found.runs), total=1.0)

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        self._arrive("tasks", scylla=True)
        self._settle()
        node = self._node.address if module == "repair" else None
        return tuple(
            ScyllaTask(
                id=repair.task,
                type="user_repair" if node is None else "repair",
                state=repair.state,
                keyspace=repair.keyspace,
                table=repair.table if node is None else "",
                sequence=repair.number,
            )
            for repair in self._cluster.repairs.running(node=node)
        )

    def abort_task(self, task: str) -> None:
        self._arrive("abort_task", scylla=True)
        self._settle()
        found = self._cluster.repairs.task(task)
        if found is None:
            raise self._unknown_task(task)
        self._note(EffectKind.ABORT_TASK, task)
        self._cluster.repairs.abort(found)

    def _start(
        self, keyspace: str, table: str, ranges: tuple[tuple[str, str], ...], *, tablets: bool
    ) -> SimRepair:
        self._arrive("start_repair", scylla=True)
        self._note(EffectKind.REPAIR, f"{keyspace}:{table}")
        now_us = self._node.scheduler.now_us
        return self._cluster.repairs.start(
            now_us,
            node=self._node.address,
            keyspace=keyspace,
            table=table,
            ranges=ranges,
            tablets=tablets,
        )

    def _settle(self) -> None:
        self._cluster.repairs.settle(self._node.scheduler.now_us)

    def _wait_for(self, repair: SimRepair | None, wait_s: int) -> None:
        """Block until a repair ends, or for so long."""
        self._settle()
        if repair is None:
            return
        now_us = self._node.scheduler.now_us
        wait = self._memo()
        if not isinstance(wait, _Wait):
            wait = _Wait(repair, now_us + wait_s * SECOND_US)
            self._remember(wait)
        if repair.runs and now_us < wait.deadline_us:
            until_us = min(wait.deadline_us, max(repair.end_us, now_us + MILLISECOND_US))
            raise NotYet(min(until_us, self._node.next_disruption_us()))

    def _unknown_task(self, task: str) -> TaskUnknown:
        words = f"task with id {task} not found"
        return TaskUnknown(words, node=self._node.address, call=self._call, status=400)

    # What the rest of the gateway has

    def _arrive(self, call: str, *, scylla: bool) -> None:
        raise NotImplementedError

    def _memo(self) -> object:
        raise NotImplementedError

    def _remember(self, memo: object) -> None:
        raise NotImplementedError

    def _note(self, kind: EffectKind, detail: str) -> None:
        raise NotImplementedError

    def _refused(self, status: int, words: str) -> NodeRefused:
        raise NotImplementedError
