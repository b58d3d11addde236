"""One unit of a table's repair.

    vnodes    cut into parts ── repair_async ── RepairStarted ── poll until it ends ── next part … RepairCompleted
    tablets   tablets/repair ── RepairStarted ── wait_task, RepairProgressed … RepairCompleted

Repairs can be had twice, so whatever is not known for sure is asked for again. A node that was silent may have been
restarted, and what it answers about a repair's number then may be about another repair.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.patience import SILENCE_MAX, Silence
from scylla_restore.actors.procedures.words import colocated_base
from scylla_restore.actors.runtime import Stopped
from scylla_restore.engine.cluster.port import NodeGateway, RingRange, ScyllaTask, TaskStatus
from scylla_restore.engine.core.commands import RepairCommand, RepairTable, StopRepair
from scylla_restore.engine.errors import NodeError, NodeRefused, NodeUnreachable, TaskUnknown
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.repairs import (
    RepairCompleted,
    RepairFailed,
    RepairKind,
    RepairProgressed,
    RepairStarted,
)

RANGES_PER_PART = 64
"""Token ranges of one request: enough to be repaired side by side, few enough to be lost when an engine dies."""
VNODE_POLL_S = 2
"""Short: a stop is heard between two polls."""
TABLET_POLL_S = 10
"""Longer: a task may be forgotten when it ends between two polls, and would be asked for again."""
STOP_PATIENCE = timedelta(seconds=20)
ASKED_AGAIN_MAX = 5
TOLD_EVERY = timedelta(seconds=15)
_FIRST_TOKEN, _LAST_TOKEN = str(-(2**63) + 1), str(2**63 - 1)

T = TypeVar("T")
Part = tuple[tuple[str, str], ...]


async def repair_table(node: Node, command: RepairTable) -> None:
    """Repair a unit and report what became of it. A stop ends the job that runs in Scylla, too."""
    work = _TabletRepair(node, command) if command.kind is RepairKind.TABLETS else _VnodeRepair(node, command)
    try:
        await work.run()
    except NodeError as error:
        node.report(_failed(node, command, failure_of(error)))
    except _Broken as broken:
        node.report(
            _failed(node, command, Failure(cause=Cause.FAILED, message=str(broken), node=node.address))
        )
    except Stopped:
        await _end(node, command.kind, command.keyspace, work.task)
        node.report(_failed(node, command, _STOPPED))
    else:
        node.report(RepairCompleted(repair=command.repair, attempt=command.attempt))


async def stop_left(node: Node, command: StopRepair) -> None:
    """End what an engine before may have left running, and report that it is stopped, as far as anybody can tell."""
    await _end(node, command.kind, command.keyspace, command.left)
    node.report(_failed(node, command, _STOPPED))


_STOPPED = Failure(cause=Cause.STOPPED, message="the engine stopped the repair")


class _Broken(Exception):
    """Scylla says that a repair failed."""


class _VnodeRepair:
    """A small table, or the ranges of which the node is the first replica. ``task`` is the repair's number."""

    def __init__(self, node: Node, command: RepairTable) -> None:
        self._node = node
        self._command = command
        self.task = command.left

    async def run(self) -> None:
        """Repair all parts that are not repaired yet."""
        command = self._command
        parts, ring = await self._parts()
        first = command.done if command.ring == ring else 0
        if self.task:
            # its part may be repaired by now, but a number does not tell whose repair it is
            await self._until_ended(int(self.task))
        for number in range(first, len(parts)):
            await self._repair(number, parts, ring)

    async def _parts(self) -> tuple[list[Part], str]:
        """Return the token ranges of each request (none for a small table), and a digest of them."""
        command = self._command
        if command.kind is RepairKind.SMALL_TABLE:
            return [()], RepairKind.SMALL_TABLE.value
        ring = await patiently(self._node, lambda gateway: gateway.ring(command.keyspace))
        ranges = own_ranges(ring, self._node.address)
        parts = [
            tuple(ranges[begin : begin + RANGES_PER_PART]) for begin in range(0, len(ranges), RANGES_PER_PART)
        ]
        return parts, hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    async def _repair(self, number: int, parts: list[Part], ring: str) -> None:
        node, command = self._node, self._command
        for _ in range(ASKED_AGAIN_MAX):
            repair = await patiently(
                node,
                lambda gateway: gateway.start_repair(command.keyspace, command.table, ranges=parts[number]),
                patience=SILENCE_MAX,
            )
            self.task = str(repair)
            node.report(_started(command, self.task, part=number, parts=len(parts), ring=ring))
            ended = await self._until_ended(repair)
            if ended == "SUCCESSFUL":
                return
            if ended == "FAILED":
                raise _Broken(f"node {node.address} says that repair {repair} {_about(command)} has failed")
        raise _Broken(
            f"repair {_about(command)} was asked for {ASKED_AGAIN_MAX} times, and not seen to its end once"
        )

    async def _until_ended(self, repair: int) -> str | None:
        """Follow a repair and return how it ended, or None where that may be the end of another of its number."""
        is_sure = True
        silence = Silence(self._node.now)
        while True:
            try:
                state = await self._node(lambda gateway: gateway.repair_state(repair, wait_s=VNODE_POLL_S))
            except NodeUnreachable as error:
                is_sure = False
                await silence.wait(error)
                continue
            except TaskUnknown:
                return None
            silence.end()
            if state != "RUNNING":
                return state if is_sure else None


