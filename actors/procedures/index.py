"""Reading a backup: which manifests make up the snapshot, what they name, and how large that is.

Each function is one step that a lane of a location can take beside others. Steps report what they read at once, and
return only what the next steps need.
"""

from collections.abc import Iterator
from hashlib import sha256

import msgspec

from scylla_restore.actors.procedures.storing import Store
from scylla_restore.engine.backup.compressed import COMPRESSED_LIMIT_BYTES
from scylla_restore.engine.backup.directory import DirectoryPart, DirectoryPlan, index_part, plan_directory
from scylla_restore.engine.backup.layout import MANIFESTS, ManifestPath, SchemaKind, SchemaPath
from scylla_restore.engine.backup.manifest import IndexEntry, Manifest, read_manifest
from scylla_restore.engine.backup.schema import read_schema, views_of
from scylla_restore.engine.backup.scylla_manifest import index_as_noted
from scylla_restore.engine.backup.snapshots import choose_manifests, no_such_snapshot, refuse_misplaced
from scylla_restore.engine.core.commands import IndexLocation
from scylla_restore.engine.core.mapping import renamed
from scylla_restore.engine.core.selection import ClusterTables, refuse_impossible, select_tables
from scylla_restore.engine.core.snapshot_tag import nearest_tags
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import BackupError, ObjectMissing, ObjectTooLarge, StorageDenied
from scylla_restore.engine.storage.port import ObjectStore, Page, StoreReport
from scylla_restore.events.model.locations import DirectoryIndexed, ManifestRead, SkippedTable
from scylla_restore.events.model.target import Selection


