"""One batch that Scylla reads from the bucket by itself.

    no other restore of the table runs there ── restore ── NativeRestoreStarted ── wait_task, NativeRestoreProgressed …
                                                                                      └── done ── SSTablesLoaded

A request whose answer was lost may have begun a task of which nobody knows the id. No task that is found is ever taken for
that one, since it may restore something else: it is left to finish, and then the batch is asked for again. Rows can be
had twice.
"""

from datetime import datetime, timedelta

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.patience import Silence, pauses
from scylla_restore.actors.procedures.words import is_out_of_space
from scylla_restore.actors.runtime import Sleep, Stopped
from scylla_restore.engine.cluster.native_port import NATIVE_RESTORE, NATIVE_RESTORES
from scylla_restore.engine.cluster.port import ScyllaTask, TaskStatus
from scylla_restore.engine.core.commands import RestoreNatively
from scylla_restore.engine.errors import NodeError, NodeRefused, NodeUnreachable, TaskUnknown
from scylla_restore.events.model.batches import (
    LoadAnswerLost,
    LoadFailed,
    NativeRestoreProgressed,
    NativeRestoreStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause, Failure

POLL_S = 10
"""As Scylla Manager polls: a stop is heard between two polls."""
TOLD_EVERY = timedelta(seconds=10)
WAIT_TOLD_EVERY = timedelta(minutes=5)
STOP_PATIENCE = timedelta(seconds=20)
ENDING_PATIENCE = timedelta(minutes=5)
"""How long a task may take to end after it was told to."""


async def restore_natively(node: Node, command: RestoreNatively) -> None:
    """Have Scylla restore a batch, or follow the task that another engine began; report what became of it.

    A stop ends the task: ``LoadFailed`` with cause ``stopped``, unless it was done before it heard of that.
    """
    work = _Restore(node, command)
    try:
        await work.run()
    except NodeError as error:
        outcome: SSTablesLoaded | LoadFailed = _failed(node, command, failure_of(error))
    except _Broken as broken:
        outcome = _failed(node, command, broken.failure)
    except Stopped:
        outcome = await work.end()
    else:
        outcome = _loaded(command)
    node.report(outcome)


def is_restore_of(task: ScyllaTask, keyspace: str, table: str) -> bool:
    """Whether a task restores a table natively, and has not ended."""
    return (task.type, task.keyspace, task.table) == (NATIVE_RESTORE, keyspace, table) and task.runs


def part_of(size: int, status: TaskStatus) -> int:
    """Return the bytes, of ``size``, that a task has done: it counts in units of its own, and at first in none."""
    share = status.completed / status.total if status.total > 0 else 0.0
    return int(size * min(max(share, 0.0), 1.0))


class _Broken(Exception):
    """The restore will never be complete."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Restore:
    """A batch's task; ``task`` is its id as soon as that is known."""

    def __init__(self, node: Node, command: RestoreNatively) -> None:
        self._node = node
        self._command = command
        self._told_at = node.now()
        self._told_bytes = 0
        self.task = command.task

    async def run(self) -> None:
        """Restore the batch."""
        if not self.task:
            self.task = await self._begin()
            command = self._command
            self._node.report(
                NativeRestoreStarted(batch=command.batch, attempt=command.attempt, task=self.task)
            )
        await self._until_done()

    async def end(self) -> SSTablesLoaded | LoadFailed:
        """Tell the task to end, wait for that, and return what became of it."""
        words = "the engine stopped the restore"
        if self.task:
            try:
                await patiently(
                    self._node, lambda gateway: gateway.abort_task(self.task), patience=STOP_PATIENCE
                )
                state = await self._ended()
            except TaskUnknown:
                state = "failed"
            except NodeError as error:
                state, words = "", f"the engine stopped the restore, and task {self.task} may go on: {error}"
            if state == "done":
                return _loaded(self._command)
            if state == "running":
                words = f"the engine stopped the restore, and task {self.task} has not ended yet"
        failure = Failure(cause=Cause.STOPPED, message=words, node=self._node.address)
        return _failed(self._node, self._command, failure)

    async def _begin(self) -> str:
        command = self._command
        silence = Silence(self._node.now)
        while True:
            await self._until_alone()
            try:
                return await self._node(
                    lambda gateway: gateway.start_native_restore(
                        endpoint=command.endpoint,
                        bucket=command.bucket,
                        prefix=command.prefix,
                        keyspace=command.keyspace,
                        table=command.table,
                        sstables=command.sstables,
                    )
                )
            except NodeUnreachable as error:
                await silence.wait(error)

    async def _until_alone(self) -> None:
        """Wait until no native restore of the table runs on the node, as far as it tells."""
        command = self._command
        told_at = self._node.now()
        for pause in pauses(2, 30):
            try:
                tasks = await patiently(self._node, lambda gateway: gateway.tasks(NATIVE_RESTORES))
            except NodeRefused:
                return
            others = [task.id for task in tasks if is_restore_of(task, command.keyspace, command.table)]
            if not others:
                return
            if self._node.now() >= told_at + WAIT_TOLD_EVERY:
                told_at = self._node.now()
                self._tell_wait(others[0])
            await Sleep(pause)

    async def _until_done(self) -> None:
        silence = Silence(self._node.now)
        while True:
            try:
                status = await self._node(lambda gateway: gateway.task_status(self.task, wait_s=POLL_S))
            except NodeUnreachable as error:
                await silence.wait(error)
                continue
            except TaskUnknown as error:
                raise _Broken(self._forgotten(error)) from error
            silence.end()
            if status.state == "done":
                return
            if status.state == "failed":
                raise _Broken(self._broken(status))
            self._tell(status, self._node.now())

    async def _ended(self) -> str:
        """Return how the task stands when it has ended, or has not for too long."""
        until = self._node.now() + ENDING_PATIENCE
        while True:
            status = await patiently(
                self._node,
                lambda gateway: gateway.task_status(self.task, wait_s=POLL_S),
                patience=STOP_PATIENCE,
            )
            if status.state != "running" or self._node.now() >= until:
                return status.state

    def _tell(self, status: TaskStatus, now: datetime) -> None:
        """Tell how far it is, if it knows that already and there is news."""
        command = self._command
        restored = part_of(command.size, status)
        if restored == self._told_bytes or now < self._told_at + TOLD_EVERY:
            return
        self._told_at, self._told_bytes = now, restored
        self._node.report(
            NativeRestoreProgressed(batch=command.batch, attempt=command.attempt, restored=restored)
        )

    def _tell_wait(self, task: str) -> None:
        command = self._command
        failure = Failure(
            cause=Cause.REFUSED,
            message=f"task {task} restores {command.keyspace}.{command.table} on {self._node.address}, too: its end is awaited",
            node=self._node.address,
            call="list_module_tasks",
        )
        self._node.report(
            LoadAnswerLost(
                batch=command.batch, attempt=command.attempt, node=self._node.address, failure=failure
            )
        )

    def _forgotten(self, error: TaskUnknown) -> Failure:
        return Failure(
            cause=Cause.AGENT_RESTARTED,
            message=f"scylla has forgotten task {self.task}: it was restarted since, or the task ended long ago",
            node=self._node.address,
            call=error.call,
        )

    def _broken(self, status: TaskStatus) -> Failure:
        command = self._command
        return Failure(
            cause=Cause.NO_SPACE if is_out_of_space(status.error) else Cause.FAILED,
            message=f"scylla's own restore of {command.keyspace}.{command.table} has failed: "
            f"{status.error or 'no reason given'}",
            node=self._node.address,
            call="/storage_service/restore",
        )


def _loaded(command: RestoreNatively) -> SSTablesLoaded:
    return SSTablesLoaded(batch=command.batch, attempt=command.attempt)


def _failed(node: Node, command: RestoreNatively, failure: Failure) -> LoadFailed:
    return LoadFailed(
        batch=command.batch,
        attempt=command.attempt,
        node=node.address,
        failure=failure,
        staging_left=False,
    )
