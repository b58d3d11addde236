"""What all nodes of a lab agree on: who is in the cluster, its tables, its repairs and view builds."""

import threading

import msgspec

from scylla_restore.engine.lab.files import SharedFile
from scylla_restore.engine.lab.repairs import Repairs
from scylla_restore.engine.lab.state import NodeSpec, Schema, Table

SYSTEM_KEYSPACES = ("system", "system_schema", "system_distributed", "system_traces")
REPLICATED_SYSTEM_KEYSPACES = ("system_distributed", "system_traces")


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of nodes that are not up and normal."""

    down: tuple[str, ...] = ()
    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()


class Cluster:
    """The shared state. View builds end the moment they are asked for."""

    def __init__(
        self, name: str, scylla_version: str, nodes: tuple[NodeSpec, ...], schema: SharedFile[Schema]
    ) -> None:
        self.name = name
        self.scylla_version = scylla_version
        self.nodes = nodes
        self.membership = Membership()
        self._schema = schema
        self.repairs = Repairs()
        self._lock = threading.Lock()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables and views but the system's."""
        return self.schema().tables

    def schema(self) -> Schema:
        """Return the schema as it is now."""
        with self._lock:
            return self._schema.get()

    def node(self, address: str) -> NodeSpec | None:
        """Return the node with an address."""
        return next((node for node in self.nodes if node.address == address), None)
