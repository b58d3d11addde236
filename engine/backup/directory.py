"""From a manifest's entry and a listing of its directory to what the log keeps of it.

    entry ── plan_directory ──▶ plan ── parts ──▶ part ── index_part, with a listing ──▶ DirectoryIndexed…

Parts of a large directory can be listed side by side, where the store can begin anywhere.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

import msgspec

from scylla_restore.engine.backup.layout import ManifestPath, SSTableDirectory, snapshot_manifest_name
from scylla_restore.engine.backup.manifest import IndexEntry
from scylla_restore.engine.backup.sstable import SSTables, group_sstables
from scylla_restore.engine.backup.versions import VERSION_MARK, choose_versions
from scylla_restore.engine.core.sstable_names import file_namer
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import DirectoryIndexed

SSTABLES_PER_EVENT = 20_000
"""The most that one event holds, so that no record of the log grows beyond about a megabyte."""

FILES_PER_PART = 10_000
"""How many files of a large directory are listed in turn: ten pages or so."""

_BEHIND_VERSIONS = ".t"
"""Put behind a name, it stands behind the name's versions (``.sm_…``) and before all other names."""

_ID_DIGITS = 16

_FILE_BYTES_MAX = 2**53
"""No file is larger, and what is said to be would make sums that cannot be recorded."""

Page = dict[str, int]
"""Names of some of a directory's files, with their sizes in bytes."""

Listing = Callable[[str, str], Iterator[Page]]
"""Lists a directory's files by pages: names behind the first argument and up to the second; all, if these are empty."""


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


class DirectoryPart(msgspec.Struct, frozen=True, kw_only=True):
    """SSTables of one directory whose files lie behind the name ``after`` and up to ``until``; empty: anywhere.

    ``location`` is ``<provider>:<bucket>``, ``goes_to`` the table that they are restored into.
    """

    where: SSTableDirectory
    location: str
    snapshot_tag: str
    goes_to: TableName
    sstables: SSTables
    after: str = ""
    until: str = ""

    @property
    def name(self) -> str:
        """The directory, as errors name it."""
        return f"{self.location}/{self.where.path}"


class DirectoryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry of a manifest names; ``size`` is what it says in bytes, 0 if it says nothing.

    ``has_scylla_manifest`` tells that Scylla's own manifest stands beside the files.
    """

    whole: DirectoryPart
    size: int
    has_scylla_manifest: bool = False

    def scylla_manifest(self, files_per_page: int) -> str | None:
        """Return the key of Scylla's own manifest, where it may take the place of a listing, and spares requests.

        Files that may have versions have to be listed, and few files are listed as soon as anything is read:
        ``files_per_page`` of them with one request, or all if that is 0.
        """
        whole = self.whole
        if not (self.has_scylla_manifest and self.size and whole.sstables.is_plain):
            return None
        (shape,) = whole.sstables.shapes
        if not files_per_page or len(whole.sstables.ids) * len(shape.components) <= files_per_page:
            return None
        return f"{whole.where.path}/{snapshot_manifest_name(whole.snapshot_tag, whole.where.node_id)}"

    def parts(self, files: int = FILES_PER_PART) -> tuple[DirectoryPart, ...]:
        """Return parts of about ``files`` each to be listed by themselves; one, if files have versions or are few."""
        sstables = self.whole.sstables
        if not sstables.is_plain:
            return (self.whole,)
        (shape,) = sstables.shapes
        count = max(1, files // len(shape.components))
        if len(sstables.ids) <= 2 * count:
            return (self.whole,)
        ids = sstables.ids
        groups = [ids[start : start + count] for start in range(0, len(ids), count)]
        namer = file_namer(shape, self.whole.where.keyspace, self.whole.where.table)
        ends = ["", *(f"{namer(group[-1])[-1]}{_BEHIND_VERSIONS}" for group in groups[:-1]), ""]
        return tuple(
            msgspec.structs.replace(
                self.whole,
                sstables=SSTables(ids=group, shape_of=[0] * len(group), shapes=sstables.shapes),
                after=ends[number],
                until=ends[number + 1],
            )
            for number, group in enumerate(groups)
        )

    def check_size(self, size: int) -> None:
        """Compare the bytes that were listed with what the manifest says.

        Raises:
            BackupError: they differ, so that some file is not the one that was backed up.
        """
        if self.size not in {0, size}:
            raise BackupError(
                f"{self.whole.name}: the files of the snapshot have {size} bytes, but its manifest says {self.size}"
            )


def plan_directory(
    entry: IndexEntry, *, manifest: ManifestPath, location: str, goes_to: TableName | None = None
) -> DirectoryPlan:
    """Put the files of an entry together to SSTables.

    ``location`` is ``<provider>:<bucket>``; without ``goes_to`` the table is called as it was.

    Raises:
        BackupError: a name is no SSTable component's, or an SSTable is not whole.
    """
    where = directory_of(entry, manifest)
    sstables = group_sstables(
        entry.file_names(manifest=f"{location}/{manifest.path}"),
        keyspace=entry.keyspace,
        table=entry.table,
        what=f"{location}/{where.path}",
    )
    if sstables.is_plain:
        # The order of the ids is that of their files' names then: nothing that an id can have sorts before a dash.
        sstables = msgspec.structs.replace(sstables, ids=sorted(sstables.ids))
    whole = DirectoryPart(
        where=where,
        location=location,
        snapshot_tag=manifest.snapshot_tag,
        goes_to=goes_to or entry.name,
        sstables=sstables,
    )
    name = snapshot_manifest_name(manifest.snapshot_tag, manifest.node_id)
    return DirectoryPlan(
        whole=whole, size=entry.size, has_scylla_manifest=name in (entry.scylla_manifests or ())
    )


def index_part(part: DirectoryPart, listing: Listing) -> Iterator[DirectoryIndexed]:
    """Yield the SSTables of a part, with the sizes of the files that belong to the snapshot.

    Nothing is yielded for a part without SSTables. ``listing`` may be asked twice.

    Raises:
        BackupError: a file is missing from the listing, or is listed with a size that cannot be.
    """
    if not part.sstables.ids:
        return
    suffixes: dict[str, dict[str, str]] = {}
    sizes = _add_up(part, listing(part.after, part.until)) if part.sstables.is_plain else None
    if sizes is None:
        whole: Page = {}
        for page in listing(part.after, part.until):
            whole.update(page)
        sizes, suffixes = _choose_and_add_up(part, whole)
    for start in range(0, len(sizes), SSTABLES_PER_EVENT):
        yield indexed_event(part, slice(start, start + SSTABLES_PER_EVENT), sizes, suffixes)


def indexed_event(
    part: DirectoryPart, some: slice, sizes: list[int], suffixes: Mapping[str, dict[str, str]]
) -> DirectoryIndexed:
    """Return some of a part's SSTables, given the bytes of each of them all, and the tags of versioned ones by id."""
    where, sstables = part.where, part.sstables
    ids, shape_of = sstables.ids[some], sstables.shape_of[some]
    used = sorted(set(shape_of))
    position = {shape: new for new, shape in enumerate(used)}
    return DirectoryIndexed(
        directory=directory_id(part.location, where.path),
        location=part.location,
        path=where.path,
        dc=where.dc,
        node_id=where.node_id,
        keyspace=where.keyspace,
        table=where.table,
        ids=tuple(ids),
        sizes=tuple(sizes[some]),
        shapes=tuple(sstables.shapes[shape] for shape in used),
        shape_of=() if len(used) == 1 else tuple(position[shape] for shape in shape_of),
        suffixes={sstable: suffixes[sstable] for sstable in ids if sstable in suffixes} if suffixes else {},
        target_keyspace="" if part.goes_to.keyspace == where.keyspace else part.goes_to.keyspace,
        target_table="" if part.goes_to.table == where.table else part.goes_to.table,
    )


