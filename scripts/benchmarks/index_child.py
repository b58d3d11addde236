"""Indexes one backup in a process of its own, so that its memory is its own: ``DIRECTORY SSTABLES TABLES [MS]``.

From gzipped manifests to a workload that the planner can begin with, each event sealed and folded as in a run. MS is how
long each request takes.
"""

import queue
import resource
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from benchmarks.index_data import TAG, FileStore, Shape, manifest_paths, table_names

from scylla_restore.actors.location import spawn_location
from scylla_restore.actors.pykka_runtime import PykkaRuntime
from scylla_restore.engine.core.commands import IndexLocation
from scylla_restore.engine.core.fold import evolve
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.storage.port import Page
from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import LocationFailed, LocationIndexed, LocationOpened
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.model.target import BackupLocation, RestoreKind, RestoreTarget, Selection

RUN = "6f1d2c3b-0000-4000-8000-000000000001"
WHERE = BackupLocation(provider="s3", bucket="bench")
_STATUS = Path("/proc/self/status")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What it took: seconds, of all and of the processor; bytes at most; and what was done for it."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    sstables: int
    directories: int
    events: int
    manifest_reads: int
    manifests: int
    most_at_once: int


class SlowStore(FileStore):
    """One whose every request takes its time."""

    def __init__(self, root: Path, pause_s: float) -> None:
        super().__init__(root)
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._now = 0
        self.most_at_once = 0

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """Yield the pages, each after a while."""
        for page in super().pages(prefix, after=after, until=until):
            self._wait()
            yield page

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return a manifest after a while."""
        self._wait()
        return super().read(key, limit_bytes=limit_bytes)

    def _wait(self) -> None:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        if self._pause_s:
            time.sleep(self._pause_s)
        with self._lock:
            self._now -= 1


def index(root: Path, shape: Shape, pause_s: float) -> Report:
    """Index a backup, and tell what it took."""
    store = SlowStore(root, pause_s)
    events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    paths = tuple(path.path for path in manifest_paths())
    tables = table_names(shape)
    keyspaces = tuple(sorted({table.partition(":")[0] for table in tables}))
    selection = Selection(kind=RestoreKind.TABLES, locations=(WHERE,), snapshot_tag=TAG)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    state, count = RunState(run=RUN), 0
    with PykkaRuntime() as runtime:
        sealer = Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))

        def record(event: AnyEvent) -> None:
            evolve(state, sealer.seal(event, at=runtime.now(), actor="bench"))

        target = RestoreTarget(selection=selection)
        record(
            RunStarted(
                target=target, cluster="c", cluster_id="c", seed=1, started_by="bench", engine_version="0"
            )
        )
        record(LocationOpened(location=WHERE.key, manifests=paths))
        actor = spawn_location(
            runtime,
            location=WHERE.key,
            open_store=lambda _where, _via: store,
            report=events.put,
            on_crash=_crashed,
        )
        actor.tell(
            IndexLocation(
                location=WHERE.key,
                where=WHERE,
                selection=selection,
                manifests=paths,
                keyspaces=keyspaces,
                user_keyspaces=keyspaces,
                tables=tuple(tables),
            )
        )
        while True:
            event = events.get()
            count += 1
            record(event)
            if isinstance(event, LocationFailed):
                sys.exit(event.failure.message)
            if isinstance(event, LocationIndexed):
                break
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    found = state.workload.largest(WHERE.key)
    if found is None or state.workload.left != shape.sstables:
        sys.exit(f"{state.workload.left} of {shape.sstables} SSTables are ready for planning")
    return Report(
        wall_s=wall_s,
        cpu_s=cpu_s,
        peak_bytes=_peak_bytes(),
        sstables=state.workload.sstables,
        directories=len(state.workload.directories),
        events=count,
        manifest_reads=len(store.reads),
        manifests=len(set(store.reads)),
        most_at_once=store.most_at_once,
    )


def _crashed(name: str, error: BaseException) -> None:
    sys.stderr.write(f"{name} crashed: {error}\n")
    # Whoever waits for events would wait for ever.
    threading.Thread(target=lambda: sys.exit(1)).start()


def _peak_bytes() -> int:
    """Return this process's largest resident set: the kernel's own mark, which a parent's size does not count into."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    directory, sstables, tables_, *more = sys.argv[1:]
    report = index(
        Path(directory), Shape(int(sstables), int(tables_)), float(more[0]) / 1000 if more else 0.0
    )
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
