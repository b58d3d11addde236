"""A Cassandra node as the Scylla of a lab node."""

import re
import threading
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.cassandra.jolokia import STORAGE, Jolokia
from scylla_restore.engine.lab.cassandra.repairs import CassandraRepair
from scylla_restore.engine.lab.cassandra.streaming import CassandraSink
from scylla_restore.engine.lab.cassandra.tables import (
    INDEX_SUFFIX,
    Index,
    is_built,
    read_indexes,
    read_tables,
)
from scylla_restore.engine.lab.cluster import Cluster, Membership
from scylla_restore.engine.lab.loaded import LoadedFiles
from scylla_restore.engine.lab.ring import RingNode, RingRange
from scylla_restore.engine.lab.side import SideFailure, table_missing
from scylla_restore.engine.lab.state import CassandraNode, Table

_SYSTEM = ("system", "system_schema")
_REPLICATED_SYSTEM = ("system_auth", "system_distributed", "system_traces")
ALL_SYSTEM = _SYSTEM + _REPLICATED_SYSTEM
_RANGE = re.compile(
    r"TokenRange\(start_token:(-?\d+), end_token:(-?\d+), endpoints:\[([^]]*)\], rpc_endpoints:\[([^]]*)\], "
    r"endpoint_details:\[(.*)\]\)"
)
_DETAIL = re.compile(r"EndpointDetails\(host:([^,]+), datacenter:([^,]+)(?:, rack:([^)]+))?\)")
_LOOK_EVERY_S = 0.05