def _add_up(part: DirectoryPart, pages: Iterable[Page]) -> list[int] | None:
    """Return the bytes of each of some plain SSTables; None if the listing is not so simple that this goes page by page.

    Names stand in order here and in most listings, so those that a page is about stand side by side:

        names   │ A1 A2 A3 B1 B2 │ B3 C1 C2 C3 …
        pages   │ A1 A2 A3 B1 B2 │ B3 C1 …

    A page fits into the processor's cache. A listing as a whole does not, and takes five times as long.
    """
    (shape,) = part.sstables.shapes
    namer = file_namer(shape, part.where.keyspace, part.where.table)
    names = [name for sstable in part.sstables.ids for name in namer(sstable)]
    found: list[int] = []
    for sizes in pages:
        start = len(found)
        if list(sizes) == names[start : start + len(sizes)]:
            found += sizes.values()
            continue
        if VERSION_MARK in "\n".join(sizes):
            return None
        end = bisect_right(names, next(reversed(sizes)), start)
        try:
            found += map(sizes.__getitem__, names[start:end])
        except KeyError:
            return None
    if len(found) != len(names) or min(found) < 0 or max(found) > _FILE_BYTES_MAX:
        return None
    return list(map(sum, zip(*[iter(found)] * len(shape.components), strict=True)))


def _choose_and_add_up(
    part: DirectoryPart, listing: Mapping[str, int]
) -> tuple[list[int], dict[str, dict[str, str]]]:
    """Return each SSTable's bytes, and for versioned ones the tags that their components' names end in."""
    for name in (
        (min(listing, key=listing.__getitem__), max(listing, key=listing.__getitem__)) if listing else ()
    ):
        if not 0 <= listing[name] <= _FILE_BYTES_MAX:
            raise BackupError(f"{part.name}/{name} is listed with an impossible size of {listing[name]}")
    chosen = choose_versions(listing, part.snapshot_tag)
    sstables = part.sstables
    namers = [file_namer(shape, part.where.keyspace, part.where.table) for shape in sstables.shapes]
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
            f"{part.name}/{name} is missing: the manifest names it, but the directory {listed}"
        ) from error
    return sizes, suffixes