class FoundManifests(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot in a location: manifests by path, those that are asked for, and where all of them come from.

    ``nearest`` are the tags nearest in time, where there is none.
    """

    manifests: tuple[str, ...]
    clusters: tuple[str, ...]
    tasks: tuple[str, ...]
    dcs: tuple[str, ...]
    nearest: tuple[str, ...]
    reached: StoreReport


class DirectoryTask(msgspec.Struct, frozen=True):
    """A remote directory to be listed: an entry of the manifest at ``path``, and the table that it is restored into."""

    path: str
    manifest: ManifestPath
    entry: IndexEntry
    goes_to: TableName

    @property
    def weight_bytes(self) -> int:
        """How long its file names are, which is what has to be in memory for it."""
        return len(memoryview(self.entry.files))


class ManifestContents(msgspec.Struct, frozen=True):
    """What the manifest at ``path`` leads to: directories to be listed, and tables that are not restored."""

    path: str
    directories: tuple[DirectoryTask, ...]
    skipped: tuple[SkippedTable, ...]


class DirectoryTotals(msgspec.Struct, frozen=True):
    """What a directory holds of the snapshot; ``size`` in bytes."""

    task: DirectoryTask
    sstables: int
    size: int


class DirectoryParts(msgspec.Struct, frozen=True):
    """A directory that is large enough to be listed in parts, side by side."""

    task: DirectoryTask
    plan: DirectoryPlan
    parts: tuple[DirectoryPart, ...]


class PartTotals(msgspec.Struct, frozen=True):
    """What a part of a directory holds of the snapshot; ``size`` in bytes."""

    part: DirectoryPart
    sstables: int
    size: int


async def find_manifests(store: Store, selection: Selection) -> FoundManifests:
    """Return the manifests that the selection is about.

    There are none if the location lacks the snapshot and others are asked too.

    Raises:
        StorageError: the location cannot be listed.
        NoSuchSnapshot: the only location lacks the snapshot.
        BackupError: the snapshot was not completed, or a manifest lies where none can.
        TargetError: several clusters or tasks have the tag.
    """
    keys = await store(_list_manifests)
    refuse_misplaced(keys, location=store.location, snapshot_tag=selection.snapshot_tag)
    paths = [path for path in map(ManifestPath.parse, keys) if path is not None]
    manifests = choose_manifests(
        paths,
        location=store.location,
        snapshot_tag=selection.snapshot_tag,
        source_cluster=selection.source_cluster,
        source_task=selection.source_task,
    )
    if not manifests and len(selection.locations) == 1:
        raise no_such_snapshot(
            selection.snapshot_tag,
            [store.location],
            source_cluster=selection.source_cluster,
            source_task=selection.source_task,
            there=paths,
        )
    tags = () if manifests else nearest_tags(selection.snapshot_tag, (path.snapshot_tag for path in paths))
    mapped_dcs = {source for source, _ in selection.dc_mapping}
    return FoundManifests(
        manifests=tuple(path.path for path in manifests if not mapped_dcs or path.dc in mapped_dcs),
        clusters=tuple(sorted({path.cluster_id for path in manifests})),
        tasks=tuple(sorted({path.task_id for path in manifests})),
        dcs=tuple(sorted({path.dc for path in manifests})),
        nearest=tags,
        reached=store.reached(),
    )


def _list_manifests(store: ObjectStore) -> tuple[str, ...]:
    return tuple(listed.key for listed in store.list(MANIFESTS))


async def tell_how_reached(store: Store) -> StoreReport:
    """Return how the store was reached, and what it took."""
    return store.reached()


async def verify_manifest(store: Store, path: str, digest: str) -> None:
    """Make sure that a manifest is the one that the run was indexed from.

    Raises:
        BackupError: it is another one, or gone.
        StorageError: it cannot be read.
    """
    hint = "the backup was changed since the run began: start a new run"
    try:
        data = await _read(store, path)
    except ObjectMissing as error:
        raise BackupError(f"{store.location}/{path} is gone", hint=hint) from error
    if sha256(data).hexdigest() != digest:
        raise BackupError(f"{store.location}/{path} is not what it was when the run was indexed", hint=hint)


async def read_views(store: Store, manifests: tuple[str, ...]) -> frozenset[TableName]:
    """Return the views that the snapshot's schema names; none if the backup holds no schema that can be read."""
    schemas = {_schema_path(ManifestPath.parse(path)) for path in manifests} - {None}
    views: frozenset[TableName] = frozenset()
    for path in sorted(path for path in schemas if path is not None):
        try:
            data = await _read(store, path)
        except ObjectMissing:
            continue
        views |= views_of(read_schema(data, path=f"{store.location}/{path}"))
    return views


def _schema_path(manifest: ManifestPath | None) -> str | None:
    if manifest is None:
        return None
    return SchemaPath(
        cluster_id=manifest.cluster_id,
        task_id=manifest.task_id,
        snapshot_tag=manifest.snapshot_tag,
        kind=SchemaKind.CQL,
    ).path


async def read_contents(
    store: Store, command: IndexLocation, path: str, views: frozenset[TableName]
) -> ManifestContents:
    """Report a manifest, and return what of it is restored.

    Raises:
        BackupError: it is not what a manifest should be.
        TargetError: the cluster lacks a table that is to be restored.
        StorageError: it cannot be read.
    """
    data = await _read(store, path)
    where = ManifestPath.parse(path)
    if where is None:
        raise BackupError(f"{store.location}/{path} is not the name of a manifest")
    manifest = read_manifest(data, path=f"{store.location}/{path}")
    store.report(_manifest_read(store.location, where, manifest, sha256(data).hexdigest()))
    cluster = ClusterTables(
        keyspaces=command.keyspaces,
        user_keyspaces=command.user_keyspaces,
        tables=frozenset(map(TableName.from_column_family, command.tables)),
        views=views,
    )
    selection = command.selection
    entries = manifest.tables
    selected = select_tables(selection.keyspace, [entry.name for entry in entries], cluster, selection.rename)
    if selected.missing:
        refuse_impossible(selected, selection.keyspace)
    restored = frozenset(selected.restored)
    return ManifestContents(
        path=path,
        directories=tuple(
            DirectoryTask(path, where, entry, renamed(entry.name, selection.rename))
            for entry in entries
            if entry.name in restored
        ),
        skipped=selected.skipped,
    )


def _manifest_read(location: str, where: ManifestPath, manifest: Manifest, digest: str) -> ManifestRead:
    return ManifestRead(
        location=location,
        path=where.path,
        sha256=digest,
        cluster_id=where.cluster_id,
        cluster_name=manifest.cluster_name,
        dc=where.dc,
        node_id=where.node_id,
        tables=len(manifest.tables),
        size=manifest.size,
        scylla_version=manifest.scylla_version,
    )


async def read_directories(
    store: Store, tasks: tuple[DirectoryTask, ...]
) -> tuple[DirectoryTotals | DirectoryParts, ...]:
    """Report the SSTables of directories with their sizes; return parts of large ones that have to be listed.

    Raises:
        BackupError: a file that the manifest names is missing, or the names do not make up SSTables, or the sizes do
            not make up what the manifest says.
        StorageError: it cannot be listed.
    """
    return tuple([await _read_directory(store, task) for task in tasks])


async def _read_directory(store: Store, task: DirectoryTask) -> DirectoryTotals | DirectoryParts:
    plan = plan_directory(task.entry, manifest=task.manifest, location=store.location, goes_to=task.goes_to)
    if noted := await _read_notes(store, plan):
        for event in noted:
            store.report(event)
        return DirectoryTotals(task, len(plan.whole.sstables.ids), plan.size)
    parts = plan.parts() if store.lists_ranges else (plan.whole,)
    if len(parts) > 1:
        return DirectoryParts(task, plan, parts)
    events = await _index(store, plan.whole)
    size = sum(sum(event.sizes) for event in events)
    plan.check_size(size)
    for event in events:
        store.report(event)
    return DirectoryTotals(task, len(plan.whole.sstables.ids), size)


async def _read_notes(store: Store, plan: DirectoryPlan) -> tuple[DirectoryIndexed, ...]:
    """Return the SSTables of a directory by Scylla's own manifest; none if that is of no use, or not to be had."""
    manifest = plan.scylla_manifest(store.files_per_page)
    if manifest is None:
        return ()
    try:
        return index_as_noted(plan, await _read(store, manifest))
    except (ObjectMissing, ObjectTooLarge, StorageDenied):
        return ()


async def read_part(store: Store, part: DirectoryPart) -> PartTotals:
    """Report the SSTables of a part of a directory. Raises as ``read_directories`` does."""
    events = await _index(store, part)
    for event in events:
        store.report(event)
    return PartTotals(part, len(part.sstables.ids), sum(sum(event.sizes) for event in events))


async def check_size(plan: DirectoryPlan, size: int) -> None:
    """Compare the bytes of all parts of a directory with what the manifest says.

    Raises:
        BackupError: they differ.
    """
    plan.check_size(size)


async def _index(store: Store, part: DirectoryPart) -> list[DirectoryIndexed]:
    prefix = f"{part.where.path}/"

    def index(port: ObjectStore) -> list[DirectoryIndexed]:
        def listing(after: str, until: str) -> Iterator[Page]:
            return port.pages(prefix, after=after, until=until)

        return list(index_part(part, listing))

    return await store(index)


async def _read(store: Store, path: str) -> bytes:
    return await store(lambda port: port.read(path, limit_bytes=COMPRESSED_LIMIT_BYTES))
