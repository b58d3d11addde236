"""The running nodes of a lab."""

import errno
import ssl
import threading
from contextlib import suppress

import msgspec

from scylla_restore.engine.lab.agent import AgentSetup
from scylla_restore.engine.lab.cassandra.side import CassandraSide
from scylla_restore.engine.lab.certificate import ensure_certificate
from scylla_restore.engine.lab.cluster import Cluster
from scylla_restore.engine.lab.emulation import EmulatedSide
from scylla_restore.engine.lab.faults import FaultBoard
from scylla_restore.engine.lab.loaded import LoadedFiles
from scylla_restore.engine.lab.node import Node, NodeParts
from scylla_restore.engine.lab.request_log import RequestLog
from scylla_restore.engine.lab.side import ScyllaSide
from scylla_restore.engine.lab.state import LabDirectory, LabRecord, Listener, NodeSpec, Speeds
from scylla_restore.engine.lab.stores import Stores

_FAULT_POLL_S = 0.1


class FleetSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What the nodes are started with; ``port`` 0 gives each a free one, the one it had before if it is free."""

    files: LabDirectory
    record: LabRecord
    speeds: Speeds
    cluster: Cluster
    port: int


class Fleet:
    """All nodes of a lab: listening from construction on, serving from ``start`` to ``stop``.

    Raises:
        OSError: an address cannot be listened on.
    """

    def __init__(self, setup: FleetSetup) -> None:
        self._setup = setup
        self._faults = FaultBoard(setup.files.root)
        self._log = RequestLog(setup.files.requests)
        self._stores = Stores(setup.files, setup.record)
        self._context = _tls_context(setup)
        self._stopped = threading.Event()
        self._nodes: dict[str, Node] = {}
        try:
            for spec in setup.record.nodes:
                self._nodes[spec.address] = self._listen(self._parts(spec))
        except OSError:
            self.stop()
            raise

    def start(self) -> None:
        """Serve."""
        for node in self._nodes.values():
            node.start()
        threading.Thread(target=self._watch_faults, name="lab-faults", daemon=True).start()

    def stop(self) -> None:
        """Stop all nodes at once, whatever they are doing."""
        self._stopped.set()
        for node in self._nodes.values():
            node.stop()
        self._stores.close()
        self._log.close()

    def listeners(self) -> dict[str, Listener]:
        """Return where each node listens."""
        return {
            address: Listener(host=node.server.host, port=node.server.port)
            for address, node in self._nodes.items()
        }

    def node(self, address: str) -> Node:
        """Return a node."""
        return self._nodes[address]

    def stop_node(self, address: str) -> None:
        """Kill a node: agent and Scylla, whatever they are doing; nothing listens at its place any more."""
        self._nodes[address].stop()

    def start_node(self, address: str) -> None:
        """Start a node again, where it was before."""
        before = self._nodes[address]
        before.parts.side.restart()
        node = Node(before.parts, before.server.host, before.server.port, self._context)
        self._nodes[address] = node
        node.start()

    def _parts(self, spec: NodeSpec) -> NodeParts:
        files, setup = self._setup.files, self._setup
        data = files.data(spec)
        storage = self._stores.object_storage(spec)
        agent = AgentSetup(
            node=spec,
            speeds=setup.speeds,
            remotes=self._stores.remotes(spec),
            faults=self._faults,
            data_directory=str(data),
            scylla_version=spec.scylla_version or setup.record.scylla_version,
            object_storage_endpoints=storage.endpoints,
            s3=setup.record.s3,
            gcs=setup.record.gcs,
            azure=setup.record.azure,
            has_passwords=bool(setup.record.cassandra and setup.record.cassandra.user),
        )
        return NodeParts(
            spec=spec,
            setup=agent,
            cluster=setup.cluster,
            side=self._side(spec),
            storage=storage,
            native_directory=files.native(spec.address),
            data=data,
            token=files.token(),
            log=self._log,
            faults=self._faults,
            speeds=setup.speeds,
        )

    def _side(self, spec: NodeSpec) -> ScyllaSide:
        files, cluster = self._setup.files, self._setup.cluster
        loaded = LoadedFiles(files.loaded(spec.address), files.loads(spec.address))
        if spec.cassandra is not None:
            return CassandraSide(cluster, spec.cassandra, loaded, self._setup.record.tablet_keyspaces)
        return EmulatedSide(cluster, loaded)

    def _listen(self, parts: NodeParts) -> Node:
        """Make a node at its own address, or, where the system has no such address, at 127.0.0.1."""
        address, port = parts.spec.address, self._setup.port
        before = self._setup.record.listeners.get(address)
        if before is not None and not port:
            with suppress(OSError):
                return Node(parts, before.host, before.port, self._context)
        try:
            return Node(parts, address, port, self._context)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
        return Node(parts, "127.0.0.1", port + len(self._nodes) if port else 0, self._context)

    def _watch_faults(self) -> None:
        """Restart agents whose jobs are to be lost, without waiting for a request."""
        while not self._stopped.wait(_FAULT_POLL_S):
            for address, node in self._nodes.items():
                if self._faults.strike_idle(address):
                    node.restart_agent()


def _tls_context(setup: FleetSetup) -> ssl.SSLContext:
    names = dict.fromkeys((*(spec.address for spec in setup.record.nodes), "127.0.0.1", "localhost"))
    certificate, key = ensure_certificate(setup.files.root, tuple(names))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
