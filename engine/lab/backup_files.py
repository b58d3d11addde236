"""The files of a backup beside its SSTables, as Scylla Manager and Scylla write them."""

import gzip
import uuid

import msgspec

from scylla_restore.engine.backup.layout import SSTableDirectory
from scylla_restore.engine.lab.answers import go_json_item
from scylla_restore.engine.lab.backup_content import SSTableContent
from scylla_restore.engine.lab.state import LabRecord, NodeSpec

_NAMES = uuid.UUID("c31d9d0e-7b11-4a5c-8d1a-6c6162626b70")
_STORAGE_SIZE = 1 << 40
_CREATED_AT = 1_735_689_600


class SSTableEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An SSTable in Scylla's own manifest of a snapshot."""

    id: str
    toc_name: str
    data_size: int
    index_size: int
    first_token: int
    last_token: int


class IndexEntry(msgspec.Struct, kw_only=True):
    """A table in a node's manifest, in the order of its fields there."""

    keyspace: str
    table: str
    replication_type: str = "vnodes"
    version: str
    files: list[str] = []
    size: int = 0
    scylla_manifests: list[str] = []

    def add(self, sstable: SSTableContent) -> None:
        """Count an SSTable in."""
        self.files += sorted(sstable.files)
        self.size += sstable.size


class NodeManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What Scylla Manager writes for a node, in the order of its fields there."""

    version: str = "v2"
    scylla_version: str
    cluster_name: str
    ip: str
    size: int
    tokens: list[int]
    schema: str
    rack: str
    shard_count: int
    cpu_count: int
    storage_size: int = _STORAGE_SIZE
    instance_details: dict[str, str] = {}
    dc: str
    cluster_id: str
    node_id: str
    task_id: str
    snapshot_tag: str
    index: list[IndexEntry]


class SchemaRow(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of the schema file."""

    keyspace: str
    type: str
    name: str
    cql_stmt: str


def table_version(cluster_id: str, keyspace: str, table: str) -> str:
    """Return the id that a table has in backups: another one than in the lab, as after a schema made anew."""
    return uuid.uuid5(_NAMES, f"{cluster_id}/{keyspace}.{table}").hex


def task_id(cluster_id: str) -> str:
    """Return the id of the one backup task of a cluster."""
    return str(uuid.uuid5(_NAMES, cluster_id))


def manifest_file(
    record: LabRecord,
    node: NodeSpec,
    *,
    snapshot_tag: str,
    schema_path: str,
    index: list[IndexEntry],
    tokens: list[int],
) -> bytes:
    """Return a node's manifest, compressed."""
    manifest = NodeManifest(
        scylla_version=record.scylla_version,
        cluster_name=record.cluster,
        ip=node.address,
        size=sum(entry.size for entry in index),
        tokens=tokens,
        schema=schema_path,
        rack=node.rack,
        shard_count=node.shards,
        cpu_count=node.shards,
        dc=node.dc,
        cluster_id=record.cluster_id,
        node_id=node.host_id,
        task_id=task_id(record.cluster_id),
        snapshot_tag=snapshot_tag,
        index=index,
    )
    return gzip.compress(go_json_item(manifest) + b"\n", compresslevel=1)


def scylla_manifest_file(
    node: NodeSpec, directory: SSTableDirectory, snapshot_tag: str, sstables: list[SSTableEntry]
) -> bytes:
    """Return Scylla's own manifest of a table's snapshot on a node."""
    return msgspec.json.encode(
        {
            "manifest": {"version": "1.0", "scope": "node"},
            "node": {"host_id": node.host_id, "datacenter": node.dc, "rack": node.rack},
            "snapshot": {"name": snapshot_tag, "created_at": _CREATED_AT},
            "table": {
                "keyspace_name": directory.keyspace,
                "table_name": directory.table,
                "table_id": str(uuid.UUID(directory.version)),
                "tablets_type": "none",
                "tablet_count": 0,
            },
            "sstables": sstables,
        }
    )


def sstable_entry(sstable: SSTableContent) -> SSTableEntry:
    """Describe an SSTable for Scylla's own manifest."""
    by_component = {name.split("-", 3)[-1]: name for name in sstable.files}
    toc_name = by_component["TOC.txt"]
    index = by_component.get("Index.db")
    return SSTableEntry(
        id=str(uuid.uuid5(_NAMES, toc_name)),
        toc_name=toc_name,
        data_size=len(sstable.files[by_component["Data.db"]]),
        index_size=len(sstable.files[index]) if index else 0,
        first_token=-(2**63) + 1,
        last_token=2**63 - 1,
    )


def schema_file(record: LabRecord, tables: list[tuple[str, str, str]]) -> bytes:
    """Return the schema file for tables given as keyspace, name and id."""
    dcs = ", ".join(f"'{dc}': '3'" for dc in sorted({node.dc for node in record.nodes}))
    rows: list[SchemaRow] = []
    for keyspace in dict.fromkeys(keyspace for keyspace, _, _ in tables):
        statement = (
            f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': "
            f"'org.apache.cassandra.locator.NetworkTopologyStrategy', {dcs}}} AND durable_writes = true;"
        )
        rows.append(SchemaRow(keyspace=keyspace, type="keyspace", name=keyspace, cql_stmt=statement))
        for table, version in [(table, version) for owner, table, version in tables if owner == keyspace]:
            statement = (
                f"CREATE TABLE {keyspace}.{table} (\n    pk bigint,\n    ck bigint,\n    v blob,\n"
                f"    PRIMARY KEY (pk, ck)\n) WITH ID = {uuid.UUID(version)}\n"
                "    AND CLUSTERING ORDER BY (ck ASC)\n    AND tombstone_gc = {'mode': 'timeout'};"
            )
            rows.append(SchemaRow(keyspace=keyspace, type="table", name=table, cql_stmt=statement))
    return gzip.compress(go_json_item(rows) + b"\n")
