"""Scylla's native restore: a task of a node that reads SSTables from an object store and streams them."""

import itertools
import shutil
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.loaded import Load, LoadedSSTable
from scylla_restore.engine.lab.native_source import NativeSource, toc_sstable
from scylla_restore.engine.lab.pace import MIB, slowed
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.request_log import timestamp
from scylla_restore.engine.lab.side import Sink
from scylla_restore.engine.lab.sstables import FoundSSTable, LoadFailure, check
from scylla_restore.engine.lab.state import Speeds, Table
from scylla_restore.engine.lab.tasks import TaskStatus, task_time
from scylla_restore.engine.lab.throttle import Throttle

MODULE = "sstables_loader"
DEFAULT_USER_TTL_S = 3600
_BATCH = 16
_ABORTED = "abort requested"


class NativeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored: TOC objects below a prefix; ``slow``, ``corrupt`` and ``fails`` are faults."""

    source: NativeSource
    names: tuple[str, ...]
    scope: str = "all"
    primary_replica_only: bool = False
    slow: bool = False
    fails: bool = False


class NativeSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a node's native restores work with. Files are put together in ``directory`` before they are loaded."""

    speeds: Speeds
    directory: Path
    sink: Sink
    is_slow: Callable[[], bool]

    @property
    def rate(self) -> float | None:
        """Bytes a second: it downloads and loads in one, at the speed of the slower of the two."""
        limits = [limit * MIB for limit in (self.speeds.download_mbps, self.speeds.load_mbps) if limit]
        return min(limits) if limits else None


