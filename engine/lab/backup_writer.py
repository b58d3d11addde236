"""Backups in Scylla Manager's layout, of a lab's cluster."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec

from scylla_restore.engine.backup.layout import (
    ManifestPath,
    SchemaKind,
    SchemaPath,
    SSTableDirectory,
    snapshot_manifest_name,
)
from scylla_restore.engine.core.location import parse_location
from scylla_restore.engine.core.snapshot_tag import snapshot_tag, snapshot_time
from scylla_restore.engine.errors import StorageError, TargetError
from scylla_restore.engine.lab.backup_content import SSTableContent, TableContent
from scylla_restore.engine.lab.backup_files import (
    IndexEntry,
    SSTableEntry,
    manifest_file,
    scylla_manifest_file,
    sstable_entry,
    task_id,
)
from scylla_restore.engine.lab.backup_origin import BackedUpTable, BackupRequest, MadeOrigin, Origin
from scylla_restore.engine.lab.buckets import Bucket, DirectoryBucket, open_bucket
from scylla_restore.engine.lab.cassandra.backup import CassandraOrigin
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.state import LabDirectory, LabRecord, NodeSpec

__all__ = ["BackupRequest", "BackupSummary", "write_backup"]
_WRITERS = 16
_QUEUED = 512


class BackupSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was backed up: SSTables, their files, and the bytes of these."""

    snapshot_tag: str
    cluster_id: str
    sstables: int
    files: int
    bytes: int


def write_backup(directory: Path, request: BackupRequest) -> BackupSummary:
    """Write a backup of the lab in ``directory``, which may be running; its tables exist there from then on.

    SSTables go to the nodes in turn. As Scylla Manager does it, files that are there with the same content are not
    written again, and one that has other content is kept under a name with the new snapshot's tag.

    Raises:
        TargetError: there is no lab, no such location, or no SSTables where they should be.
        StorageError: the location cannot be written to.
    """
    files = LabDirectory(directory)
    record = files.record()
    if record is None:
        raise TargetError(
            f"there is no lab in {directory}", hint=f"`scylla-restore lab up --dir {directory}` makes one"
        )
    location = parse_location(request.location)
    nodes = tuple(node for node in record.nodes if location.dc in (None, node.dc))
    if not nodes:
        raise TargetError(f"the lab has no nodes in {location.dc}")
    try:
        with (
            closing(open_bucket(files, location)) as bucket,
            closing(_origin(record, nodes, request)) as origin,
        ):
            writer = _write_all(bucket, record, nodes, origin, request.snapshot_tag)
    except CallRefused as refused:
        raise StorageError(
            f"{location} takes no backup: {refused.message}", location=str(location)
        ) from refused
    for table in writer.tables if record.cassandra is None else ():
        files.create_table(table.keyspace, table.table)
    return writer.summary()


def _write_all(
    bucket: Bucket, record: LabRecord, nodes: tuple[NodeSpec, ...], origin: Origin, snapshot_tag: str
) -> "_Writer":
    tag = snapshot_tag or _free_tag(bucket, record)
    snapshot_time(tag)
    with _Writer(bucket, record, nodes, origin, tag) as writer:
        for table in origin.tables(tag):
            writer.add(table)
        writer.finish()
    return writer


def _origin(record: LabRecord, nodes: tuple[NodeSpec, ...], request: BackupRequest) -> Origin:
    if record.cassandra is not None:
        return CassandraOrigin(record, nodes, request)
    if request.patterns:
        raise TargetError(
            "there is no real cluster behind this lab whose tables could be chosen",
            hint="say how many are to be made, or start the lab with --cassandra",
        )
    return MadeOrigin(record, request)


def _free_tag(bucket: Bucket, record: LabRecord) -> str:
    """Return the tag of this second, or of the first one after it that has no snapshot yet."""
    names = bucket.names(f"backup/schema/cluster/{record.cluster_id}")
    time = datetime.now(UTC)
    while any(snapshot_tag(time) in name for name in names):
        time += timedelta(seconds=1)
    return snapshot_tag(time)


