"""The manifest that Scylla Manager writes for each node of a snapshot."""

from typing import Annotated

import msgspec

from scylla_restore.engine.backup.compressed import PLAIN_LIMIT_BYTES, decode_json, gunzip
from scylla_restore.engine.backup.segments import is_segment, is_table_id
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import BackupError

Count = Annotated[int, msgspec.Meta(ge=0)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Bytes of tables: eight million GB at most, so that sums of many still are numbers that can be recorded."""
Token = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

_FILES = msgspec.json.Decoder(list[str] | None)


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One table's SSTables on one node.

    ``files`` is a JSON array of file names, which is read only when it is asked for: most of a manifest is names,
    and those of tables that are not restored need not be in memory. ``size`` is bytes, as the node had them.
    """

    keyspace: str
    table: str
    version: str
    files: msgspec.Raw = msgspec.Raw(b"null")
    size: Size = 0
    replication_type: str = ""
    scylla_manifests: tuple[str, ...] | None = None
    path: str = ""

    @property
    def name(self) -> TableName:
        """The table's full name."""
        return TableName(self.keyspace, self.table)

    def file_names(self, *, manifest: str) -> list[str]:
        """Return the names of all component files, without snapshot tags; ``manifest`` names the object in errors.

        Raises:
            BackupError: they are not a list of texts.
        """
        return (
            decode_json(
                memoryview(self.files), _FILES, what=f"manifest {manifest}: the list of files of {self.name}"
            )
            or []
        )


class InstanceDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the node ran, if it was in a cloud."""

    cloud_provider: str = ""
    instance_type: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one node put into a snapshot. Sizes are bytes; ``schema`` is the key of the schema file, or empty."""

    version: str = ""
    scylla_version: str = ""
    cluster_name: str = ""
    ip: str = ""
    size: Size = 0
    tokens: tuple[Token, ...] | None = ()
    schema: str = ""
    rack: str = ""
    shard_count: Count = 0
    cpu_count: Count = 0
    storage_size: Count = 0
    instance_details: InstanceDetails | None = InstanceDetails()
    dc: str = ""
    cluster_id: str = ""
    node_id: str = ""
    task_id: str = ""
    snapshot_tag: str = ""
    index: tuple[IndexEntry, ...] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def tables(self) -> tuple[IndexEntry, ...]:
        """The index: an entry for each directory of SSTables."""
        return self.index or ()


_MANIFEST = msgspec.json.Decoder(Manifest)


def read_manifest(data: bytes, *, path: str, limit_bytes: int = PLAIN_LIMIT_BYTES) -> Manifest:
    """Read the bytes of a manifest object; ``path`` names it in errors.

    Absent fields have their zero value, unknown ones are ignored.

    Raises:
        BackupError: it is damaged, cut off, too large, has another shape, or names what cannot be a table.
    """
    what = f"manifest {path}"
    manifest = decode_json(gunzip(data, what=what, limit_bytes=limit_bytes), _MANIFEST, what=what)
    if manifest.index is msgspec.UNSET:
        raise BackupError(f"{what} has no index: it is cut off, or no manifest")
    seen: set[tuple[str, str, str]] = set()
    for entry in manifest.tables:
        if not (is_segment(entry.keyspace) and is_segment(entry.table) and is_table_id(entry.version)):
            raise BackupError(
                f"{what} names an impossible table: keyspace {entry.keyspace!r}, table {entry.table!r},"
                f" id {entry.version!r}"
            )
        key = (entry.keyspace, entry.table, entry.version)
        if key in seen:
            raise BackupError(f"{what} lists table {entry.name} with id {entry.version} twice")
        seen.add(key)
    return manifest
