"""The repairs and tasks of a lab's cluster: they take as long as they are told to, and fail where a fault says so."""

import itertools
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from scylla_restore.engine.lab.tasks import TaskStatus, task_time

_LOOK_EVERY_S = 0.05


class RunningRepair(Protocol):
    """A repair that a real database does."""

    def state(self) -> str:
        """Return how it stands: ``running``, ``done`` or ``failed``."""
        ...

    def abort(self) -> None:
        """End it early, if it runs."""
        ...


class Work(msgspec.Struct, kw_only=True):
    """A repair: of vnodes, by ``node`` under a ``number``; or of tablets, by everybody (``number`` is 0)."""

    id: str
    number: int
    sequence: int
    node: str
    keyspace: str
    table: str
    seconds: float
    fails: bool
    began_s: float
    began_at: datetime
    ended: threading.Event
    real: RunningRepair | None = None
    aborted_at: datetime | None = None
    ended_at: datetime | None = None


class Repairs:
    """All repairs since the lab was started. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: dict[str, Work] = {}
        self._numbers: dict[str, int] = {}
        self._numbered: dict[tuple[str, int], Work] = {}
        self._sequence = itertools.count(1)

    def begin(
        self,
        *,
        node: str,
        keyspace: str,
        table: str,
        tablets: bool,
        seconds: float,
        fails: bool,
        real: RunningRepair | None = None,
    ) -> Work:
        """Begin a repair, which takes ``seconds`` or as long as the ``real`` one does, if that is longer."""
        with self._lock:
            number = 0
            if not tablets:
                number = self._numbers[node] = self._numbers.get(node, 0) + 1
            work = Work(
                id=str(uuid.uuid4()),
                number=number,
                sequence=number or next(self._sequence),
                node=node,
                keyspace=keyspace,
                table=table,
                seconds=seconds,
                fails=fails,
                began_s=time.monotonic(),
                began_at=datetime.now(UTC),
                ended=threading.Event(),
                real=real,
            )
            self._works[work.id] = work
            if number:
                self._numbered[node, number] = work
            return work

    def work(self, task: str) -> Work | None:
        """Return a repair by its task's id."""
        return self._works.get(task)

    def numbered(self, node: str, number: int) -> Work | None:
        """Return a repair by the number that a node gave it since it was started."""
        return self._numbered.get((node, number)) if number <= self._numbers.get(node, 0) else None

    def running(self, *, node: str | None) -> list[Work]:
        """Return what runs on a node, or (None) of tablets."""
        with self._lock:
            works = list(self._works.values())
        return [
            work
            for work in works
            if self.state(work) == "running" and (work.node == node if node else not work.number)
        ]

    def state(self, work: Work) -> str:
        """Return how a repair stands: ``running``, ``done`` or ``failed``."""
        if work.aborted_at is not None:
            return "failed"
        if time.monotonic() < work.began_s + work.seconds:
            return "running"
        if work.fails:
            return "failed"
        return "done" if work.real is None else work.real.state()

    def wait(self, work: Work, timeout_s: float | None) -> bool:
        """Wait until a repair ends, and return whether it has."""
        until_s = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        while self.state(work) == "running":
            now_s = time.monotonic()
            if now_s >= until_s:
                return False
            left_s = max(work.began_s + work.seconds - now_s, _LOOK_EVERY_S)
            work.ended.wait(min(left_s, until_s - now_s))
        return True

    def abort(self, work: Work) -> None:
        """End a repair early, if it runs."""
        if self.state(work) == "running":
            work.aborted_at = datetime.now(UTC)
            if work.real is not None:
                work.real.abort()
            work.ended.set()

    def restart(self, node: str) -> None:
        """Scylla is restarted on a node: its repairs are cut, and their numbers begin anew."""
        for work in self.running(node=node):
            self.abort(work)
        with self._lock:
            self._numbers[node] = 0

    def status(self, work: Work) -> TaskStatus:
        """Return a repair as the task manager tells of it."""
        state = self.state(work)
        share = min((time.monotonic() - work.began_s) / work.seconds, 1.0) if work.seconds else 1.0
        if state == "running":
            # The real one may take longer.
            share = min(share, 0.99)
        elif work.ended_at is None:
            work.ended_at = work.aborted_at or work.began_at + timedelta(seconds=work.seconds)
            if work.real is not None:
                work.ended_at = work.aborted_at or datetime.now(UTC)
        error = ""
        if state == "failed":
            error = "abort requested" if work.aborted_at else "repair failed: streaming error"
        return TaskStatus(
            id=work.id,
            type="repair" if work.number else "user_repair",
            kind="node" if work.number else "cluster",
            state=state,
            start_time=task_time(work.began_at),
            end_time=task_time(work.ended_at),
            error=error,
            sequence_number=work.sequence,
            keyspace=work.keyspace,
            table="" if work.number else work.table,
            progress_units="ranges" if work.number else "tablets",
            progress_total=8.0,
            progress_completed=round(8.0 * share, 3),
        )


class RepairTask:
    """A repair as a ``Task``."""

    def __init__(self, repairs: Repairs, work: Work) -> None:
        self._repairs = repairs
        self._work = work

    def status(self) -> TaskStatus:
        """Return how it stands."""
        return self._repairs.status(self._work)

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it ends, and return whether it has."""
        return self._repairs.wait(self._work, timeout_s)

    def abort(self) -> None:
        """End it early, if it runs."""
        self._repairs.abort(self._work)
