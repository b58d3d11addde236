"""What a node can be asked: the agent's REST API, and Scylla's through it.

Every method is one request (a listing may be streamed), has a timeout, and raises only ``NodeError``s:

* ``NodeUnreachable``  no answer: refused, reset, timed out, or a gateway error of the agent's proxy. A request that
  alters something may or may not have been carried out.
* ``NodeRefused``      an answer that says no, with its status and words
* ``DirectoryMissing``, ``JobUnknown``, ``LoadBusy``  refusals that the engine knows what to do about
"""

from typing import Protocol

import msgspec

from scylla_restore.engine.cluster.native_port import NativeCalls
from scylla_restore.engine.core.object_storage import AgentStore, ScyllaStore
from scylla_restore.events.model.nodes import DiscoveredNode


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a node tells of itself; ``shards`` are counted from Scylla's metrics.

    ``clock_skew_ms`` is by how much its clock is ahead of this host's, to about a second; None where it does not tell.
    ``agent_stores`` is what its agent is configured with, by provider, ``scylla_stores`` what Scylla is.
    """

    scylla_version: str
    agent_version: str
    shards: int
    clock_skew_ms: int | None = None
    agent_stores: dict[str, AgentStore] = {}
    scylla_stores: tuple[ScyllaStore, ...] = ()


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a listing; ``path`` is relative to what was listed, ``size`` in bytes (-1 for directories)."""

    path: str
    size: int
    is_dir: bool


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's job; ``status`` is ``running``, ``success`` or ``error``; sizes are bytes."""

    status: str
    started_at: str
    error: str
    uploaded: int
    skipped: int
    failed: int


class DiskSpace(msgspec.Struct, frozen=True, kw_only=True):
    """The data directory's file system, in bytes."""

    total: int
    free: int


