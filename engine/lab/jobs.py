"""The agent's jobs: what runs, how far it is, and how it ends."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from loguru import logger

from scylla_restore.engine.lab.refusals import CallRefused, Interrupted

ZERO_TIME = "0001-01-01T00:00:00Z"
_TRANSFERRED_KEPT = 100


def go_time(nanoseconds: int) -> str:
    """Return a time as Go writes it: RFC 3339, UTC, nanoseconds without zeros at the end."""
    seconds, rest = divmod(nanoseconds, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


class Transfer(msgspec.Struct, kw_only=True):
    """One file of a job; ``checked`` is one that was there already. Times are ns since 1970, 0 while unknown."""

    name: str
    size: int
    bytes: int = 0
    checked: bool = False
    started_ns: int
    completed_ns: int = 0
    error: str = ""


class Stats:
    """What a job has moved, in bytes. Deleting a group's statistics leaves the job with empty ones."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.uploaded = 0
        self.skipped = 0
        self.failed = 0
        self.errors = 0
        self.transfers = 0
        self.under_way: dict[str, Transfer] = {}
        self.transferred: deque[Transfer] = deque(maxlen=_TRANSFERRED_KEPT)


class Job:
    """One call that runs, in a thread of its own or in that of a request (id 0)."""

    def __init__(
        self, job_id: int, *, slow: bool = False, corrupt: bool = False, disk_full: bool = False
    ) -> None:
        self.id = job_id
        self.group = f"job/{job_id}"
        self.slow = slow
        self.corrupt = corrupt
        self.disk_full = disk_full
        self.stats = Stats()
        self.error = ""
        self.output: object = None
        self.started_ns = time.time_ns()
        self.completed_ns: int | None = None
        self.finished = threading.Event()
        self.interrupted = threading.Event()
        self.abandoned = False
        self._lock = threading.Lock()

    @property
    def status(self) -> str:
        """``running``, ``success`` or ``error``."""
        if self.completed_ns is None:
            return "running"
        return "error" if self.error else "success"

    def run(self, work: Callable[["Job"], object]) -> None:
        """Do the work and keep how it ended."""
        try:
            self.output = work(self)
        except Interrupted:
            self.error = "context canceled"
        except CallRefused as refused:
            self.error = refused.message
        except Exception:  # noqa: BLE001 - a defect of the lab must end the job, not hang whoever waits for it
            logger.exception("the lab failed in job {}", self.id)
            self.error = "the lab itself failed"
        self.completed_ns = time.time_ns()
        self.finished.set()

    def interrupt_after(self, delay_s: float) -> None:
        """Stop the job, but not at once."""
        timer = threading.Timer(delay_s, self.interrupted.set)
        timer.daemon = True
        timer.start()

    def begin(self, name: str, size: int) -> Transfer:
        """Note that a file is being copied."""
        transfer = Transfer(name=name, size=size, started_ns=time.time_ns())
        with self._lock:
            self.stats.under_way[name] = transfer
        return transfer

    def advance(self, transfer: Transfer, size: int) -> None:
        """Note that ``size`` more bytes are there."""
        with self._lock:
            transfer.bytes += size
            self.stats.uploaded += size

    def end(self, transfer: Transfer, error: str = "") -> None:
        """Note that a file is there, or that it never will be: then its bytes count as failed."""
        transfer.error = error
        transfer.completed_ns = time.time_ns()
        with self._lock:
            stats = self.stats
            stats.under_way.pop(transfer.name, None)
            stats.transferred.append(transfer)
            if error:
                stats.uploaded = max(0, stats.uploaded - transfer.bytes)
                stats.failed += transfer.size
                stats.errors += 1
            else:
                stats.transfers += 1

    def skip(self, name: str, size: int) -> None:
        """Note that a file was there already."""
        now = time.time_ns()
        transfer = Transfer(name=name, size=size, bytes=size, checked=True, started_ns=now, completed_ns=now)
        with self._lock:
            self.stats.skipped += size
            self.stats.transferred.append(transfer)


class JobTable:
    """All jobs of one life of an agent."""

    def __init__(self, first_id: int) -> None:
        self._next_id = first_id
        self._jobs: dict[int, Job] = {}
        self._inline: set[Job] = set()
        self._lock = threading.Lock()

    @property
    def next_id(self) -> int:
        """The id that the next job will get."""
        return self._next_id

    def start(self, make: Callable[[int], Job], work: Callable[[Job], object]) -> Job:
        """Make a job and run its work in a thread of its own."""
        with self._lock:
            job = make(self._next_id)
            self._jobs[job.id] = job
            self._next_id += 1
        threading.Thread(target=job.run, args=(work,), name=f"lab-job-{job.id}", daemon=True).start()
        return job

    @contextmanager
    def inline(self, job: Job) -> Iterator[None]:
        """Know a job that runs in the thread of a request, as long as it does: it dies with the agent too."""
        with self._lock:
            self._inline.add(job)
        try:
            yield
        finally:
            with self._lock:
                self._inline.discard(job)

    def find(self, job_id: int) -> Job | None:
        """Return a job, if it is known."""
        return self._jobs.get(job_id)

    def all(self) -> tuple[Job, ...]:
        """Return all jobs."""
        with self._lock:
            return tuple(self._jobs.values())

    def abandon(self) -> None:
        """Let all running jobs die where they are, with what they have written left behind."""
        with self._lock:
            inline = tuple(self._inline)
        for job in (*self.all(), *inline):
            if not job.finished.is_set():
                job.abandoned = True
                job.interrupted.set()
