"""A bucket in memory, and a small backup in it."""

import gzip
import json
from collections.abc import Collection, Iterator

from scylla_restore.engine.backup.layout import ManifestPath, SchemaKind, SchemaPath, SSTableDirectory
from scylla_restore.engine.core.commands import IndexLocation, OpenLocation
from scylla_restore.engine.errors import ObjectMissing, StorageError
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport
from scylla_restore.events.model.target import BackupLocation, RestoreKind, Selection

TAG = "sm_20260102030405UTC"
CLUSTER_ID = "0d5a8a3c-0000-4000-8000-00000000000c"
TASK_ID = "1d5a8a3c-0000-4000-8000-00000000000c"
TABLE_ID = "0123456789abcdef0123456789abcdef"
WHERE = BackupLocation(provider="s3", bucket="backups")
COMPONENTS = ("Data.db", "TOC.txt")


class Bucket:
    """An ``ObjectStore`` in memory; ``error`` is raised by every call as long as it is set.

    ``listed`` are how many files each listing of a directory came to, ``finds`` the names that were looked for.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.error: StorageError | None = None
        self.failures_left = 0
        self.reached = StoreReport()
        self.lists_ranges = True
        self.page_size = 7
        self.files_per_page = 1_000
        self.finds: list[frozenset[str]] = []
        self.listed: list[int] = []

    def _enter(self) -> None:
        if self.error is not None and self.failures_left:
            self.failures_left -= 1
            raise self.error

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self._enter()
        for key, data in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield StoredObject(key, len(data))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        names = ((listed.key[len(prefix) :], listed.size) for listed in self.list(prefix))
        behind = ((name, size) for name, size in names if "/" not in name and name > after)
        wanted = [(name, size) for name, size in behind if not until or name <= until]
        self.listed.append(len(wanted))
        for start in range(0, len(wanted), self.page_size):
            yield dict(wanted[start : start + self.page_size])

    def find(self, prefix: str, names: Collection[str]) -> Page:
        self._enter()
        self.finds.append(frozenset(names))
        return {name: len(self.objects[prefix + name]) for name in names if prefix + name in self.objects}

    def report(self) -> StoreReport:
        return self.reached

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        raise NotImplementedError(prefix)

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        self._enter()
        assert limit_bytes > 0
        if key not in self.objects:
            raise ObjectMissing(f"no object {key}", location="s3:backups")
        return self.objects[key]

    def close(self) -> None:
        raise NotImplementedError

    def fail(self, error: StorageError, times: int = 1_000) -> None:
        self.error, self.failures_left = error, times


def manifest_path(node: int, dc: str = "dc1", *, temporary: bool = False) -> ManifestPath:
    return ManifestPath(
        node_id=f"node-{node}",
        dc=dc,
        cluster_id=CLUSTER_ID,
        task_id=TASK_ID,
        snapshot_tag=TAG,
        temporary=temporary,
    )


def packed(document: object) -> bytes:
    return gzip.compress(json.dumps(document).encode())


def backup(nodes: int = 2, tables: tuple[str, ...] = ("t", "mv"), sstables: int = 3) -> Bucket:
    """``sstables`` of each table on each node, each of 10 + 1 bytes, and a schema that says that ``mv`` is a view."""
    bucket = Bucket()
    for node in range(nodes):
        where = manifest_path(node, f"dc{1 + node % 2}")
        index = []
        for table in tables:
            directory = SSTableDirectory(
                cluster_id=CLUSTER_ID,
                dc=where.dc,
                node_id=where.node_id,
                keyspace="ks",
                table=table,
                version=TABLE_ID,
            )
            names = [f"me-{n}-big-{component}" for n in range(sstables) for component in COMPONENTS]
            for name in names:
                bucket.objects[f"{directory.path}/{name}"] = b"0123456789" if "Data" in name else b"0"
            index.append(
                {"keyspace": "ks", "table": table, "version": TABLE_ID, "files": names, "size": sstables * 11}
            )
        bucket.objects[where.path] = packed({"cluster_name": "old", "size": 7, "index": index})
    schema = SchemaPath(cluster_id=CLUSTER_ID, task_id=TASK_ID, snapshot_tag=TAG, kind=SchemaKind.CQL)
    bucket.objects[schema.path] = packed([{"keyspace": "ks", "type": "view", "name": "mv", "cql_stmt": "…"}])
    return bucket


def selection(**others: object) -> Selection:
    fields = {"kind": RestoreKind.TABLES, "locations": (WHERE,), "snapshot_tag": TAG, **others}
    return Selection(**fields)  # type: ignore[arg-type]  # fields by name


def opening(**others: object) -> OpenLocation:
    return OpenLocation(location="s3:backups", where=WHERE, selection=selection(**others))


def indexing(bucket: Bucket, tables: tuple[str, ...] = ("ks:t", "ks:mv"), **others: object) -> IndexLocation:
    return IndexLocation(
        location="s3:backups",
        where=WHERE,
        selection=selection(**others),
        manifests=tuple(sorted(key for key in bucket.objects if key.endswith("manifest.json.gz"))),
        keyspaces=("ks",),
        user_keyspaces=("ks",),
        tables=tables,
    )
