"""All snapshots of some buckets: told from names alone, and in detail from their manifests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.backup.manifest import Manifest
from scylla_restore.engine.backup.snapshots import find_snapshots
from scylla_restore.engine.core.snapshot_tag import snapshot_time
from scylla_restore.engine.core.table_name import TableName


class PlacedManifest(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A manifest, and the location (``<provider>:<bucket>``) that holds it."""

    location: str
    path: ManifestPath


class CataloguedSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot of one cluster, in all the locations that hold a part of it.

    ``unfinished`` are temporary manifests that have no final one: their nodes had not finished, or it is partly deleted.
    """

    snapshot_tag: str
    cluster_id: str
    manifests: tuple[PlacedManifest, ...]
    unfinished: tuple[PlacedManifest, ...]

    @property
    def time(self) -> datetime:
        """When it was taken, in UTC."""
        return snapshot_time(self.snapshot_tag)

    @property
    def all_manifests(self) -> tuple[PlacedManifest, ...]:
        """Final manifests, then those that never became so."""
        return self.manifests + self.unfinished


class TableSize(msgspec.Struct, frozen=True, kw_only=True):
    """A table's bytes in a snapshot, over all nodes."""

    table: str
    size: int


class KeyspaceSize(msgspec.Struct, frozen=True, kw_only=True):
    """A keyspace's bytes in a snapshot, over all nodes, and those of its tables by name."""

    keyspace: str
    size: int
    tables: tuple[TableSize, ...]


def catalogue(paths: Mapping[str, Iterable[ManifestPath]]) -> tuple[CataloguedSnapshot, ...]:
    """Return the snapshots of the manifests in each location, oldest first."""
    final: defaultdict[tuple[str, str], list[PlacedManifest]] = defaultdict(list)
    unfinished: defaultdict[tuple[str, str], list[PlacedManifest]] = defaultdict(list)
    for location, of_location in paths.items():
        for snapshot in find_snapshots(of_location):
            key = snapshot.snapshot_tag, snapshot.cluster_id
            final[key] += [PlacedManifest(location=location, path=path) for path in snapshot.manifests]
            unfinished[key] += [PlacedManifest(location=location, path=path) for path in snapshot.unfinished]
    return tuple(
        CataloguedSnapshot(
            snapshot_tag=key[0],
            cluster_id=key[1],
            manifests=tuple(sorted(final[key])),
            unfinished=tuple(sorted(unfinished[key])),
        )
        for key in sorted(final)
    )


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a manifest when the names of its files are forgotten: most of it is those."""

    cluster_name: str
    sizes: dict[TableName, int]


def contents_of(manifest: Manifest) -> Contents:
    """Return what a manifest says of its tables; a table that has several directories has the bytes of all."""
    sizes: defaultdict[TableName, int] = defaultdict(int)
    for entry in manifest.tables:
        sizes[entry.name] += entry.size
    return Contents(cluster_name=manifest.cluster_name, sizes=dict(sizes))


def sizes_of(contents: Iterable[Contents]) -> tuple[KeyspaceSize, ...]:
    """Return what manifests of one snapshot hold together, by keyspace and table."""
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in contents:
        for name, size in each.sizes.items():
            sums[name.keyspace][name.table] += size
    return tuple(
        KeyspaceSize(
            keyspace=keyspace,
            size=sum(tables.values()),
            tables=tuple(TableSize(table=table, size=size) for table, size in sorted(tables.items())),
        )
        for keyspace, tables in sorted(sums.items())
    )