class NativeRestores:
    """All native restores of one life of a node. Ended ones are known for ``user_ttl_s`` seconds."""

    def __init__(self, setup: NativeSetup) -> None:
        self._setup = setup
        self._sequence = itertools.count(1)
        self._tasks: dict[str, NativeTask] = {}
        self._throttle = Throttle()
        self._lock = threading.Lock()
        self.user_ttl_s = DEFAULT_USER_TTL_S
        self.is_dead = False
        # What an earlier life had not put where it belongs is worth nothing.
        shutil.rmtree(setup.directory, ignore_errors=True)

    def begin(self, table: Table, request: NativeRequest) -> str:
        """Begin a restore into a table and return its task's id."""
        task = NativeTask(self._setup, self._throttle, table, request, next(self._sequence))
        with self._lock:
            self._tasks[task.id] = task
        threading.Thread(target=self._run, args=(task,), name=f"lab-{task.id}", daemon=True).start()
        return task.id

    def task(self, task_id: str) -> "NativeTask | None":
        """Return a task, if it is known (any more)."""
        self._forget()
        return self._tasks.get(task_id)

    def tasks(self) -> list[TaskStatus]:
        """Return all tasks that are known."""
        self._forget()
        with self._lock:
            return [task.status() for task in self._tasks.values()]

    def stop(self) -> None:
        """Kill the node: its tasks end where they are, and who waits for them is cut off."""
        self.is_dead = True
        with self._lock:
            tasks = tuple(self._tasks.values())
        for task in tasks:
            task.abort()

    def _run(self, task: "NativeTask") -> None:
        task.run()
        task.forgotten_at_s = time.monotonic() + self.user_ttl_s

    def _forget(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._tasks = {name: task for name, task in self._tasks.items() if now < task.forgotten_at_s}


class NativeTask:
    """One native restore; a ``Task`` that also runs."""

    def __init__(
        self, setup: NativeSetup, throttle: Throttle, table: Table, request: NativeRequest, sequence: int
    ) -> None:
        self.id = str(uuid.uuid4())
        self.forgotten_at_s = float("inf")
        self._setup = setup
        self._throttle = throttle
        self._table = table
        self._request = request
        self._sequence = sequence
        self._directory = setup.directory / self.id
        self._state = "created"
        self._error = ""
        self._began_at = datetime.now(UTC)
        self._ended_at: datetime | None = None
        self._batches = 0
        self._batches_done = 0
        self._share_of_batch = 0.0
        self._interrupted = threading.Event()
        self._ended = threading.Event()

    def status(self) -> TaskStatus:
        """Return how it stands; before it has counted its work there are 0 of 0 batches."""
        return TaskStatus(
            id=self.id,
            type="download_sstables",
            state=self._state,
            start_time=task_time(self._began_at),
            end_time=task_time(self._ended_at),
            error=self._error,
            sequence_number=self._sequence,
            keyspace=self._table.keyspace,
            table=self._table.table,
            progress_units="batches",
            progress_total=float(self._batches),
            progress_completed=round(self._batches_done + self._share_of_batch, 3),
        )

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it ends, and return whether it has."""
        return self._ended.wait(timeout_s)

    def abort(self) -> None:
        """End it early, if it runs."""
        self._interrupted.set()

    def run(self) -> None:
        """Restore, and keep how it ended."""
        began_s, began_at = time.monotonic(), time.time()
        self._state = "running"
        sstables: list[LoadedSSTable] = []
        try:
            self._restore_all(sstables)
            self._interrupted.wait(max(0.0, self._setup.speeds.load_min_s - (time.monotonic() - began_s)))
            self._stop_where_asked()
        except CallRefused as refused:
            self._error = refused.message
        except (LoadFailure, OSError) as failure:
            self._error = str(failure)
        shutil.rmtree(self._directory, ignore_errors=True)
        self._setup.sink.record(
            Load(
                at=timestamp(began_at),
                keyspace=self._table.keyspace,
                table=self._table.table,
                seconds=round(time.monotonic() - began_s, 6),
                sstables=tuple(sstables),
                error=self._error,
                native=True,
            )
        )
        self._ended_at = datetime.now(UTC)
        self._state = "failed" if self._error else "done"
        self._ended.set()

    def _restore_all(self, sstables: list[LoadedSSTable]) -> None:
        request = self._request
        if self._table.view_of:
            raise LoadFailure(
                "Loading Materialized View SSTables is not supported. Re-create the view instead."
            )
        if request.scope == "node" and request.primary_replica_only:
            raise LoadFailure("Node scoped streaming of primary replica only is not supported")
        names = [toc_sstable(name) for name in request.names]
        batches = [names[first : first + _BATCH] for first in range(0, len(names), _BATCH)]
        self._batches = len(batches)
        for number, batch in enumerate(batches, start=1):
            read = self._read(batch)
            if request.fails and number == len(batches):
                raise LoadFailure("streaming error: the connection was closed by a replica")
            sstables += self._load(read)
            self._share_of_batch = 0.0
            self._batches_done = number

    def _read(self, batch: list[str]) -> list[FoundSSTable]:
        """Put the files of a batch into the task's directory."""
        self._directory.mkdir(parents=True, exist_ok=True)
        source = self._request.source
        read = [source.describe(name) for name in batch]
        whole = sum(source.size(sstable) for sstable in read) or 1
        done = 0
        for sstable in read:
            for piece in source.fetch(sstable, self._directory):
                self._push(piece)
                done += piece
                self._share_of_batch = 0.999 * done / whole
        return read

    def _load(self, batch: list[FoundSSTable]) -> list[LoadedSSTable]:
        sizes = [check(self._directory, sstable) for sstable in batch]
        kept = self._setup.sink.stream(self._directory, self._table, batch)
        return [
            LoadedSSTable(name=sstable.name, kept_as=kept_as, size=size)
            for sstable, kept_as, size in zip(batch, kept, sizes, strict=True)
        ]

    def _push(self, size: int) -> None:
        rate = self._setup.rate
        if self._request.slow or self._setup.is_slow():
            rate = slowed(rate)
        self._throttle.push(size, rate, self._interrupted)
        self._stop_where_asked()

    def _stop_where_asked(self) -> None:
        if self._interrupted.is_set():
            raise LoadFailure(_ABORTED)
