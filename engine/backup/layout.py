"""Where Scylla Manager puts what in a bucket: the grammar of its paths, read strictly and written the same way.

A reader answers ``None`` for a path of another form: a bucket may hold anything.
"""

from enum import StrEnum
from typing import Self

import msgspec

from scylla_restore.engine.backup.segments import is_segment, is_table_id, is_uuid, split_tagged_name

MANIFESTS = "backup/meta/"
SCHEMAS = "backup/schema/cluster/"
_TEMPORARY = ".tmp"
_MANIFEST = "manifest.json.gz"


class ManifestPath(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One node's manifest of one snapshot. A temporary one is there from before the data until after it."""

    node_id: str
    dc: str
    cluster_id: str
    task_id: str
    snapshot_tag: str
    temporary: bool = False

    @property
    def path(self) -> str:
        """The object's key."""
        name = f"task_{self.task_id}_tag_{self.snapshot_tag}_{_MANIFEST}"
        end = _TEMPORARY if self.temporary else ""
        return f"{MANIFESTS}cluster/{self.cluster_id}/dc/{self.dc}/node/{self.node_id}/{name}{end}"

    @classmethod
    def parse(cls, path: str) -> Self | None:
        """Read a key below ``backup/meta/``."""
        match path.split("/"):
            case ["backup", "meta", "cluster", cluster_id, "dc", dc, "node", node_id, name]:
                tagged = split_tagged_name(name.removesuffix(_TEMPORARY))
            case _:
                return None
        if tagged is None or tagged[2] != _MANIFEST:
            return None
        if not (is_uuid(cluster_id) and is_segment(dc) and is_segment(node_id)):
            return None
        return cls(
            cluster_id=cluster_id,
            dc=dc,
            node_id=node_id,
            task_id=tagged[0],
            snapshot_tag=tagged[1],
            temporary=name.endswith(_TEMPORARY),
        )


def is_named_as_manifest(name: str, snapshot_tag: str) -> bool:
    """Whether a file's name, wherever it lies, is that of a manifest of the snapshot."""
    return name.removesuffix(_TEMPORARY).endswith(f"_tag_{snapshot_tag}_{_MANIFEST}")


class SchemaKind(StrEnum):
    """The kinds of schema files, by the end of their names."""

    CQL = "schema_with_internals.json.gz"
    ALTERNATOR = "alternator_schema.json.gz"
    LEGACY = "schema.tar.gz"
    """Written for old ScyllaDB; no restore can use it."""


class SchemaPath(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The schema of one snapshot of one cluster."""

    cluster_id: str
    task_id: str
    snapshot_tag: str
    kind: SchemaKind

    @property
    def path(self) -> str:
        """The object's key."""
        return f"{SCHEMAS}{self.cluster_id}/task_{self.task_id}_tag_{self.snapshot_tag}_{self.kind.value}"

    @classmethod
    def parse(cls, path: str) -> Self | None:
        """Read a key below ``backup/schema/cluster/``."""
        match path.split("/"):
            case ["backup", "schema", "cluster", cluster_id, name]:
                tagged = split_tagged_name(name)
            case _:
                return None
        if tagged is None or not is_uuid(cluster_id) or tagged[2] not in list(SchemaKind):
            return None
        return cls(
            cluster_id=cluster_id, task_id=tagged[0], snapshot_tag=tagged[1], kind=SchemaKind(tagged[2])
        )


class SSTableDirectory(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The directory that holds one table's SSTables of one node. ``version`` is the table's id, 32 hex digits."""

    cluster_id: str
    dc: str
    node_id: str
    keyspace: str
    table: str
    version: str

    @property
    def path(self) -> str:
        """The directory's key, without a slash at the end."""
        return (
            f"backup/sst/cluster/{self.cluster_id}/dc/{self.dc}/node/{self.node_id}"
            f"/keyspace/{self.keyspace}/table/{self.table}/{self.version}"
        )

    @classmethod
    def parse(cls, path: str) -> Self | None:
        """Read a directory's key, without a slash at the end."""
        match path.split("/"):
            case ["backup", "sst", "cluster", cluster_id, "dc", dc, "node", node_id, *below]:
                pass
            case _:
                return None
        match below:
            case ["keyspace", keyspace, "table", table, version]:
                pass
            case _:
                return None
        if not (is_uuid(cluster_id) and all(map(is_segment, (dc, node_id, keyspace, table)))):
            return None
        if not is_table_id(version):
            return None
        return cls(
            cluster_id=cluster_id,
            dc=dc,
            node_id=node_id,
            keyspace=keyspace,
            table=table,
            version=version,
        )


def snapshot_manifest_name(snapshot_tag: str, node_id: str) -> str:
    """Return the name of Scylla's own manifest of a snapshot, which stands beside the SSTables."""
    return f"tag_{snapshot_tag}_node_{node_id}_manifest.json"