class _Writer:
    """One backup being written."""

    def __init__(
        self, bucket: Bucket, record: LabRecord, nodes: tuple[NodeSpec, ...], origin: Origin, tag: str
    ) -> None:
        self._origin = origin
        self._bucket = bucket
        self._record = record
        self._nodes = nodes
        self._tag = tag
        self._index: dict[str, list[IndexEntry]] = {node.address: [] for node in nodes}
        self._sstables = 0
        self.tables: list[BackedUpTable] = []
        # A directory takes no wait that threads could use.
        self._pool = None if isinstance(bucket, DirectoryBucket) else ThreadPoolExecutor(_WRITERS)
        self._pending: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def add(self, table: TableContent) -> None:
        """Write a table's SSTables."""
        version = self._origin.version(table.keyspace, table.table)
        self.tables.append(BackedUpTable(keyspace=table.keyspace, table=table.table, version=version))
        directories = [
            SSTableDirectory(
                cluster_id=self._record.cluster_id,
                dc=node.dc,
                node_id=node.host_id,
                keyspace=table.keyspace,
                table=table.table,
                version=version,
            )
            for node in self._nodes
        ]
        present = [self._bucket.names(directory.path) for directory in directories]
        replication = "tablets" if table.keyspace in self._record.tablet_keyspaces else "vnodes"
        entries = [
            IndexEntry(
                keyspace=table.keyspace, table=table.table, version=version, replication_type=replication
            )
            for _ in self._nodes
        ]
        described: list[list[SSTableEntry]] = [[] for _ in self._nodes]
        for number, sstable in table.produce(len(self._nodes)):
            entries[number].add(sstable)
            described[number].append(sstable_entry(sstable))
            self._put_sstable(directories[number].path, sstable, present[number])
        for node, directory, entry, sstables in zip(
            self._nodes, directories, entries, described, strict=True
        ):
            if sstables:
                name = snapshot_manifest_name(self._tag, node.host_id)
                entry.scylla_manifests.append(name)
                content = scylla_manifest_file(node, directory, self._tag, sstables)
                self._put(f"{directory.path}/{name}", content)
                self._index[node.address].append(entry)
            self._sstables += len(sstables)

    def finish(self) -> None:
        """Write the schema, and then the manifests: a snapshot is there when its manifests are."""
        schema = SchemaPath(
            cluster_id=self._record.cluster_id,
            task_id=task_id(self._record.cluster_id),
            snapshot_tag=self._tag,
            kind=SchemaKind.CQL,
        )
        self._put(schema.path, self._origin.schema(self.tables))
        self._wait()
        for node in self._nodes:
            manifest = ManifestPath(
                cluster_id=self._record.cluster_id,
                dc=node.dc,
                node_id=node.host_id,
                task_id=task_id(self._record.cluster_id),
                snapshot_tag=self._tag,
            )
            index = self._index[node.address]
            content = manifest_file(
                self._record,
                node,
                snapshot_tag=self._tag,
                schema_path=schema.path,
                index=index,
                tokens=self._origin.tokens(node),
            )
            self._put(manifest.path, content)
        self._wait()

    def summary(self) -> BackupSummary:
        """Tell what was written, or was there already."""
        entries = [entry for index in self._index.values() for entry in index]
        return BackupSummary(
            snapshot_tag=self._tag,
            cluster_id=self._record.cluster_id,
            sstables=self._sstables,
            files=sum(len(entry.files) for entry in entries),
            bytes=sum(entry.size for entry in entries),
        )

    def _put_sstable(self, directory: str, sstable: SSTableContent, present: set[str]) -> None:
        for name, content in sstable.files.items():
            key = f"{directory}/{name}"
            if name in present:
                before = self._bucket.read(key)
                if before == content:
                    continue
                if before is not None and sstable.has_integer_id:
                    self._put(f"{key}.{self._tag}", before)
            self._put(key, content)

    def _put(self, key: str, content: bytes) -> None:
        if self._pool is None:
            self._bucket.put(key, content)
            return
        self._pending.append(self._pool.submit(self._bucket.put, key, content))
        if len(self._pending) >= _QUEUED:
            self._wait()

    def _wait(self) -> None:
        for future in self._pending:
            future.result()
        self._pending.clear()
