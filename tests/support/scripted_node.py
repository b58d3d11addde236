"""A node that keeps files in a dictionary and does as it is told: fails, loses answers, forgets jobs."""

from collections import defaultdict, deque
from collections.abc import Callable

from scylla_restore.engine.cluster.port import (
    ClusterTopology,
    DiskSpace,
    JobProgress,
    NodeInfo,
    RemoteFile,
    RingRange,
    ScyllaTask,
    TaskStatus,
)
from scylla_restore.engine.errors import (
    DirectoryMissing,
    JobUnknown,
    LoadBusy,
    NodeError,
    NodeRefused,
    NodeUnreachable,
    TaskUnknown,
)
from scylla_restore.events.model.nodes import DiscoveredNode

ADDRESS = "127.0.0.11"
AGENT_STARTED = "2026-01-01T00:00:00Z"


def unreachable(call: str = "any") -> NodeUnreachable:
    return NodeUnreachable("no answer", node=ADDRESS, call=call)


def refused(words: str = "no", status: int = 500) -> NodeRefused:
    return NodeRefused(words, node=ADDRESS, call="any", status=status)


def missing() -> DirectoryMissing:
    return DirectoryMissing("directory not found", node=ADDRESS, call="operations/list", status=404)


def unknown_job() -> JobUnknown:
    return JobUnknown("job not found", node=ADDRESS, call="job/progress", status=404)


def busy() -> LoadBusy:
    return LoadBusy("Already loading SSTables", node=ADDRESS, call="load", status=500)


def progress(
    status: str = "success", uploaded: int = 0, error: str = "", at: str = AGENT_STARTED
) -> JobProgress:
    return JobProgress(status=status, started_at=at, error=error, uploaded=uploaded, skipped=0, failed=0)


def task_state(state: str, *, completed: float = 0.0, total: float = 0.0, error: str = "") -> TaskStatus:
    return TaskStatus(state=state, error=error, completed=completed, total=total)


def unknown_task() -> TaskUnknown:
    return TaskUnknown("unknown repair id 1", node=ADDRESS, call="repair_status", status=400)


