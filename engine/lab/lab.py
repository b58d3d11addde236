"""A whole lab: nodes, their cluster, and a directory that outlives them."""

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from scylla_restore.engine.lab.cassandra.nodes import node_specs
from scylla_restore.engine.lab.cluster import Cluster, Membership
from scylla_restore.engine.lab.configuration import write_configuration
from scylla_restore.engine.lab.faults import Fault, FaultKind, add_fault, clear_faults
from scylla_restore.engine.lab.fleet import Fleet, FleetSetup
from scylla_restore.engine.lab.loaded import Load, read_loads
from scylla_restore.engine.lab.request_log import ServedRequest, read_requests
from scylla_restore.engine.lab.state import (
    DEFAULT_BASE_ADDRESS,
    DEFAULT_PORT,
    AzureSettings,
    CassandraSettings,
    GcsSettings,
    LabDirectory,
    LabRecord,
    NodeSpec,
    S3Settings,
    Speeds,
    Table,
    make_nodes,
)

_SCYLLA_VERSION = "2025.4.2"


class Lab:
    """A lab in ``directory``, running from ``start`` (or the ``with`` statement) to ``stop``.

    A directory that held a lab before gives it back: nodes, token, certificate, tables and what was loaded;
    ``nodes`` then changes who is in the cluster. With port 0 each node listens on a free port, which the
    configuration file's ``translate`` tells, and keeps it over restarts if it can.

    Args:
        directory: made if need be; readable by the lab's user only where it holds secrets.
        nodes: how many, or which.
        shards: of each node, if ``nodes`` is a number.
        tables: ``keyspace.table``, created at the start.
        s3: an object store that the agents reach as ``s3:``; ``localstorage:`` is always there.
        gcs: one that they reach as ``gcs:``.
        azure: one that they reach as ``azure:``.
        cassandra: real nodes to stand behind the lab's, one each, at their addresses: then rows are loaded. Tables are
            made through CQL there.
        tablets: keyspaces that are on tablets, also those that come to be later.
        base_address: of the first node, if ``nodes`` is a number; the others follow.
        port: of all agents, 0 for free ones.
        speeds: limits and delays.
        cluster: its name, in the cluster and in the configuration file.
        scylla_version: what the nodes report; from 2025.2 on they have ``object_storage_endpoints``.
    """

    def __init__(
        self,
        directory: Path,
        *,
        nodes: int | Sequence[NodeSpec] | None = None,
        shards: int = 2,
        tables: Iterable[str] = (),
        s3: S3Settings | None = None,
        gcs: GcsSettings | None = None,
        azure: AzureSettings | None = None,
        cassandra: CassandraSettings | None = None,
        tablets: Iterable[str] | None = None,
        base_address: str = DEFAULT_BASE_ADDRESS,
        port: int = 0,
        speeds: Speeds | None = None,
        cluster: str = "lab",
        scylla_version: str | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.files = LabDirectory(directory)
        self.directory = self.files.root
        self._port = port
        self._speeds = speeds or Speeds()
        self._tables = tuple(tables)
        before = self.files.record()
        if cassandra is not None:
            specs = node_specs(cassandra.urls, shards)
        elif nodes is None and before is not None:
            specs = before.nodes
        elif nodes is None or isinstance(nodes, int):
            specs = make_nodes(3 if nodes is None else nodes, shards=shards, base_address=base_address)
        else:
            specs = tuple(nodes)
        version = scylla_version or (before.scylla_version if before else _SCYLLA_VERSION)
        self._record = LabRecord(
            cluster=before.cluster if before else cluster,
            cluster_id=before.cluster_id if before else str(uuid.uuid4()),
            scylla_version=version,
            nodes=specs,
            s3=s3 or (before.s3 if before else None),
            gcs=gcs or (before.gcs if before else None),
            azure=azure or (before.azure if before else None),
            cassandra=cassandra or (before.cassandra if before and nodes is None else None),
            tablet_keyspaces=before.tablet_keyspaces if before else (),
            listeners=before.listeners if before else {},
        )
        if tablets is not None:
            self._record = msgspec.structs.replace(self._record, tablet_keyspaces=tuple(tablets))
        self._cluster = Cluster(self._record.cluster, version, specs, self.files.schema)
        self._fleet: Fleet | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all nodes; when it returns they answer.

        Raises:
            OSError: an address cannot be listened on.
        """
        self.files.buckets.mkdir(exist_ok=True)
        for spec in self._record.nodes:
            self.files.data(spec).mkdir(parents=True, exist_ok=True)
            self.files.loads(spec.address).parent.mkdir(exist_ok=True)
        self.files.save(self._record)
        for name in self._tables:
            keyspace, _, table = name.partition(".")
            self.create_table(keyspace, table)
        for known in self.files.schema.get().tables if self._record.cassandra is None else ():
            self.files.make_table_directories(known)
        fleet = Fleet(
            FleetSetup(
                files=self.files,
                record=self._record,
                speeds=self._speeds,
                cluster=self._cluster,
                port=self._port,
            )
        )
        self._fleet = fleet
        self._record = msgspec.structs.replace(self._record, listeners=fleet.listeners())
        self.files.save(self._record)
        write_configuration(self.files, self._record, self._port or DEFAULT_PORT)
        fleet.start()

    def stop(self) -> None:
        """Stop all nodes at once, whatever they are doing."""
        if self._fleet is not None:
            self._fleet.stop()
            self._fleet = None

    @property
    def nodes(self) -> tuple[NodeSpec, ...]:
        """The nodes, in the order of their addresses."""
        return self._record.nodes

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self._record.cluster

    @property
    def cluster_id(self) -> str:
        """The id under which backups of the cluster are kept."""
        return self._record.cluster_id

    @property
    def token(self) -> str:
        """The agents' token."""
        return self.files.token()

    @property
    def config_path(self) -> Path:
        """The configuration file: all that a command needs."""
        return self.files.config

    @property
    def certificate_path(self) -> Path:
        """The certificate of all nodes, its own authority."""
        return self.directory / "agents.pem"

    def url(self, node: NodeSpec | str) -> str:
        """Return where a node's agent is reached."""
        listener = self._record.listeners[_address(node)]
        return f"https://{listener.host}:{listener.port}"

    def data_directory(self, node: NodeSpec | str) -> Path:
        """Return a node's data directory."""
        spec = self._cluster.node(_address(node))
        if spec is None:
            raise KeyError(_address(node))
        return self.files.data(spec)

    def loaded_directory(self, node: NodeSpec | str) -> Path:
        """Return where a node's loaded files are, by keyspace and table."""
        return self.files.loaded(_address(node))

    def create_table(self, keyspace: str, table: str, *, view_of: str = "", tablets: bool = False) -> Table:
        """Create a table (a view, if it has a base table) on all nodes, or return the one that is there."""
        return self.files.create_table(keyspace, table, view_of=view_of, tablets=tablets)

    def set_membership(self, membership: Membership) -> None:
        """Let nodes be seen as down, joining or leaving; their agents go on."""
        self._cluster.membership = membership

    def restart_agent(self, node: NodeSpec | str, *, reuse_job_ids: bool = False) -> None:
        """Restart a node's agent: jobs are forgotten, partial files stay."""
        self._running().node(_address(node)).restart_agent(reuse_job_ids=reuse_job_ids)

    def restart_scylla(self, node: NodeSpec | str) -> None:
        """Restart a node's Scylla: loads and tasks are cut, ended tasks forgotten, compaction is on again."""
        self._running().node(_address(node)).restart_scylla()

    def stop_node(self, node: NodeSpec | str) -> None:
        """Kill a node: nobody answers at its place. Others still see it as up; ``set_membership`` changes that."""
        self._running().stop_node(_address(node))

    def start_node(self, node: NodeSpec | str) -> None:
        """Start a killed node again, in its place and with its files."""
        self._running().start_node(_address(node))

    def fault(
        self,
        kind: FaultKind,
        *,
        node: NodeSpec | str = "*",
        on: str = "*",
        times: int | None = None,
        after: int = 0,
        status: int = 500,
        carried_out: bool = True,
    ) -> Fault:
        """Let something go wrong from now on; see ``Fault``."""
        fault = Fault(
            kind=kind,
            node=_address(node),
            on=on,
            times=times,
            after=after,
            status=status,
            carried_out=carried_out,
        )
        return add_fault(self.directory, fault)

    def clear_faults(self) -> None:
        """End all faults."""
        clear_faults(self.directory)

    def requests(self, path: str = "") -> list[ServedRequest]:
        """Return what was served so far, in all starts of the lab, whose path contains ``path``."""
        return [request for request in read_requests(self.files.requests) if path in request.path]

    def loads(self, node: NodeSpec | str | None = None) -> list[Load]:
        """Return all loads that ended, of a node or of all, in all starts of the lab."""
        addresses = [spec.address for spec in self.nodes] if node is None else [_address(node)]
        return [load for address in addresses for load in read_loads(self.files.loads(address))]

    def loaded_sstables(self) -> dict[str, int]:
        """Return how many SSTables each table (``keyspace.table``) was loaded with, over all nodes."""
        found: dict[str, int] = {}
        for spec in self.nodes:
            for toc in self.files.loaded(spec.address).glob("*/*/*-TOC.txt"):
                name = f"{toc.parent.parent.name}.{toc.parent.name}"
                found[name] = found.get(name, 0) + 1
        return found

    def _running(self) -> Fleet:
        if self._fleet is None:
            raise RuntimeError("the lab is not running")
        return self._fleet


def _address(node: NodeSpec | str) -> str:
    return node if isinstance(node, str) else node.address
