"""A simulated agent's jobs: copies from a bucket that take their time, whoever looks at them."""

from datetime import timedelta
from random import Random

import msgspec
from tests.simulation.simulator.disk import Disk, SimFile
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US, START

MULTI_THREAD_CUTOFF = 250 * 1024 * 1024
OBJECT_NOT_FOUND = "failed to open source object: object not found"
BROKEN_OFF = "failed to copy: read tcp: connection reset by peer"
NO_SPACE = "write: no space left on device"


class CopyItem(msgspec.Struct):
    """One file of a job: where it comes from, where it goes, and when it is copied."""

    origin: tuple[str, str]
    directory: str
    name: str
    size: int
    arrives: int
    """Bytes that will arrive: fewer than ``size`` for a copy that goes wrong without a word."""
    begin_us: int
    end_us: int


class Job(msgspec.Struct):
    """A copy under way, or what became of it."""

    id: int
    started_at: str
    items: list[CopyItem]
    words: str
    """What it will say went wrong; "" if nothing does."""
    begin_us: int
    position: int = 0
    status: str = "running"
    error: str = ""
    uploaded: int = 0
    skipped: int = 0
    failed: int = 0
    stop_us: int | None = None
    ended_us: int = 0

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.status == "running"

    def end_us(self) -> int:
        """When it will end if nothing happens to it."""
        last = self.items[-1].end_us if self.items else self.begin_us + MILLISECOND_US
        return last if self.stop_us is None else min(last, self.stop_us)


class Agent:
    """The part of an agent that copies: its jobs and their ids, which it forgets when it is restarted."""

    def __init__(self, disk: Disk, random: Random, *, bytes_per_s: int) -> None:
        self.disk = disk
        self.bytes_per_s = bytes_per_s
        self.restarts = 0
        self.breaks = 0.0
        """How likely a job is to break off half-way, for no reason of ours."""
        self.corruption = 0.0
        """How likely a copied file is to lack bytes, without a word."""
        self.jobs: dict[int, Job] = {}
        self._random = random
        self._next_id = int(START.timestamp()) - random.randint(1, 1_000_000)

    def restart(self, now_us: int, *, ids_again: bool) -> None:
        """Forget all jobs, leaving partial files under their final names; ids begin anew, maybe the same ones."""
        self.settle(now_us)
        self.restarts += 1
        if ids_again:
            self._next_id = min(self.jobs, default=self._next_id)
        else:
            self._next_id = int(START.timestamp()) + now_us // SECOND_US
        self.jobs = {}

    def start(self, now_us: int, files: list[tuple[tuple[str, str], str, str, int | None]]) -> int:
        """Begin to copy (origin, directory, name, size or None if there is no such object) and return the job's id."""
        job_id = self._next_id
        self._next_id += 1
        at_us = now_us + MILLISECOND_US
        items: list[CopyItem] = []
        skipped = 0
        words = ""
        for origin, directory, name, size in files:
            if size is None:
                words = OBJECT_NOT_FOUND
                continue
            there = self.disk.directories.get(directory, {}).get(name)
            if there is not None and there.size == size and there.origin == origin:
                skipped += size
                continue
            arrives = size
            if size > 1 and self._random.random() < self.corruption:
                arrives = self._random.randrange(size)
            end_us = at_us + MILLISECOND_US + size * SECOND_US // self.bytes_per_s
            items.append(CopyItem(origin, directory, name, size, arrives, at_us, end_us))
            at_us = end_us
        if items and self._random.random() < self.breaks:
            items, words = items[: self._random.randrange(len(items))], BROKEN_OFF
        started = (START + timedelta(microseconds=now_us)).isoformat().replace("+00:00", "Z")
        job = Job(id=job_id, started_at=started, items=items, words=words, begin_us=now_us, skipped=skipped)
        self.jobs[job_id] = job
        return job_id

    def writes_into(self, directory: str) -> bool:
        """Whether a job is at work on the directory."""
        return any(
            job.runs and any(i.directory == directory for i in job.items) for job in self.jobs.values()
        )

    def settle(self, now_us: int) -> None:
        """Bring files and jobs to where they are at ``now_us``."""
        for job in self.jobs.values():
            if job.runs:
                self._advance(job, now_us)

    def _advance(self, job: Job, now_us: int) -> None:
        until_us = now_us if job.stop_us is None else min(now_us, job.stop_us)
        while job.position < len(job.items):
            item = job.items[job.position]
            if item.begin_us > until_us:
                break
            if not self._write(job, item, until_us):
                return
            if item.end_us > until_us:
                break
            job.position += 1
        if job.position == len(job.items) and job.end_us() <= until_us:
            job.status = "error" if job.words else "success"
            job.error = job.words
            job.ended_us = job.end_us()
        elif job.stop_us is not None and job.stop_us <= now_us:
            self._cut(job)

    def _write(self, job: Job, item: CopyItem, until_us: int) -> bool:
        """Write as much of a file as has arrived; False when the disk is full, which ends the job."""
        files = self.disk.make(item.directory)
        before = files.get(item.name)
        had = before.size if before is not None and before.origin == item.origin else 0
        if item.end_us <= until_us:
            size = item.arrives
        else:
            passed = until_us - item.begin_us
            size = min(item.arrives, item.size * passed // max(1, item.end_us - item.begin_us))
        if self.disk.tight and size - had > self.disk.free:
            files.pop(item.name, None)
            job.status, job.error, job.failed = "error", NO_SPACE, job.failed + item.size
            job.ended_us = until_us
            return False
        files[item.name] = SimFile(size=size, full=item.size, origin=item.origin)
        job.uploaded = sum(done.size for done in job.items[: job.position]) + size
        return True

    def _cut(self, job: Job) -> None:
        """The job was stopped: what is half there is removed, unless it is large."""
        job.status, job.error = "error", "context canceled"
        job.ended_us = job.stop_us or 0
        if job.position < len(job.items):
            item = job.items[job.position]
            job.failed += item.size
            if item.size < MULTI_THREAD_CUTOFF:
                self.disk.directories.get(item.directory, {}).pop(item.name, None)
