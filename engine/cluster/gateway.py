"""The gateway to a real node: the port, made of the agent's and Scylla's REST APIs."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from scylla_restore.engine.cluster.agent_api import AgentApi
from scylla_restore.engine.cluster.calls import Calls
from scylla_restore.engine.cluster.connections import KEPT_CONNECTIONS
from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import NodeClient
from scylla_restore.engine.cluster.native_api import NativeApi
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
from scylla_restore.engine.cluster.rclone import Rclone
from scylla_restore.engine.cluster.rclone_files import RcloneFiles
from scylla_restore.engine.cluster.rclone_jobs import RcloneJobs
from scylla_restore.engine.cluster.repair_api import RepairApi
from scylla_restore.engine.cluster.scylla_api import ScyllaApi
from scylla_restore.engine.core.client_services import ClientServices
from scylla_restore.engine.core.object_storage import ScyllaStore
from scylla_restore.events.model.nodes import DiscoveredNode

_NAMES_AT_ONCE = 1_000
"""So many files are deleted by one request, as Scylla Manager does it."""

T = TypeVar("T")


class RestNodeGateway:
    """A ``NodeGateway`` over HTTPS. Several threads may use it at once; whoever asked for it closes it."""

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        rclone, calls = Rclone(client, timeouts), Calls(client, timeouts)
        self.agent = AgentApi(calls)
        self.files = RcloneFiles(rclone)
        self.jobs = RcloneJobs(rclone)
        self.scylla = ScyllaApi(calls)
        self.repairs = RepairApi(calls)
        self.native = NativeApi(calls)

    @property
    def address(self) -> str:
        """The node's address, as the cluster names it."""
        return self._client.node

    @property
    def closed(self) -> bool:
        """Whether it was closed, so that all calls end with ``NodeUnreachable``."""
        return self._client.closed

    def cluster_name(self) -> str:
        """See the port."""
        return self.scylla.cluster_name()

    def topology(self) -> ClusterTopology:
        """See the port. Makes two calls for each node of the cluster, a few at a time."""
        scylla = self.scylla
        host_ids = scylla.host_ids()
        live, joining, leaving = set(scylla.live()), set(scylla.joining()), set(scylla.leaving())
        addresses = sorted(host_ids)
        datacenters = _all(scylla.datacenter, addresses)
        racks = _all(scylla.rack, addresses)
        nodes = [
            DiscoveredNode(address=address, host_id=host_ids[address], dc=datacenter, rack=rack)
            for address, datacenter, rack in zip(addresses, datacenters, racks, strict=True)
        ]
        not_normal = {address: "down" for address in addresses if address not in live}
        not_normal |= dict.fromkeys(sorted(leaving), "leaving") | dict.fromkeys(sorted(joining), "joining")
        return ClusterTopology(
            name=scylla.cluster_name(),
            nodes=tuple(sorted(nodes, key=lambda node: (node.dc, node.address))),
            not_normal=not_normal,
            keyspaces=scylla.keyspaces("non_local_strategy"),
            user_keyspaces=scylla.keyspaces("user"),
            tables=scylla.tables(),
        )

    def info(self) -> NodeInfo:
        """See the port."""
        info = self.agent.node_info()
        return NodeInfo(
            scylla_version=info.scylla_version or self.scylla.release_version(),
            agent_version=info.agent_version,
            shards=self.scylla.shards(),
            clock_skew_ms=self._client.clock_skew_ms,
            agent_stores=info.rclone_backend_config or {},
            scylla_stores=tuple(
                ScyllaStore(
                    name=entry.name or name,
                    type=entry.type,
                    port=entry.port,
                    use_https=entry.use_https,
                )
                for name, entry in sorted((info.object_storage_endpoints or {}).items())
            ),
        )

    def client_services(self, address: str) -> ClientServices:
        """Return where the node at ``address``, which is this one, serves clients.

        Raises:
            NodeError: see the port.
        """
        return self.agent.client_services(address)

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> tuple[RemoteFile, ...]:
        """See the port."""
        return self.files.list_location(location, path, recursive=recursive)

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        return self.files.read_object(location, path, limit_bytes=limit_bytes)

    def list_files(self, path: str) -> tuple[RemoteFile, ...]:
        """See the port."""
        return self.files.list_data(path, options=("filesOnly",))

    def list_directories(self, path: str) -> tuple[str, ...]:
        """See the port."""
        return tuple(entry.path for entry in self.files.list_data(path, options=("dirsOnly",)))

    def disk_space(self) -> DiskSpace:
        """See the port."""
        return self.files.about_data()

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
        """See the port."""
        return self.jobs.copy_paths(
            location=location,
            source=source,
            names=names,
            destination=destination,
            transfers=transfers,
            bandwidth_rate=bandwidth_rate,
        )

    def start_copy_renamed(self, *, location: str, source: str, destination: str) -> int:
        """See the port."""
        return self.jobs.copy_file(location=location, source=source, destination=destination)

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        """See the port."""
        return self.jobs.job_progress(job, wait_s=wait_s)

    def stop_job(self, job: int) -> None:
        """See the port."""
        self.jobs.stop_job(job)

    def forget_job(self, job: int) -> None:
        """See the port."""
        self.jobs.delete_job_statistics(job)

    def move_directory(self, source: str, destination: str) -> None:
        """See the port."""
        self.files.move_directory(source, destination)

    def purge(self, path: str) -> None:
        """See the port."""
        self.files.purge(path)

    def delete_files(self, path: str, names: tuple[str, ...]) -> None:
        """See the port."""
        for first in range(0, len(names), _NAMES_AT_ONCE):
            self.files.delete_paths(path, names[first : first + _NAMES_AT_ONCE])

    def load_and_stream(self, keyspace: str, table: str) -> None:
        """See the port."""
        self.scylla.load_and_stream(keyspace, table)

    def tablet_keyspaces(self) -> tuple[str, ...]:
        """See the port."""
        return self.repairs.tablet_keyspaces()

    def ring(self, keyspace: str) -> tuple[RingRange, ...]:
        """See the port."""
        return self.repairs.ring(keyspace)

    def table_size(self, keyspace: str, table: str) -> int:
        """See the port."""
        return self.repairs.table_size(keyspace, table)

    def start_repair(self, keyspace: str, table: str, *, ranges: tuple[tuple[str, str], ...]) -> int:
        """See the port."""
        return self.repairs.start_repair(keyspace, table, ranges)

    def repair_state(self, repair: int, *, wait_s: int) -> str:
        """See the port."""
        return self.repairs.repair_state(repair, wait_s=wait_s)

    def start_tablet_repair(self, keyspace: str, table: str, *, full: bool) -> str:
        """See the port."""
        return self.repairs.start_tablet_repair(keyspace, table, full=full)

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        """See the port."""
        return self.repairs.task_status(task, wait_s=wait_s)

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        """See the port."""
        return self.repairs.tasks(module)

    def abort_task(self, task: str) -> None:
        """See the port."""
        self.repairs.abort_task(task)

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        """See the port."""
        return self.scylla.view_builds(keyspace, view)

    def read_barrier(self) -> None:
        """See the port."""
        self.scylla.read_barrier()

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
        """See the port."""
        return self.native.start(
            endpoint=endpoint, bucket=bucket, prefix=prefix, keyspace=keyspace, table=table, sstables=sstables
        )

    def user_ttl(self) -> int:
        """See the port."""
        return self.native.user_ttl()

    def set_user_ttl(self, seconds: int) -> None:
        """See the port."""
        self.native.set_user_ttl(seconds)

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        """See the port."""
        return self.scylla.auto_compaction(keyspace, table)

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        """See the port."""
        self.scylla.set_auto_compaction(keyspace, table, enabled=enabled)

    def transfers(self) -> int:
        """See the port."""
        return self.jobs.transfers()

    def set_transfers(self, transfers: int) -> None:
        """See the port."""
        self.jobs.set_transfers(transfers)

    def bandwidth_rate(self) -> str:
        """See the port."""
        return self.jobs.bandwidth_rate()

    def set_bandwidth_rate(self, rate: str) -> None:
        """See the port."""
        self.jobs.set_bandwidth_rate(rate)

    def cpus(self) -> tuple[int, ...]:
        """See the port."""
        return self.agent.pinned_cpus()

    def pin_cpu(self) -> None:
        """See the port."""
        self.agent.pin_cpu()

    def unpin_cpu(self) -> None:
        """See the port."""
        self.agent.unpin_cpu()

    def close(self) -> None:
        """See the port."""
        self._client.close()


def _all(ask: Callable[[str], T], addresses: Iterable[str]) -> list[T]:
    """Ask about every address, as many at a time as connections are kept."""
    with ThreadPoolExecutor(KEPT_CONNECTIONS, thread_name_prefix="topology") as workers:
        return list(workers.map(ask, addresses))
