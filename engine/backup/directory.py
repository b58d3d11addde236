"""From a manifest's entry and a listing of its directory to what the log keeps of it."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from scylla_restore.engine.backup.layout import ManifestPath, SSTableDirectory
from scylla_restore.engine.backup.manifest import IndexEntry
from scylla_restore.engine.backup.sstable import SSTables, group_sstables
from scylla_restore.engine.backup.versions import ChosenFiles, choose_versions
from scylla_restore.engine.core.sstable_names import file_namer
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import DirectoryIndexed

SSTABLES_PER_EVENT = 20_000
"""The most that one event holds, so that no record of the log grows beyond about a megabyte."""

_ID_DIGITS = 16


def directory_id(location: str, path: str) -> str:
    """Return the id of a remote directory of a location (``<provider>:<bucket>``)."""
    return sha256(f"{location}/{path}".encode()).hexdigest()[:_ID_DIGITS]


def directory_of(entry: IndexEntry, manifest: ManifestPath) -> SSTableDirectory:
    """Return where the files of a manifest's entry are."""
    return SSTableDirectory(
        cluster_id=manifest.cluster_id,
        dc=manifest.dc,
        node_id=manifest.node_id,
        keyspace=entry.keyspace,
        table=entry.table,
        version=entry.version,
    )


def index_directory(
    entry: IndexEntry, listing: Mapping[str, int], *, manifest: ManifestPath, location: str
) -> Iterator[DirectoryIndexed]:
    """Yield the SSTables of one entry, with the sizes of the files that belong to the manifest's snapshot.

    ``listing`` has the names and sizes (bytes) of all files in the entry's directory; ``location`` is
    ``<provider>:<bucket>``. Nothing is yielded for an entry without files.

    Raises:
        BackupError: a file is missing from the listing, or manifest and listing hold what cannot be.
    """
    where = directory_of(entry, manifest)
    what = f"{location}/{where.path}"
    sstables = group_sstables(entry.file_names(), keyspace=entry.keyspace, table=entry.table, what=what)
    if not sstables.ids:
        return
    if min(listing.values(), default=0) < 0:
        name = min(listing, key=lambda name: listing[name])
        raise BackupError(f"{what}/{name} is listed with an impossible size of {listing[name]}")
    chosen = choose_versions(listing, manifest.snapshot_tag)
    sizes, suffixes = _measure(sstables, chosen, entry, what)
    for start in range(0, len(sstables.ids), SSTABLES_PER_EVENT):
        part = slice(start, start + SSTABLES_PER_EVENT)
        ids = sstables.ids[part]
        used = sorted(set(sstables.shape_of[part]))
        position = {shape: new for new, shape in enumerate(used)}
        yield DirectoryIndexed(
            directory=directory_id(location, where.path),
            location=location,
            path=where.path,
            dc=where.dc,
            node_id=where.node_id,
            keyspace=where.keyspace,
            table=where.table,
            ids=tuple(ids),
            sizes=tuple(sizes[part]),
            shapes=tuple(sstables.shapes[shape] for shape in used),
            shape_of=() if len(used) == 1 else tuple(position[shape] for shape in sstables.shape_of[part]),
            suffixes={sstable_id: suffixes[sstable_id] for sstable_id in ids if sstable_id in suffixes},
        )


def _measure(
    sstables: SSTables, chosen: ChosenFiles, entry: IndexEntry, what: str
) -> tuple[list[int], dict[str, dict[str, str]]]:
    """Return each SSTable's bytes, and for versioned ones the tags that their components' names end in."""
    namers = [file_namer(shape, entry.keyspace, entry.table) for shape in sstables.shapes]
    size_of, tags = chosen.sizes.__getitem__, chosen.tags
    sizes: list[int] = []
    suffixes: dict[str, dict[str, str]] = {}
    try:
        for sstable_id, shape in zip(sstables.ids, sstables.shape_of, strict=True):
            names = namers[shape](sstable_id)
            sizes.append(sum(map(size_of, names)))
            if tags:
                components = zip(names, sstables.shapes[shape].components, strict=True)
                own = {component: tags[name] for name, component in components if name in tags}
                if own:
                    suffixes[sstable_id] = own
    except KeyError as error:
        name = str(error.args[0])
        listed = "only lists copies from before the snapshot" if name in chosen.older else "does not list it"
        raise BackupError(
            f"{what}/{name} is missing: the manifest names it, but the directory {listed}"
        ) from error
    return sizes, suffixes
