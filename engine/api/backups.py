"""What buckets hold: snapshots from the names of their manifests, and on demand from the manifests themselves."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final

import msgspec

from scylla_restore.engine.backup.catalogue import (
    CataloguedSnapshot,
    Contents,
    KeyspaceSize,
    PlacedManifest,
    catalogue,
    contents_of,
    sizes_of,
)
from scylla_restore.engine.backup.compressed import COMPRESSED_LIMIT_BYTES
from scylla_restore.engine.backup.layout import MANIFESTS, ManifestPath
from scylla_restore.engine.backup.manifest import read_manifest
from scylla_restore.engine.errors import RestoreError
from scylla_restore.engine.storage.port import ObjectStore

_AT_ONE_TIME: Final = 8


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of a cluster: what `backups` lists. What takes its manifests is None where they were not read.

    ``time`` is when it was taken; ``nodes`` are host ids; ``complete`` is false when a node's upload did not end. Sizes are
    bytes over all nodes; ``problems`` says which manifests could not be read.
    """

    tag: str
    time: datetime
    cluster_id: str
    locations: tuple[str, ...]
    tasks: tuple[str, ...]
    dcs: tuple[str, ...]
    nodes: tuple[str, ...]
    complete: bool
    unfinished: tuple[str, ...]
    cluster_name: str | None = None
    keyspaces: tuple[str, ...] | None = None
    tables: tuple[str, ...] | None = None
    bytes: int | None = None
    units: tuple[KeyspaceSize, ...] | None = None
    problems: tuple[str, ...] = ()


def find_backups(stores: Mapping[str, ObjectStore]) -> tuple[CataloguedSnapshot, ...]:
    """Return the snapshots in locations (``<provider>:<bucket>``), oldest first, from names alone.

    Raises:
        StorageError: a location cannot be listed.
    """
    with ThreadPoolExecutor(_AT_ONE_TIME, thread_name_prefix="backups") as workers:
        listings = {location: workers.submit(_manifests, store) for location, store in stores.items()}
        return catalogue({location: listing.result() for location, listing in listings.items()})


def told_by_names(snapshot: CataloguedSnapshot) -> Backup:
    """Return all that the names of a snapshot's manifests tell."""
    paths = [placed.path for placed in snapshot.all_manifests]
    return Backup(
        tag=snapshot.snapshot_tag,
        time=snapshot.time,
        cluster_id=snapshot.cluster_id,
        locations=_each(placed.location for placed in snapshot.all_manifests),
        tasks=_each(path.task_id for path in paths),
        dcs=_each(path.dc for path in paths),
        nodes=_each(path.node_id for path in paths),
        complete=not snapshot.unfinished,
        unfinished=_each(f"{placed.location}/{placed.path.path}" for placed in snapshot.unfinished),
    )


def told_by_manifests(
    snapshots: Iterable[CataloguedSnapshot], stores: Mapping[str, ObjectStore]
) -> Iterator[Backup]:
    """Yield what the manifests of each snapshot tell, in turn.

    A manifest that cannot be read is one of the backup's ``problems``, and the others are told of all the same.
    """
    with ThreadPoolExecutor(_AT_ONE_TIME, thread_name_prefix="backups") as workers:
        try:
            # One snapshot at a time, so that no more manifests are in memory than one snapshot has.
            for snapshot in snapshots:
                reads = [
                    workers.submit(_read, stores[placed.location], placed)
                    for placed in snapshot.all_manifests
                ]
                yield _detailed(told_by_names(snapshot), reads)
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def _detailed(backup: Backup, reads: Iterable[Future[Contents]]) -> Backup:
    contents, problems = [], []
    for read in reads:
        try:
            contents.append(read.result())
        except RestoreError as error:
            problems.append(error.message)
    units = sizes_of(contents)
    return msgspec.structs.replace(
        backup,
        cluster_name=next((each.cluster_name for each in contents if each.cluster_name), ""),
        keyspaces=tuple(unit.keyspace for unit in units),
        tables=tuple(f"{unit.keyspace}.{table.table}" for unit in units for table in unit.tables),
        bytes=sum(unit.size for unit in units),
        units=units,
        problems=tuple(problems),
    )


def _manifests(store: ObjectStore) -> list[ManifestPath]:
    parsed = (ManifestPath.parse(listed.key) for listed in store.list(MANIFESTS))
    return [path for path in parsed if path is not None]


def _read(store: ObjectStore, placed: PlacedManifest) -> Contents:
    path = placed.path.path
    data = store.read(path, limit_bytes=COMPRESSED_LIMIT_BYTES)
    return contents_of(read_manifest(data, path=f"{placed.location}/{path}"))


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