class ScriptedNode:
    """Implements ``NodeGateway``.

    ``fails[method]`` are errors to raise in turn, each in place of a call; ``loses[method]`` counts calls that are
    carried out and then not answered; ``answers[job]`` are what a job's progress is in turn, the last one for good.
    """

    def __init__(self) -> None:
        self.directories: dict[str, dict[str, int]] = {}
        self.objects: dict[str, int] = {}
        self.space = DiskSpace(total=1_000_000, free=900_000)
        self.fails: defaultdict[str, deque[NodeError]] = defaultdict(deque)
        self.loses: defaultdict[str, int] = defaultdict(int)
        self.before: dict[str, Callable[[], None]] = {}
        self.answers: defaultdict[int, deque[JobProgress]] = defaultdict(deque)
        self.jobs: dict[int, int] = {}
        self.builds: deque[dict[str, str]] = deque()
        self.stopped: list[int] = []
        self.forgotten: list[int] = []
        self.loaded: list[dict[str, int]] = []
        self.uploads: dict[tuple[str, str], str] = {}
        self.compaction: dict[str, bool] = {}
        self.agent_transfers = 2
        self.agent_rate = "off"
        self.is_pinned = True
        self.unlistable: dict[str, NodeError] = {}
        self.topologies: deque[ClusterTopology] = deque()
        self.on_tablets: tuple[str, ...] = ()
        self.ranges: tuple[RingRange, ...] = ()
        self.table_bytes = 0
        self.repair_states: deque[str] = deque()
        self.task_states: deque[TaskStatus] = deque()
        self.listed_tasks: tuple[ScyllaTask, ...] = ()
        self.aborted: list[str] = []
        self.node_info = NodeInfo(scylla_version="2025.1.5", agent_version="3.5", shards=2)
        self.known_for_s = 60
        self.repairs = 0
        self.calls: list[str] = []
        self.asked: list[tuple[object, ...]] = []

    def _enter(self, method: str, *arguments: object) -> None:
        self.calls.append(method)
        self.asked.append((method, *arguments))
        if method in self.before:
            self.before[method]()
        if self.fails[method]:
            raise self.fails[method].popleft()

    def _leave(self, method: str) -> None:
        if self.loses[method]:
            self.loses[method] -= 1
            raise unreachable(method)

    def cluster_name(self) -> str:
        return "lab"

    def topology(self) -> ClusterTopology:
        self._enter("topology")
        return self.topologies.popleft()

    def info(self) -> NodeInfo:
        self._enter("info")
        return self.node_info

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> tuple[RemoteFile, ...]:
        self._enter("list_location", location, path, recursive)
        if location in self.unlistable:
            raise self.unlistable[location]
        return ()

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        self._enter("read_object", location, path, limit_bytes)
        raise missing()

    def list_files(self, path: str) -> tuple[RemoteFile, ...]:
        self._enter("list_files")
        if path not in self.directories:
            raise missing()
        return tuple(
            RemoteFile(path=name, size=size, is_dir=False) for name, size in self.directories[path].items()
        )

    def list_directories(self, path: str) -> tuple[str, ...]:
        self._enter("list_directories")
        below = {name.removeprefix(f"{path}/").split("/")[0] for name in self.directories if name != path}
        if not any(name.startswith(f"{path}/") for name in self.directories):
            raise missing()
        return tuple(sorted(below))

    def disk_space(self) -> DiskSpace:
        self._enter("disk_space")
        return self.space

    def start_copy(
        self,
        *,
        location: str,
        source: str,
        names: tuple[str, ...],
        destination: str,
        transfers: int | None,
        bandwidth_rate: str | None,
    ) -> int:
        self._enter("start_copy", location, source, transfers, bandwidth_rate)
        job = self._new_job({name: name for name in names}, destination)
        self._leave("start_copy")
        return job

    def start_copy_renamed(self, *, location: str, source: str, destination: str) -> int:
        self._enter("start_copy_renamed", location)
        directory, _, name = destination.rpartition("/")
        job = self._new_job({name: source.rpartition("/")[2]}, directory)
        self._leave("start_copy_renamed")
        return job

    def _new_job(self, names: dict[str, str], destination: str) -> int:
        """Copy what there is; what is missing makes the job fail."""
        job = 1000 + len(self.jobs)
        there = {name: self.objects[source] for name, source in names.items() if source in self.objects}
        self.directories.setdefault(destination, {}).update(there)
        self.jobs[job] = sum(there.values())
        if not self.answers[job]:
            is_whole = len(there) == len(names)
            words = "" if is_whole else "failed to open source object: object not found"
            self.answers[job].append(progress("success" if is_whole else "error", self.jobs[job], words))
        return job

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        self._enter("job_progress", job, wait_s)
        if not self.answers[job]:
            raise unknown_job()
        answer = self.answers[job].popleft() if len(self.answers[job]) > 1 else self.answers[job][0]
        self._leave("job_progress")
        return answer

    def stop_job(self, job: int) -> None:
        self._enter("stop_job")
        self.stopped.append(job)
        self.answers[job] = deque([progress("error", error="context canceled")])

    def forget_job(self, job: int) -> None:
        self._enter("forget_job")
        self.forgotten.append(job)

    def move_directory(self, source: str, destination: str) -> None:
        self._enter("move_directory")
        if source not in self.directories:
            raise missing()
        self.directories.setdefault(destination, {}).update(self.directories[source])
        self.directories[source] = {}
        self._leave("move_directory")

    def purge(self, path: str) -> None:
        self._enter("purge")
        self.directories.pop(path, None)
        self._leave("purge")

    def delete_files(self, path: str, names: tuple[str, ...]) -> None:
        self._enter("delete_files", path, names)
        for name in names:
            self.directories.get(path, {}).pop(name, None)
        self._leave("delete_files")

    def load_and_stream(self, keyspace: str, table: str) -> None:
        self._enter("load_and_stream")
        path = self.uploads[keyspace, table]
        self.loaded.append(self.directories.get(path, {}))
        self.directories[path] = {}
        self._leave("load_and_stream")

    def tablet_keyspaces(self) -> tuple[str, ...]:
        self._enter("tablet_keyspaces")
        return self.on_tablets

    def ring(self, keyspace: str) -> tuple[RingRange, ...]:
        self._enter("ring", keyspace)
        return self.ranges

    def table_size(self, keyspace: str, table: str) -> int:
        self._enter("table_size", keyspace, table)
        return self.table_bytes

    def start_repair(self, keyspace: str, table: str, *, ranges: tuple[tuple[str, str], ...]) -> int:
        self._enter("start_repair", keyspace, table, ranges)
        self.repairs += 1
        self._leave("start_repair")
        return self.repairs

    def repair_state(self, repair: int, *, wait_s: int) -> str:
        self._enter("repair_state", repair, wait_s)
        return self.repair_states.popleft() if self.repair_states else "SUCCESSFUL"

    def start_tablet_repair(self, keyspace: str, table: str, *, full: bool) -> str:
        self._enter("start_tablet_repair", keyspace, table, full)
        self.repairs += 1
        self._leave("start_tablet_repair")
        return f"task-{self.repairs}"

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        self._enter("task_status", task, wait_s)
        return self.task_states.popleft() if self.task_states else task_state("done")

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        self._enter("tasks", module)
        return self.listed_tasks

    def abort_task(self, task: str) -> None:
        self._enter("abort_task", task)
        self.aborted.append(task)

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        self._enter("view_builds", keyspace, view)
        return self.builds.popleft() if self.builds else {ADDRESS: "SUCCESS"}

    def read_barrier(self) -> None:
        self._enter("read_barrier")

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
        self._enter("start_native_restore", endpoint, bucket, prefix, keyspace, table, sstables)
        self.repairs += 1
        self._leave("start_native_restore")
        return f"task-{self.repairs}"

    def user_ttl(self) -> int:
        self._enter("user_ttl")
        return self.known_for_s

    def set_user_ttl(self, seconds: int) -> None:
        self._enter("set_user_ttl")
        self.known_for_s = seconds

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        self._enter("auto_compaction")
        return self.compaction.get(f"{keyspace}:{table}", True)

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        self._enter("set_auto_compaction")
        self.compaction[f"{keyspace}:{table}"] = enabled

    def transfers(self) -> int:
        self._enter("transfers")
        return self.agent_transfers

    def set_transfers(self, transfers: int) -> None:
        self._enter("set_transfers")
        self.agent_transfers = transfers

    def bandwidth_rate(self) -> str:
        self._enter("bandwidth_rate")
        return self.agent_rate

    def set_bandwidth_rate(self, rate: str) -> None:
        self._enter("set_bandwidth_rate")
        self.agent_rate = rate

    def cpus(self) -> tuple[int, ...]:
        self._enter("cpus")
        return (0,) if self.is_pinned else ()

    def pin_cpu(self) -> None:
        self._enter("pin_cpu")
        self.is_pinned = True

    def unpin_cpu(self) -> None:
        self._enter("unpin_cpu")
        self.is_pinned = False

    def close(self) -> None:
        self._enter("close")


def topology(**not_normal: str) -> ClusterTopology:
    return ClusterTopology(
        name="lab",
        nodes=(DiscoveredNode(address=ADDRESS, host_id="h1", dc="dc1", rack="r1"),),
        not_normal=not_normal,
        keyspaces=("ks",),
        user_keyspaces=("ks",),
        tables=("ks:t",),
    )
