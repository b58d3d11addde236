"""A backup of what real Cassandra nodes hold: their own snapshots, their own words for the schema."""

import gzip
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.core.globs import TableFilter
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import SchemaError, TargetError
from scylla_restore.engine.lab.answers import go_json_item
from scylla_restore.engine.lab.backup_content import SSTableContent, TableContent, given_tables
from scylla_restore.engine.lab.backup_files import SchemaRow, table_version
from scylla_restore.engine.lab.backup_origin import BackedUpTable, BackupRequest
from scylla_restore.engine.lab.cassandra.disguise import disguised
from scylla_restore.engine.lab.cassandra.jolokia import STORAGE, Jolokia
from scylla_restore.engine.lab.cassandra.side import ALL_SYSTEM
from scylla_restore.engine.lab.cassandra.tables import read_tables
from scylla_restore.engine.lab.made_sstables import node_uuid_id
from scylla_restore.engine.lab.side import SideFailure
from scylla_restore.engine.lab.sstables import TOC
from scylla_restore.engine.lab.state import CassandraNode, LabRecord, NodeSpec, Table
from scylla_restore.engine.schema.cql_connection import CqlAccess, CqlConnection
from scylla_restore.engine.secrets import SecretReference

T = TypeVar("T")
_SNAPSHOT = "takeSnapshot(java.lang.String,java.util.Map,[Ljava.lang.String;)"
_NO_SSTABLE = ("manifest.json", "schema.cql")
_NAMES = uuid.UUID("f2b0a0f3-4f0e-4f2f-9d52-6c6162736e61")
_TIMEOUT_S = 60.0


class CassandraOrigin:
    """An ``Origin`` with rows. Files are named as Scylla's (see ``disguise``), content and schema are Cassandra's.

    Raises:
        TargetError: Cassandra cannot be asked, or has no such tables.
    """

    def __init__(self, record: LabRecord, nodes: Sequence[NodeSpec], request: BackupRequest) -> None:
        self._record = record
        self._request = request
        self._nodes = [node for node in nodes if node.cassandra is not None]
        self._backing = [node.cassandra for node in nodes if node.cassandra is not None]
        self._snapshot_tag = ""
        self._tables = {(table.keyspace, table.table): table for table in _asking(self._read_tables)}

    def tables(self, snapshot_tag: str) -> Iterable[TableContent]:
        """Take a snapshot on all nodes and yield its tables; given SSTables are taken in place of the tables' own."""
        if self._request.source is not None:
            return given_tables(self._request.source)
        wanted = TableFilter(self._request.patterns)
        chosen = [
            table for table in self._tables.values() if wanted.selects(TableName(table.keyspace, table.table))
        ]
        if not chosen:
            raise TargetError("the lab's Cassandra has no such tables", hint="make some through CQL")
        self._snapshot_tag = snapshot_tag
        names = [f"{table.keyspace}.{table.table}" for table in chosen]
        _asking(
            lambda: [
                Jolokia(node.url).execute(_SNAPSHOT, snapshot_tag, {}, names, kind=type(None))
                for node in self._backing
            ]
        )
        return [
            TableContent(keyspace=table.keyspace, table=table.table, produce=self._reader(table))
            for table in chosen
        ]

    def version(self, keyspace: str, table: str) -> str:
        """Return the table's id in Cassandra, or one made of the name if it is not there."""
        found = self._tables.get((keyspace, table))
        return table_version(self._record.cluster_id, keyspace, table) if found is None else found.id

    def tokens(self, node: NodeSpec) -> list[int]:
        """Return the node's tokens."""
        owners = _asking(
            lambda: Jolokia(self._backing[0].url).read(STORAGE, "TokenToEndpointMap", dict[str, str])
        )
        return sorted(int(token) for token, owner in owners.items() if owner == node.address)

    def schema(self, tables: Sequence[BackedUpTable]) -> bytes:
        """Return what ``DESCRIBE SCHEMA WITH INTERNALS`` says of the keyspaces that are backed up."""
        keyspaces = {table.keyspace for table in tables}
        connection = CqlConnection(self._access())
        try:
            told = connection.execute("DESCRIBE SCHEMA WITH INTERNALS", timeout_s=_TIMEOUT_S)
        except SchemaError as error:
            raise TargetError(f"Cassandra does not describe its schema: {error}") from error
        finally:
            connection.close()
        rows = [
            SchemaRow(keyspace=keyspace, type=kind, name=name, cql_stmt=statement)
            for keyspace, kind, name, statement in told
            if str(keyspace).strip('"') in keyspaces
        ]
        return gzip.compress(go_json_item(rows) + b"\n")

    def close(self) -> None:
        """Remove the snapshot from the nodes."""
        for node in self._backing if self._snapshot_tag else ():
            with suppress(SideFailure):
                Jolokia(node.url).execute("clearSnapshot", self._snapshot_tag, [], kind=type(None))

    def _read_tables(self) -> list[Table]:
        found = read_tables(Jolokia(self._backing[0].url))
        return [table for table in found if table.keyspace not in ALL_SYSTEM]

    def _access(self) -> CqlAccess:
        settings = self._record.cassandra
        nodes = tuple(Served(node.address, backing.cql_port, False) for node, backing in self._pairs())
        if settings is None or not settings.user:
            return CqlAccess(nodes=nodes)
        password = SecretReference(settings.password).resolve(os.environ, what="Cassandra's password")
        return CqlAccess(nodes=nodes, user=settings.user, password=password)

    def _pairs(self) -> Iterator[tuple[NodeSpec, CassandraNode]]:
        return zip(self._nodes, self._backing, strict=True)

    def _reader(self, table: Table) -> Callable[[int], Iterator[tuple[int, SSTableContent]]]:
        def produce(nodes: int) -> Iterator[tuple[int, SSTableContent]]:  # noqa: ARG001 - every node has its own
            for number, (node, backing) in enumerate(self._pairs()):
                data = Path(backing.data_directory)
                taken = data / table.directory / "snapshots" / self._snapshot_tag
                for place, files in enumerate(_sstables(taken)):
                    own_id = next(iter(files)).split("-")[1]
                    yield (
                        number,
                        SSTableContent(files=disguised(files, self._new_id(node, table, own_id, place))),
                    )

        return produce

    def _new_id(self, node: NodeSpec, table: Table, own_id: str, place: int) -> str | None:
        """Return the id that an SSTable has in the backup, the same for the same SSTable; None is its own."""
        wanted = self._request.id_type
        if not own_id.isdecimal() or wanted == "int" or (wanted == "mixed" and place % 2 == 0):
            return None
        return node_uuid_id(uuid.uuid5(_NAMES, f"{node.host_id}/{table.directory}/{own_id}"))


def _sstables(directory: Path) -> Iterator[dict[str, bytes]]:
    """Yield the files of each SSTable in a snapshot; a node that has no rows of the table has none."""
    grouped: dict[str, dict[str, bytes]] = {}
    for file in sorted(directory.iterdir()) if directory.is_dir() else ():
        if file.is_file() and file.name not in _NO_SSTABLE:
            grouped.setdefault(file.name.rpartition("-")[0], {})[file.name] = file.read_bytes()
    for start, files in grouped.items():
        toc = f"{start}-{TOC}"
        if toc not in files:
            # Cassandra leaves it out of snapshots where whole files were streamed to it.
            components = [name.removeprefix(f"{start}-") for name in (*files, toc)]
            files[toc] = "".join(f"{component}\n" for component in components).encode()
        yield files


def _asking(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except SideFailure as failure:
        raise TargetError(str(failure), hint="are the Cassandra nodes behind the lab running?") from failure
