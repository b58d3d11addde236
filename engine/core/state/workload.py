"""What is left to restore: SSTables by directory, and directories by how much is left of them.

A directory's SSTables are sorted once, so that those that may share a batch stand side by side, big first:

    ids    │ 7 4 9 1 │ 3gx… 3gy… 3gz… 3ha… 3hb… 3hc… │
    size   │ 9 8 8 2 │  40   39   39   12    7    7  │
           └ segment ┴──────── segment ──────────────┘
             integer     UUID    ▲ cursor: all before it is assigned

Events name SSTables by id, so that a log can be folded by an engine that sorts differently: what is assigned out of
order is remembered in ``taken`` until the cursor passes it (see ``test_workload.py``).
"""

import heapq
from typing import NamedTuple

import msgspec

from scylla_restore.events.model.locations import DirectoryIndexed, SSTableShape


class Segment(msgspec.Struct, kw_only=True):
    """SSTables of a directory that may share a batch: positions ``[first, end)``, assigned up to ``cursor``.

    ``restorable`` is whether Scylla could read them from the bucket by itself.
    """

    first: int
    end: int
    cursor: int
    left: int
    left_bytes: int
    restorable: bool = False
    taken: set[int] = set()


class Directory(msgspec.Struct, kw_only=True):
    """A remote directory; position i of ``ids``, ``sizes`` and ``shape_of`` is one SSTable, and of ``data_sizes`` if any.

    ``data_sizes`` are exact where they are there, and ``sizes`` only in their sum. ``keyspace`` and ``table`` are where it is restored to, ``source_…`` what they were called in the backup. Nodes that
    may take of one directory of a ``pool`` may take of all.
    """

    id: str
    location: str
    pool: str
    path: str
    dc: str
    keyspace: str
    table: str
    source_keyspace: str
    source_table: str
    ids: list[str]
    sizes: list[int]
    shape_of: list[int]
    shapes: list[SSTableShape]
    suffixes: dict[str, dict[str, str]]
    segments: list[Segment] = []
    data_sizes: list[int] = []

    @property
    def column_family(self) -> str:
        """``<keyspace>:<table>``, as Scylla's REST API names a table."""
        return f"{self.keyspace}:{self.table}"

    @property
    def is_listed(self) -> bool:
        """Whether each of its files was seen, and not only noted."""
        return not self.data_sizes

    def is_restorable(self, position: int) -> bool:
        """Whether Scylla could read an SSTable by itself: it wants a UUID, plain names, and a table of contents."""
        sstable = self.ids[position]
        shape = self.shapes[self.shape_of[position]]
        return not sstable.isdecimal() and sstable not in self.suffixes and TOC in shape.components


TOC = "TOC.txt"
HeapEntry = tuple[int, int, str, int]


def pool_of(location: str, dc: str) -> str:
    """Return the pool of what a DC's nodes have put into a location."""
    return f"{location} {dc}"


def location_of(pool: str) -> str:
    """Return the location of a pool."""
    return pool.partition(" ")[0]