class CassandraSide:
    """A ``ScyllaSide`` with rows. A restart restarts the lab's part only, not Cassandra.

    Cassandra has no tablets: ``tablets`` are keyspaces that say they have, and that are repaired as if they had; the
    ranges of the ring are their tablets.
    """

    def __init__(
        self, cluster: Cluster, node: CassandraNode, loads: LoadedFiles, tablets: Sequence[str] = ()
    ) -> None:
        self._tablets = frozenset(tablets)
        self._cluster = cluster
        self._node = node
        self._jolokia = Jolokia(node.url)
        self._compaction_off: dict[str, Table] = {}
        all_nodes = [Jolokia(each.cassandra.url) for each in cluster.nodes if each.cassandra is not None]
        self.sink = CassandraSink(self._jolokia, all_nodes, Path(node.data_directory), loads)

    def membership(self) -> Membership:
        """Return who Cassandra, or the lab, says is not up and normal."""
        told = self._cluster.membership
        down = self._jolokia.read(STORAGE, "UnreachableNodes", list[str])
        return Membership(
            down=tuple(dict.fromkeys((*told.down, *down))),
            joining=(*told.joining, *self._jolokia.read(STORAGE, "JoiningNodes", list[str])),
            leaving=(*told.leaving, *self._jolokia.read(STORAGE, "LeavingNodes", list[str])),
        )

    def keyspaces(self, kind: str) -> list[str]:
        """Return names of keyspaces."""
        found = self._jolokia.read(STORAGE, "NonLocalStrategyKeyspaces", list[str])
        user = sorted(name for name in found if name not in _REPLICATED_SYSTEM)
        system = {"user": (), "non_local_strategy": _REPLICATED_SYSTEM}.get(kind, ALL_SYSTEM)
        return [*user, *system]

    def tables(self) -> Sequence[Table]:
        """Return all tables and views, also those that Scylla would have in place of indexes."""
        tables = [table for table in read_tables(self._jolokia) if table.keyspace not in ALL_SYSTEM]
        return [*tables, *(index.view for index in read_indexes(self._jolokia))]

    def system_tables(self) -> Sequence[str]:
        """Return the system's tables."""
        found = read_tables(self._jolokia)
        return [f"{table.keyspace}:{table.table}" for table in found if table.keyspace in ALL_SYSTEM]

    def tablet_keyspaces(self) -> AbstractSet[str]:
        """Return the keyspaces that say so."""
        return self._tablets & set(self.keyspaces("user"))

    def find(self, keyspace: str, table: str) -> Table | None:
        """Return a table or view."""
        for found in read_tables(self._jolokia):
            if (found.keyspace, found.table) == (keyspace, table) and keyspace not in ALL_SYSTEM:
                is_view = bool(self.view_build(keyspace, table))
                return msgspec.structs.replace(found, view_of="a table of Cassandra's" if is_view else "")
        index = self._index(keyspace, table)
        return None if index is None else index.view

    def tokens(self, address: str) -> list[int]:
        """Return the tokens of a node."""
        owners = self._jolokia.read(STORAGE, "TokenToEndpointMap", dict[str, str])
        return sorted(int(token) for token, owner in owners.items() if owner == address)

    def ring(self, keyspace: str, table: str) -> list[RingRange]:
        """Return the ranges of a keyspace."""
        if keyspace in self._tablets and not table:
            raise table_missing(keyspace)
        told = self._jolokia.execute("describeRingJMX", keyspace, kind=list[str])
        return sorted((_ring_range(text) for text in told), key=lambda part: int(part.end_token))

    def disk_space(self, keyspace: str, table: str) -> int:
        """Return the bytes of a table's SSTables; those of an index are not told."""
        if self._index(keyspace, table) is not None:
            return 0
        mbean = f"org.apache.cassandra.metrics:type=Table,keyspace={keyspace},scope={table},name=TotalDiskSpaceUsed"
        return self._jolokia.read(mbean, "Count", int)

    def compacts(self, table: Table) -> bool:
        """Whether a table is compacted."""
        off = self._jolokia.execute(
            "getAutoCompactionStatus", table.keyspace, [table.table], kind=dict[str, bool]
        )
        return not off.get(table.table, False)

    def set_compaction(self, table: Table, *, on: bool) -> None:
        """Switch that."""
        if table.table.endswith(INDEX_SUFFIX) and table.view_of:
            # An index goes with its table.
            return
        operation = "enableAutoCompaction" if on else "disableAutoCompaction"
        self._jolokia.execute(operation, table.keyspace, [table.table], kind=type(None))
        if on:
            self._compaction_off.pop(table.directory, None)
        else:
            self._compaction_off[table.directory] = table

    def view_build(self, keyspace: str, view: str) -> dict[str, str]:
        """Return how far each node is; an index is built where its table says so on this node."""
        index = self._index(keyspace, view)
        if index is not None:
            state = "SUCCESS" if is_built(self._jolokia, index) else "STARTED"
            return {node.address: state for node in self._cluster.nodes}
        statuses = self._jolokia.execute("getViewBuildStatuses", keyspace, view, kind=dict[str, str])
        # Cassandra tells of every node, whatever it is asked about.
        if all(status == "UNKNOWN" for status in statuses.values()):
            return {}
        return {address.rpartition("/")[2]: status for address, status in statuses.items()}

    def repair(self, keyspace: str, table: str, ranges: str) -> CassandraRepair | None:
        """Begin a repair: of ``ranges`` by this node, of everything by all nodes, each of what it owns first."""
        nodes = [self._node] if ranges else [node.cassandra for node in self._cluster.nodes if node.cassandra]
        return CassandraRepair.begin([Jolokia(node.url) for node in nodes], keyspace, table, ranges)

    def wait_for_schema(self, timeout_s: float) -> None:
        """Wait until the nodes that are up have one schema."""
        pause = threading.Event()
        until_s = time.monotonic() + timeout_s
        while len(self._jolokia.read(STORAGE, "OutstandingSchemaVersions", dict[str, list[str]])) > 1:
            if time.monotonic() > until_s:
                raise SideFailure("the nodes have different schemas")
            pause.wait(_LOOK_EVERY_S)

    def restart(self) -> None:
        """Compact again what this node was told not to."""
        for table in tuple(self._compaction_off.values()):
            # It may have been dropped meanwhile.
            with suppress(SideFailure):
                self.set_compaction(table, on=True)
        self._compaction_off.clear()

    def _index(self, keyspace: str, view: str) -> Index | None:
        """Return the index that Scylla would have this view for."""
        if not view.endswith(INDEX_SUFFIX):
            return None
        found = read_indexes(self._jolokia)
        return next((each for each in found if (each.keyspace, each.view.table) == (keyspace, view)), None)


def _ring_range(text: str) -> RingRange:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise SideFailure(f"Cassandra tells of a range as {text}")
    start, end, endpoints, rpc_endpoints, details = match.groups()
    return RingRange(
        start_token=start,
        end_token=end,
        endpoints=endpoints.split(", "),
        rpc_endpoints=rpc_endpoints.split(", "),
        endpoint_details=[
            RingNode(host=host, datacenter=dc, rack=rack) for host, dc, rack in _DETAIL.findall(details)
        ],
    )
