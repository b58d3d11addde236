"""The agent's copy jobs of one attempt: started in waves, followed, ended."""

from collections import deque
from datetime import timedelta
from typing import assert_never

from scylla_restore.actors.procedures.asking import Node, patiently
from scylla_restore.actors.procedures.files import (
    CopyOrder,
    CopyRenamed,
    CopyTogether,
    copy_orders,
)
from scylla_restore.actors.procedures.words import cause_of_copy_error
from scylla_restore.actors.runtime import Call
from scylla_restore.engine.cluster.port import JobProgress, NodeGateway
from scylla_restore.engine.core.commands import DownloadBatch
from scylla_restore.engine.errors import JobUnknown, NodeError, NodeUnreachable
from scylla_restore.events.model.failure import Cause, Failure

JOBS_AT_ONCE_MAX = 8
POLL_WAIT_S = 2
"""Short, so that a request to stop is noticed soon: it cannot interrupt a call."""
ENDING_PATIENCE = timedelta(seconds=30)
"""How long a job may take to end, and a node to answer, when an attempt is cleaned up."""
_UNIDENTIFIED = ""


class BrokenCopy(Exception):
    """The copy will never be complete."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Copying:
    """The jobs of one attempt, as far as they are known.

    A job's id is reused when an agent was restarted; its ``started_at`` tells. ``is_sure`` is false once a job may
    run that is not known by its id: nothing can end that one, or tell when it ended.
    """

    def __init__(self, node: Node, command: DownloadBatch) -> None:
        self._node = node
        self._command = command
        orders = copy_orders(command.sstables)
        self.is_sure = not command.jobs or len(command.jobs) == len(orders)
        self._orders = deque(() if command.jobs else orders)
        self._order_of_job = dict(zip(command.jobs, orders, strict=False))
        self._started_at = dict(zip(command.jobs, command.started_at, strict=True))
        self._running = list(command.jobs)
        self._bytes_of_job: dict[int, int] = {}

    @property
    def jobs(self) -> tuple[tuple[int, str], ...]:
        """All jobs so far, as (id, the agent's ``started_at``)."""
        return tuple(self._started_at.items())

    @property
    def running(self) -> tuple[int, ...]:
        """The jobs that have not been seen to end."""
        return tuple(self._running)

    @property
    def is_over(self) -> bool:
        """Whether every job was started and has ended well."""
        return not self._running and not self._orders

    @property
    def copied_bytes(self) -> int:
        """Bytes that have arrived so far."""
        return sum(self._bytes_of_job.values())

    async def start_some(self) -> None:
        """Start as many jobs as may run at once.

        Raises:
            NodeUnreachable: the answer was lost, so a job may run that nobody knows; it is never asked for again.
            NodeRefused: the agent said no.
        """
        while self._orders and len(self._running) < JOBS_AT_ONCE_MAX:
            order = self._orders.popleft()
            try:
                job = await _start(self._node, self._command, order)
            except NodeUnreachable:
                self.is_sure = False
                raise
            self._running.append(job)
            self._order_of_job[job] = order
            self._started_at[job] = _UNIDENTIFIED

    async def ask(self, job: int) -> JobProgress:
        """Return how a job stands, after a short wait for its end.

        Raises:
            BrokenCopy: the agent was restarted: the job is no more.
            NodeUnreachable: no answer for as long as patience lasted. The job goes on without us.
        """
        is_new = self._started_at[job] == _UNIDENTIFIED
        wait_s = POLL_WAIT_S if len(self._running) == 1 and not is_new else 1
        try:
            progress = await patiently(self._node, lambda gateway: gateway.job_progress(job, wait_s=wait_s))
        except JobUnknown as error:
            self._running.clear()
            raise BrokenCopy(self._restarted(f"the agent has forgotten job {job}", error)) from error
        started_at = self._started_at[job]
        if is_new:
            self._started_at[job] = progress.started_at
        elif started_at != progress.started_at:
            self._running.clear()
            raise BrokenCopy(
                self._restarted(f"job {job} began {progress.started_at}, ours began {started_at}")
            )
        return progress

    def _restarted(self, message: str, error: NodeError | None = None) -> Failure:
        return Failure(
            cause=Cause.AGENT_RESTARTED,
            message=f"{message}: it was restarted since",
            node=self._node.address,
            call=error.call if error else "job/progress",
        )

    def settle(self, job: int, progress: JobProgress) -> None:
        """Take note of how a job stands.

        Raises:
            BrokenCopy: it has failed.
        """
        self._bytes_of_job[job] = progress.uploaded + progress.skipped
        if progress.status == "running":
            return
        self._running.remove(job)
        if progress.status != "success":
            raise BrokenCopy(
                Failure(
                    cause=cause_of_copy_error(progress.error),
                    message=f"{self._source_of(job)}: {progress.error}",
                    node=self._node.address,
                    call="sync/copypaths",
                )
            )

    def _source_of(self, job: int) -> str:
        directory = f"{self._command.location}/{self._command.source}"
        order = self._order_of_job.get(job)
        return f"{directory}/{order.file.object}" if isinstance(order, CopyRenamed) else directory

    async def end(self) -> bool:
        """Stop what runs and wait for its end, within limits; return whether nothing writes any more.

        Raises:
            NodeError: the node does not answer, or says no.
        """
        for job in self.running:
            await self._stop(job)
        until = self._node.now() + ENDING_PATIENCE
        while self._running and self._node.now() < until:
            for job in self.running:
                await self._notice_end(job, wait_s=POLL_WAIT_S)
        return not self._running and self.is_sure

    async def _stop(self, job: int) -> None:
        if not await self._notice_end(job, wait_s=1):
            await patiently(self._node, lambda gateway: gateway.stop_job(job), patience=ENDING_PATIENCE)

    async def _notice_end(self, job: int, *, wait_s: int) -> bool:
        """Whether the job is over; one that bears its id but began at another time is somebody else's."""
        try:
            progress = await patiently(
                self._node,
                lambda gateway: gateway.job_progress(job, wait_s=wait_s),
                patience=ENDING_PATIENCE,
            )
        except JobUnknown:
            is_ended = True
        else:
            is_ours = self._started_at[job] in (_UNIDENTIFIED, progress.started_at)
            is_ended = progress.status != "running" or not is_ours
        if is_ended:
            self._running.remove(job)
        return is_ended

    async def forget(self) -> None:
        """Have the agent drop the jobs' statistics, of which it keeps a thousand. Nothing depends on it."""
        try:
            for job in self._bytes_of_job:
                await _forget(self._node, job)
        except NodeError:
            return


def _forget(node: Node, job: int) -> Call[NodeGateway, None]:
    return node(lambda gateway: gateway.forget_job(job))


def _start(node: Node, command: DownloadBatch, order: CopyOrder) -> Call[NodeGateway, int]:
    match order:
        case CopyTogether(names=names):
            return node(
                lambda gateway: gateway.start_copy(
                    location=command.location,
                    source=command.source,
                    names=names,
                    destination=command.staging,
                    transfers=command.transfers,
                    bandwidth_rate=command.bandwidth_rate,
                )
            )
        case CopyRenamed(file=file):
            return node(
                lambda gateway: gateway.start_copy_renamed(
                    location=command.location,
                    source=f"{command.source}/{file.object}",
                    destination=f"{command.staging}/{file.name}",
                )
            )
        case _:
            assert_never(order)