class Workload(msgspec.Struct, kw_only=True):
    """All directories; ``heaps`` holds, by pool, (-bytes left, -SSTables left, directory, segment).

    A pool is a location, or one DC's part of it where ``by_dc``. Segments that Scylla could restore by itself are in
    ``native_heaps`` instead.
    """

    by_dc: bool = False
    directories: dict[str, Directory] = {}
    unsorted: list[str] = []
    heaps: dict[str, list[HeapEntry]] = {}
    native_heaps: dict[str, list[HeapEntry]] = {}
    tables: dict[str, int] = {}
    size: int = 0
    sstables: int = 0
    left: int = 0
    left_bytes: int = 0

    def add(self, indexed: DirectoryIndexed) -> None:
        """Take in a directory, or more of one."""
        directory = self.directories.get(indexed.directory)
        if directory is None:
            keyspace, table = indexed.goes_to
            directory = Directory(
                id=indexed.directory,
                location=indexed.location,
                pool=pool_of(indexed.location, indexed.dc) if self.by_dc else indexed.location,
                path=indexed.path,
                dc=indexed.dc,
                keyspace=keyspace,
                table=table,
                source_keyspace=indexed.keyspace,
                source_table=indexed.table,
                ids=[],
                sizes=[],
                shape_of=[],
                shapes=[],
                suffixes={},
            )
            self.directories[indexed.directory] = directory
            self.unsorted.append(indexed.directory)
        base = len(directory.shapes)
        directory.shapes.extend(indexed.shapes)
        directory.ids.extend(indexed.ids)
        directory.sizes.extend(indexed.sizes)
        directory.data_sizes.extend(indexed.data_sizes)
        directory.shape_of.extend(
            [base + shape for shape in indexed.shape_of] if indexed.shape_of else [base] * len(indexed.ids)
        )
        directory.suffixes.update(indexed.suffixes)
        size = sum(indexed.sizes)
        self.size += size
        self.left_bytes += size
        self.sstables += len(indexed.ids)
        self.left += len(indexed.ids)
        self._count_table(directory, size)

    def forget_location(self, location: str) -> None:
        """Drop what was indexed at a location so far: it is about to be indexed from the start."""
        for directory in [d for d in self.directories.values() if d.location == location]:
            size = sum(directory.sizes)
            self.size -= size
            self.left_bytes -= size
            self.sstables -= len(directory.ids)
            self.left -= len(directory.ids)
            del self.directories[directory.id]
        self.unsorted = [directory for directory in self.unsorted if directory in self.directories]
        self.tables = {}
        for directory in self.directories.values():
            self._count_table(directory, sum(directory.sizes))

    def close_location(self, location: str) -> None:
        """Sort what was indexed at a location: from now on its SSTables can be assigned."""
        for directory_id in self.unsorted:
            directory = self.directories[directory_id]
            if directory.location != location:
                continue
            _sort(directory)
            self.heaps.setdefault(directory.pool, [])
            self.native_heaps.setdefault(directory.pool, [])
            for number, segment in enumerate(directory.segments):
                heapq.heappush(
                    self._heap_of(directory, segment),
                    (-segment.left_bytes, -segment.left, directory_id, number),
                )
        self.unsorted = [d for d in self.unsorted if self.directories[d].location != location]

    def assign(self, directory_id: str, ids: tuple[str, ...]) -> list[int]:
        """Take SSTables out of what is left, and return their positions."""
        directory = self.directories[directory_id]
        taken = _take_next(directory, ids) or _take_any(directory, ids)
        for number in taken.segments:
            segment = directory.segments[number]
            heap = self._heap_of(directory, segment)
            heapq.heappush(heap, (-segment.left_bytes, -segment.left, directory_id, number))
            self._drop_stale(heap)
        self.left -= len(ids)
        self.left_bytes -= taken.size
        return taken.positions

    def is_begun(self, column_family: str) -> bool:
        """Whether anything of a table (``<keyspace>:<table>``) was assigned."""
        return any(
            segment.left < segment.end - segment.first
            for directory in self.directories.values()
            if directory.column_family == column_family
            for segment in directory.segments
        )

    def largest(self, pool: str, *, restorable: bool | None = None) -> tuple[Directory, Segment] | None:
        """Return the segment of a pool with the most bytes left, if any SSTable is left there.

        ``restorable`` asks for one that Scylla could restore by itself, or for one that it could not.
        """
        heaps = [self.heaps] if restorable is not True else []
        heaps += [self.native_heaps] if restorable is not False else []
        best = min((heap[0] for each in heaps if (heap := each.get(pool))), default=None)
        if best is None:
            return None
        _, _, directory_id, number = best
        directory = self.directories[directory_id]
        return directory, directory.segments[number]

    def _heap_of(self, directory: Directory, segment: Segment) -> list[HeapEntry]:
        return (self.native_heaps if segment.restorable else self.heaps)[directory.pool]

    def _count_table(self, directory: Directory, size: int) -> None:
        key = directory.column_family
        self.tables[key] = self.tables.get(key, 0) + size

    def _drop_stale(self, heap: list[HeapEntry]) -> None:
        while heap:
            left_bytes, left, directory_id, number = heap[0]
            segment = self.directories[directory_id].segments[number]
            if segment.left and (-segment.left_bytes, -segment.left) == (left_bytes, left):
                return
            heapq.heappop(heap)


