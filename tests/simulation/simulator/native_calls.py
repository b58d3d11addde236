"""The part of the node port that is about native restores."""

import msgspec
from tests.simulation.simulator.effects import EffectKind
from tests.simulation.simulator.natives import ENDPOINT, SimNative
from tests.simulation.simulator.network import NotYet
from tests.simulation.simulator.repair_calls import RepairCalls
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US

from scylla_restore.engine.cluster.native_port import NATIVE_RESTORE, NATIVE_RESTORES
from scylla_restore.engine.cluster.port import ScyllaTask, TaskStatus


class _Wait(msgspec.Struct):
    """What a long poll waits for."""

    native: SimNative
    deadline_us: int


class NativeCalls(RepairCalls):
    """Native restores, for ``SimGateway``. They share the task manager with repairs."""

    def start_native_restore(
        self,
        *,
        endpoint: str,
        bucket: str,
        prefix: str,
        keyspace: str,
        table: str,
        sstables: tuple[str, ...],
    ) -> str:
        self._arrive("start_native_restore", scylla=True)
        if not self._node.plan.native or endpoint != ENDPOINT:
            raise self._refused(400, f"endpoint {endpoint} not found")
        target = f"{keyspace}:{table}"
        self._note(EffectKind.NATIVE, target)
        if self._cluster.schema is not None:
            self._cluster.schema.loaded(target)
        location = next(key for key in self._node.plan.locations if key.partition(":")[2] == bucket)
        return self._node.natives.start(self._native_now_us, location, prefix, target, sstables).task

    def user_ttl(self) -> int:
        self._arrive("user_ttl", scylla=True)
        return self._node.natives.user_ttl

    def set_user_ttl(self, seconds: int) -> None:
        self._arrive("set_user_ttl", scylla=True)
        if seconds != self._node.plan.user_ttl:
            self._note(EffectKind.USER_TTL, str(seconds))
        self._node.natives.user_ttl = seconds

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        waited = self._memo()
        native = waited.native if isinstance(waited, _Wait) else self._native(task)
        if native is None:
            return super().task_status(task, wait_s=wait_s)
        self._arrive("task_status", scylla=True)
        now_us = self._native_now_us
        self._node.natives.settle(now_us)
        if not isinstance(waited, _Wait):
            waited = _Wait(native, now_us + wait_s * SECOND_US)
            self._remember(waited)
        if native.runs and now_us < waited.deadline_us:
            until_us = min(waited.deadline_us, max(native.end_us, now_us + MILLISECOND_US))
            raise NotYet(min(until_us, self._node.next_disruption_us()))
        # nothing is counted at first
        total = len(native.sstables) if native.done else 0
        return TaskStatus(state=native.state, error=native.error, completed=native.done, total=total)

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        if module != NATIVE_RESTORES:
            return super().tasks(module)
        self._arrive("tasks", scylla=True)
        return tuple(
            ScyllaTask(
                id=native.task,
                type=NATIVE_RESTORE,
                state=native.state,
                keyspace=native.keyspace,
                table=native.table,
                sequence=number,
            )
            for number, native in enumerate(self._node.natives.known(self._native_now_us), start=1)
        )

    def abort_task(self, task: str) -> None:
        native = self._native(task)
        if native is None:
            super().abort_task(task)
            return
        self._arrive("abort_task", scylla=True)
        self._note(EffectKind.ABORT_TASK, task)
        self._node.natives.abort(native, self._native_now_us)

    @property
    def _native_now_us(self) -> int:
        return self._node.scheduler.now_us

    def _native(self, task: str) -> SimNative | None:
        known = self._node.natives.known(self._native_now_us)
        return next((native for native in known if native.task == task), None)
