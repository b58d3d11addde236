"""A Scylla node without a database: it has tables and a ring, and keeps what it loads as files."""

from collections.abc import Sequence

from scylla_restore.engine.lab.cluster import (
    REPLICATED_SYSTEM_KEYSPACES,
    SYSTEM_KEYSPACES,
    Cluster,
    Membership,
)
from scylla_restore.engine.lab.loaded import LoadedFiles
from scylla_restore.engine.lab.repairs import RunningRepair
from scylla_restore.engine.lab.ring import RingRange, describe_ring, describe_tablets, tokens
from scylla_restore.engine.lab.side import table_missing
from scylla_restore.engine.lab.state import SYSTEM_TABLES, Table


class EmulatedSide:
    """A ``ScyllaSide``. View builds end the moment they are asked for."""

    def __init__(self, cluster: Cluster, loaded: LoadedFiles) -> None:
        self._cluster = cluster
        self.sink = loaded
        self._compaction_off: set[str] = set()

    def membership(self) -> Membership:
        """Return who the lab was told is not up and normal."""
        return self._cluster.membership

    def keyspaces(self, kind: str) -> list[str]:
        """Return the keyspaces of the lab's tables, and the system's."""
        system = {"user": (), "non_local_strategy": REPLICATED_SYSTEM_KEYSPACES}.get(kind, SYSTEM_KEYSPACES)
        return [*self._cluster.schema().keyspaces, *system]

    def tables(self) -> Sequence[Table]:
        """Return the lab's tables and views."""
        return self._cluster.tables

    def system_tables(self) -> Sequence[str]:
        """Return some that every cluster has."""
        return SYSTEM_TABLES

    def tablet_keyspaces(self) -> set[str]:
        """Return the keyspaces of tables that were made to be on tablets."""
        return {table.keyspace for table in self._cluster.tables if table.tablets}

    def find(self, keyspace: str, table: str) -> Table | None:
        """Return a table or view of the lab."""
        return self._cluster.schema().find(keyspace, table)

    def tokens(self, address: str) -> list[int]:
        """Return a node's tokens."""
        node = self._cluster.node(address)
        return tokens(node) if node else []

    def ring(self, keyspace: str, table: str) -> list[RingRange]:
        """Return ranges with up to three replicas in each DC."""
        if keyspace not in self.tablet_keyspaces():
            return describe_ring(self._cluster.nodes)
        if not table:
            raise table_missing(keyspace)
        return describe_tablets(self._cluster.nodes, f"{keyspace}.{table}")

    def disk_space(self, keyspace: str, table: str) -> int:
        """Return the bytes that were loaded."""
        return self.sink.size(keyspace, table)

    def compacts(self, table: Table) -> bool:
        """Whether it was not switched off: there is nothing to compact."""
        return table.directory not in self._compaction_off

    def set_compaction(self, table: Table, *, on: bool) -> None:
        """Remember it."""
        (self._compaction_off.discard if on else self._compaction_off.add)(table.directory)

    def view_build(self, keyspace: str, view: str) -> dict[str, str]:
        """Tell that all nodes have built it."""
        table = self.find(keyspace, view)
        if table is None or not table.view_of:
            return {}
        return {node.address: "SUCCESS" for node in self._cluster.nodes}

    def repair(self, keyspace: str, table: str, ranges: str) -> RunningRepair | None:
        """Do nothing: there are no rows."""

    def wait_for_schema(self, timeout_s: float) -> None:
        """Do nothing: all nodes have one schema."""

    def restart(self) -> None:
        """Compact again."""
        self._compaction_off.clear()