def upcoming(segment: Segment, count: int) -> list[int]:
    """Return the next positions of a segment that nobody has, at most ``count``."""
    positions: list[int] = []
    position = segment.cursor
    while position < segment.end and len(positions) < count:
        if position not in segment.taken:
            positions.append(position)
        position += 1
    return positions


def _sort(directory: Directory) -> None:
    """Put SSTables that may share a batch side by side, in segments: big first, and those of one size by their ids."""
    sizes, ids = directory.sizes, directory.ids
    order: list[int] = []
    all_have_toc = all(TOC in shape.components for shape in directory.shapes)
    for positions in _kinds(directory):
        positions.sort(key=ids.__getitem__)
        positions.sort(key=sizes.__getitem__, reverse=True)
        first, end = len(order), len(order) + len(positions)
        left_bytes = sum([sizes[position] for position in positions])
        directory.segments.append(
            Segment(
                first=first,
                end=end,
                cursor=first,
                left=end - first,
                left_bytes=left_bytes,
                restorable=all_have_toc and directory.is_restorable(positions[0]),
            )
        )
        order += positions
    directory.ids = [ids[position] for position in order]
    directory.sizes = [sizes[position] for position in order]
    if directory.data_sizes:
        directory.data_sizes = [directory.data_sizes[position] for position in order]
    directory.shape_of = [directory.shape_of[position] for position in order]


def _kinds(directory: Directory) -> list[list[int]]:
    """Return the positions of each kind of SSTables that there is: versioned ones first, integer ids before UUIDs."""
    suffixes, ids = directory.suffixes, directory.ids
    if not suffixes and not any(map(str.isdecimal, ids)):
        return [list(range(len(ids)))] if ids else []
    kinds: tuple[list[int], ...] = ([], [], [], [])
    for position, sstable in enumerate(ids):
        kinds[(0 if sstable in suffixes else 2) + (0 if sstable.isdecimal() else 1)].append(position)
    return [positions for positions in kinds if positions]


class _Taken(NamedTuple):
    positions: list[int]
    segments: list[int]
    size: int


def _take_next(directory: Directory, ids: tuple[str, ...]) -> _Taken | None:
    """Take SSTables that are the next ones of a segment, as they nearly always are; nothing if they are not."""
    for number, segment in enumerate(directory.segments):
        first, end = segment.cursor, segment.cursor + len(ids)
        if segment.taken or end > segment.end or tuple(directory.ids[first:end]) != ids:
            continue
        segment.cursor = end
        segment.left -= len(ids)
        size = sum(directory.sizes[first:end])
        segment.left_bytes -= size
        return _Taken(list(range(first, end)), [number], size)
    return None


def _take_any(directory: Directory, ids: tuple[str, ...]) -> _Taken:
    """Take SSTables wherever they are."""
    by_id = {sstable: position for position, sstable in enumerate(directory.ids)}
    positions = [by_id[sstable] for sstable in ids]
    touched = set()
    for position in positions:
        number = next(n for n, s in enumerate(directory.segments) if s.first <= position < s.end)
        _take(directory, directory.segments[number], position)
        touched.add(number)
    return _Taken(positions, sorted(touched), sum(directory.sizes[position] for position in positions))


def _take(directory: Directory, segment: Segment, position: int) -> None:
    segment.left -= 1
    segment.left_bytes -= directory.sizes[position]
    segment.taken.add(position)
    while segment.cursor in segment.taken:
        segment.taken.remove(segment.cursor)
        segment.cursor += 1