class ClusterTopology(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster through one node's eyes. ``not_normal`` names nodes that are down, joining or leaving."""

    name: str
    nodes: tuple[DiscoveredNode, ...]
    not_normal: dict[str, str]
    keyspaces: tuple[str, ...]
    user_keyspaces: tuple[str, ...]
    tables: tuple[str, ...]


class RingRange(msgspec.Struct, frozen=True, kw_only=True):
    """A token range: ``start`` is not in it, ``end`` is; the last one wraps around. The first replica is the primary one."""

    start: str
    end: str
    replicas: tuple[str, ...]


class ScyllaTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task as Scylla's task manager lists it; a vnode repair's ``sequence`` is the repair's number."""

    id: str
    type: str
    state: str
    keyspace: str
    table: str
    sequence: int

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("created", "running")


class TaskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a task stands: ``state`` is ``running``, ``done`` or ``failed``; ``total`` is 0 while it is not known."""

    state: str
    error: str
    completed: float
    total: float


class NodeGateway(NativeCalls, Protocol):
    """One node, reached through its agent. All paths are below ``data:`` unless they name a location."""

    def cluster_name(self) -> str:
        """Return the cluster's name."""
        ...

    def topology(self) -> ClusterTopology:
        """Return the cluster as this node sees it.

        ``keyspaces`` are those of type ``non_local_strategy``, ``user_keyspaces`` of type ``user``, ``tables``
        are all tables and views as ``<keyspace>:<table>``.
        """
        ...

    def info(self) -> NodeInfo:
        """Return the node's versions and shard count."""
        ...

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> tuple[RemoteFile, ...]:
        """List ``<provider>:<bucket>/<path>`` with the agent's own credentials: one level of it, or all.

        Raises:
            DirectoryMissing: there is no such bucket or directory. Object stores list a missing directory as empty.
        """
        ...

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole object of ``<provider>:<bucket>``; the agent hands out manifests and schema files only.

        Raises:
            DirectoryMissing: there is no such object.
            NodeRefused: it has more than ``limit_bytes`` (its status is a good one then), or is not handed out.
        """
        ...

    def list_files(self, path: str) -> tuple[RemoteFile, ...]:
        """List the files directly in ``data:<path>``.

        Raises:
            DirectoryMissing: there is no such directory.
        """
        ...

    def list_directories(self, path: str) -> tuple[str, ...]:
        """List the names of the directories directly in ``data:<path>``.

        Raises:
            DirectoryMissing: there is no such directory.
        """
        ...

    def disk_space(self) -> DiskSpace:
        """Return total and free bytes of the data directory's file system."""
        ...

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
        """Begin copying ``names`` of ``<location>/<source>`` into ``data:<destination>`` and return the job's id.

        Never repeated by the gateway: a lost answer may mean that a job runs. Jobs are numbered in turn; one without
        ``names`` copies nothing.
        """
        ...

    def start_copy_renamed(self, *, location: str, source: str, destination: str) -> int:
        """Begin copying one object to the file ``data:<destination>`` and return the job's id."""
        ...

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        """Wait until the job ends, at most ``wait_s`` (≥ 1) seconds, and tell how it stands.

        Raises:
            JobUnknown: the agent knows no such job, so it was restarted.
        """
        ...

    def stop_job(self, job: int) -> None:
        """Ask a job to end; it may go on for a moment. An unknown or finished job is no error."""
        ...

    def forget_job(self, job: int) -> None:
        """Delete a finished job's statistics."""
        ...

    def move_directory(self, source: str, destination: str) -> None:
        """Rename all files of ``data:<source>`` into ``data:<destination>``, which is made if need be; repeatable.

        Raises:
            DirectoryMissing: there is no such source.
        """
        ...

    def purge(self, path: str) -> None:
        """Remove ``data:<path>`` and all below it; a missing directory is no error."""
        ...

    def delete_files(self, path: str, names: tuple[str, ...]) -> None:
        """Remove files directly in ``data:<path>`` by their names; one that is not there is no error."""
        ...

    def load_and_stream(self, keyspace: str, table: str) -> None:
        """Load what is in the table's ``upload`` and stream it to primary replicas; blocks until it is done.

        Raises:
            LoadBusy: another load excludes this one for now.
            NodeUnreachable: the answer was lost; the load may go on.
        """
        ...

    def tablet_keyspaces(self) -> tuple[str, ...]:
        """Return the keyspaces that are replicated by tablets."""
        ...

    def ring(self, keyspace: str) -> tuple[RingRange, ...]:
        """Return the token ranges of a keyspace that is not replicated by tablets."""
        ...

    def table_size(self, keyspace: str, table: str) -> int:
        """Return the bytes that the table takes on this node's disk."""
        ...

    def start_repair(self, keyspace: str, table: str, *, ranges: tuple[tuple[str, str], ...]) -> int:
        """Begin to repair ranges (start, end) of a table, none of which wraps around, and return the repair's number.

        Without any the whole table, in the way for small ones. Numbers begin anew when Scylla is restarted.
        """
        ...

    def repair_state(self, repair: int, *, wait_s: int) -> str:
        """Wait until a repair ends, at most ``wait_s`` seconds: ``RUNNING``, ``SUCCESSFUL`` or ``FAILED``.

        Raises:
            TaskUnknown: there is no repair of that number since Scylla was started.
        """
        ...

    def start_tablet_repair(self, keyspace: str, table: str, *, full: bool) -> str:
        """Begin to repair all tablets of a table and return the task's id; ``full`` also those that were repaired before.

        Nodes that know no modes of repair always do all, and must not be told ``full``.
        """
        ...

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        """Wait until a task ends, at most ``wait_s`` seconds, and tell how it stands.

        Raises:
            TaskUnknown: there is no such task any more.
        """
        ...

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        """Return the tasks of a module: ``repair`` (vnodes, of this node), ``tablets`` (of the cluster), or native restores."""
        ...

    def abort_task(self, task: str) -> None:
        """Ask a task to end.

        Raises:
            TaskUnknown: there is no such task.
        """
        ...

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        """Return how far each node is with building a view: ``UNKNOWN``, ``STARTED`` or ``SUCCESS`` by its address.

        Empty where there is no such view. An index is the view ``<index>_index``.
        """
        ...

    def read_barrier(self) -> None:
        """See to it that the node knows of every change of the schema that was made so far.

        Raises:
            NodeRefused: it is one that knows no such thing.
        """
        ...

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        """Whether the node compacts the table by itself."""
        ...

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        """Switch automatic compaction of the table on this node."""
        ...

    def transfers(self) -> int:
        """Return the agent's number of parallel transfers."""
        ...

    def set_transfers(self, transfers: int) -> None:
        """Set it; -1 is the agent's configured default."""
        ...

    def bandwidth_rate(self) -> str:
        """Return the agent's bandwidth limit in its own text: ``off``, ``100M``."""
        ...

    def set_bandwidth_rate(self, rate: str) -> None:
        """Set it, in the same text."""
        ...

    def cpus(self) -> tuple[int, ...]:
        """Return the CPUs that the agent is pinned to."""
        ...

    def pin_cpu(self) -> None:
        """Pin the agent to its CPUs again."""
        ...

    def unpin_cpu(self) -> None:
        """Let the agent use all CPUs."""
        ...

    def close(self) -> None:
        """Close connections; calls under way end with ``NodeUnreachable``."""
        ...