class _TabletRepair:
    """All tablets of a table. ``task`` is a UUID, so that it is never another task's."""

    def __init__(self, node: Node, command: RepairTable) -> None:
        self._node = node
        self._command = command
        self._told_at: datetime | None = None
        self.task = command.left

    async def run(self) -> None:
        """Follow the task that an engine before has begun, or begin one."""
        self.task = self.task or await self._find()
        for _ in range(ASKED_AGAIN_MAX):
            if not self.task:
                self.task = await self._start()
            if await self._until_done():
                return
            self.task = ""
        raise _Broken(
            f"repair {_about(self._command)} was asked for {ASKED_AGAIN_MAX} times, and not seen to its end once"
        )

    async def _find(self) -> str:
        """A request whose answer was lost may have begun a task; the cluster takes one of a table at a time."""
        command = self._command
        if command.attempt == 1:
            return ""
        tasks = await patiently(self._node, lambda gateway: gateway.tasks("tablets"))
        mine = [task.id for task in tasks if is_repair_of(task, command.keyspace, command.table)]
        if mine:
            self._node.report(_started(command, mine[0]))
        return mine[0] if mine else ""

    async def _start(self) -> str:
        command = self._command
        keyspace, table = command.keyspace, command.table
        try:
            task = await self._ask(keyspace, table)
        except NodeRefused as error:
            base = colocated_base(error.message)
            if base is None:
                raise
            # its tablets are those of another table, and are repaired with them
            task = await self._ask(*base)
        self._node.report(_started(command, task))
        return task

    async def _ask(self, keyspace: str, table: str) -> str:
        full = self._command.incremental
        return await patiently(
            self._node, lambda gateway: gateway.start_tablet_repair(keyspace, table, full=full)
        )

    async def _until_done(self) -> bool:
        """Follow the task; return False when the cluster does not know it (any more)."""
        task, silence = self.task, Silence(self._node.now)
        while True:
            try:
                status = await self._node(lambda gateway: gateway.task_status(task, wait_s=TABLET_POLL_S))
            except NodeUnreachable as error:
                await silence.wait(error)
                continue
            except TaskUnknown:
                return False
            silence.end()
            if status.state == "done":
                return True
            if status.state == "failed":
                if task == self._command.left:
                    return False
                raise _Broken(
                    f"the cluster's repair {_about(self._command)} has failed: {status.error or 'no reason given'}"
                )
            self._tell(status)

    def _tell(self, status: TaskStatus) -> None:
        now = self._node.now()
        if self._told_at is None or now >= self._told_at + TOLD_EVERY:
            self._told_at = now
            self._node.report(
                RepairProgressed(
                    repair=self._command.repair,
                    attempt=self._command.attempt,
                    completed=round(status.completed),
                    total=round(status.total),
                )
            )


def own_ranges(ring: tuple[RingRange, ...], address: str) -> list[tuple[str, str]]:
    """Return the ranges whose first replica is ``address`` and that have others; none of them wraps around."""
    ranges = []
    for each in ring:
        if len(each.replicas) > 1 and each.replicas[0] == address:
            if int(each.start) < int(each.end):
                ranges.append((each.start, each.end))
            else:
                ranges += [(each.start, _LAST_TOKEN), (_FIRST_TOKEN, each.end)]
    return ranges


def is_repair_of(task: ScyllaTask, keyspace: str, table: str) -> bool:
    """Whether a task of the cluster's repairs a table's tablets, and has not ended."""
    return (task.type, task.keyspace, task.table) == ("user_repair", keyspace, table) and task.runs


async def _end(node: Node, kind: RepairKind, keyspace: str, task: str) -> None:
    """End a repair, if it can be found; one that cannot is left to finish, which does no harm."""
    if not task:
        return
    try:
        if kind is not RepairKind.TABLETS:
            running = await _asked(node, lambda gateway: gateway.tasks("repair"))
            found = [t.id for t in running if t.runs and t.keyspace == keyspace and t.sequence == int(task)]
            task = found[0] if found else ""
        if task:
            await _asked(node, lambda gateway: gateway.abort_task(task))
    except NodeError:
        return


async def _asked(node: Node, perform: Callable[[NodeGateway], T]) -> T:
    return await patiently(node, perform, patience=STOP_PATIENCE)


def _about(command: RepairTable) -> str:
    return f"of {command.keyspace}.{command.table}"


def _started(
    command: RepairTable, task: str, *, part: int = 0, parts: int = 1, ring: str = ""
) -> RepairStarted:
    return RepairStarted(
        repair=command.repair, attempt=command.attempt, task=task, part=part, parts=parts, ring=ring
    )


def _failed(node: Node, command: RepairCommand, failure: Failure) -> RepairFailed:
    return RepairFailed(repair=command.repair, attempt=command.attempt, node=node.address, failure=failure)
