"""A snapshot's schema in the bucket: found by its name, read, and cut into statements."""

from hashlib import sha256

import msgspec

from scylla_restore.actors.procedures.storing import Store
from scylla_restore.engine.backup.alternator import BackedUpTable, read_alternator
from scylla_restore.engine.backup.compressed import COMPRESSED_LIMIT_BYTES
from scylla_restore.engine.backup.layout import SCHEMAS, SchemaKind, SchemaPath
from scylla_restore.engine.backup.restorable import statements_to_apply
from scylla_restore.engine.backup.schema import SchemaRow, read_schema
from scylla_restore.engine.core.sources import refuse_several
from scylla_restore.engine.errors import NoSuchSnapshot
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.model.schema_restore import SchemaFile, SchemaStatementsRead, SkippedObject
from scylla_restore.events.model.target import Selection

STATEMENTS_PER_EVENT = 200


class SchemaContents(msgspec.Struct, frozen=True):
    """What the statements that were reported come from, and how many they are."""

    files: tuple[SchemaFile, ...]
    statements: int
    skipped: tuple[SkippedObject, ...]


async def read_schema_files(store: Store, selection: Selection) -> SchemaContents:
    """Report the statements of the schema that the selection is about, and return the rest.

    Raises:
        StorageError: the location cannot be listed or read.
        NoSuchSnapshot: there is no such schema.
        TargetError: several clusters or tasks have the tag.
        BackupError: a file is not what it should be.
    """
    paths = _chosen(await store(_list_schemas), selection, store.location)
    read = {path: await _read(store, path) for path in paths}
    rows: tuple[SchemaRow, ...] = ()
    tables: tuple[BackedUpTable, ...] = ()
    for path, data in read.items():
        name = f"{store.location}/{path.path}"
        if path.kind is SchemaKind.CQL:
            rows = read_schema(data, path=name)
        else:
            tables = read_alternator(data, path=name)
    schema = statements_to_apply(rows, tables)
    for first in range(0, len(schema.statements), STATEMENTS_PER_EVENT):
        some = schema.statements[first : first + STATEMENTS_PER_EVENT]
        store.report(SchemaStatementsRead(location=store.location, first=first, statements=some))
    return SchemaContents(
        files=tuple(
            SchemaFile(path=path.path, sha256=sha256(data).hexdigest()) for path, data in read.items()
        ),
        statements=len(schema.statements),
        skipped=schema.skipped,
    )


def _list_schemas(store: ObjectStore) -> tuple[str, ...]:
    return tuple(listed.key for listed in store.list(SCHEMAS))


async def _read(store: Store, path: SchemaPath) -> bytes:
    return await store(lambda store: store.read(path.path, limit_bytes=COMPRESSED_LIMIT_BYTES))


def _chosen(keys: tuple[str, ...], selection: Selection, location: str) -> list[SchemaPath]:
    """Return the files of one cluster's and task's snapshot: CQL's, and Alternator's if there is one."""
    parsed = (path for path in map(SchemaPath.parse, keys) if path is not None)
    paths = [
        path
        for path in parsed
        if path.snapshot_tag == selection.snapshot_tag
        and selection.source_cluster in (None, path.cluster_id)
        and selection.source_task in (None, path.task_id)
    ]
    refuse_several(
        selection.snapshot_tag,
        where=location,
        clusters={path.cluster_id for path in paths},
        tasks={path.task_id for path in paths},
    )
    kinds = {path.kind for path in paths}
    if SchemaKind.CQL in kinds:
        return sorted(path for path in paths if path.kind is not SchemaKind.LEGACY)
    old = SchemaKind.LEGACY in kinds
    raise NoSuchSnapshot(
        f"{location} holds "
        + ("only an old ScyllaDB's schema files" if old else "no schema")
        + f" of snapshot {selection.snapshot_tag}",
        hint="create the schema by hand, as the old cluster's DESCRIBE tells it"
        if old
        else f"`scylla-restore backups -L {location}` lists the snapshots there; a schema is backed up since ScyllaDB 6.0",
    )
