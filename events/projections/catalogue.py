"""What a run was found to have to restore: tables, their sizes, and which directory holds SSTables of which."""

import msgspec

from scylla_restore.events.model.locations import DirectoryIndexed, LocationIndexed


class TableKey(msgspec.Struct, frozen=True, order=True):
    """A table that is restored, as the cluster calls it."""

    keyspace: str
    table: str


class Directory(msgspec.Struct, frozen=True):
    """A remote directory, as ``<provider>:<bucket>/backup/sst/…``, and whose SSTables it holds."""

    path: str
    table: TableKey


class Extent(msgspec.Struct, frozen=True):
    """A number of SSTables and their bytes."""

    sstables: int = 0
    size: int = 0

    def plus(self, other: "Extent") -> "Extent":
        """Return the sum."""
        return Extent(self.sstables + other.sstables, self.size + other.size)

    def minus(self, other: "Extent") -> "Extent":
        """Return the difference."""
        return Extent(self.sstables - other.sstables, self.size - other.size)


class Catalogue(msgspec.Struct, kw_only=True):
    """A fold of the events about indexing. ``parts`` is by location, for those that are not indexed to the end."""

    total: Extent = Extent()
    tables: dict[TableKey, Extent] = msgspec.field(default_factory=dict)
    directories: dict[str, Directory] = msgspec.field(default_factory=dict)
    parts: dict[str, dict[tuple[str, str], Extent]] = msgspec.field(default_factory=dict)

    def table_of(self, directory: str) -> TableKey:
        """Return whose SSTables the directory (by its id) holds."""
        return self.directories[directory].table

    def add(self, event: DirectoryIndexed) -> None:
        """Add SSTables of a directory.

        Indexing that was cut off is done anew and tells of the same SSTables again, so what begins with the same
        SSTable counts in place of what was told before.
        """
        key = TableKey(*event.goes_to)
        self.directories[event.directory] = Directory(f"{event.location}/{event.path}", key)
        parts = self.parts.setdefault(event.location, {})
        part = (event.directory, event.ids[0] if event.ids else "")
        found = Extent(len(event.ids), sum(event.sizes))
        more = found.minus(parts.get(part, Extent()))
        parts[part] = found
        self.tables[key] = self.tables.get(key, Extent()).plus(more)
        self.total = self.total.plus(more)

    def complete(self, event: LocationIndexed) -> None:
        """Take note that a location is indexed to the end."""
        self.parts.pop(event.location, None)
