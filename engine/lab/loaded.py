"""Where the files go that a node has loaded, and the record of its loads."""

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.sstables import DELETION_MARK, TOC, FoundSSTable
from scylla_restore.engine.lab.state import Table

_ID = re.compile(r"^(?P<head>(?:la|m[cdest])-|\w+-\w+-ka-)(?P<id>[^-]+)(?P<tail>.*)$")


class LoadedSSTable(msgspec.Struct, frozen=True, kw_only=True):
    """One SSTable: its name when it was loaded, the name it is kept under, and its bytes."""

    name: str
    kept_as: str
    size: int


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One load that ended: times as RFC 3339 in UTC; ``error`` is empty after a success.

    ``native`` ones came from an object store, not from an upload directory.
    """

    at: str
    keyspace: str
    table: str
    seconds: float
    sstables: tuple[LoadedSSTable, ...]
    error: str = ""
    native: bool = False


class LoadedFiles:
    """The ``loaded`` directory of a node.

    Files keep their names. An SSTable whose name is taken already, as integer ids often are, gets a number behind
    its id: ``me-1-big-Data.db``, then ``me-1.2-big-Data.db``. So counting ``*-Data.db`` counts SSTables.
    """

    def __init__(self, directory: Path, record: Path) -> None:
        self._directory = directory
        self._record = record
        self._lock = threading.Lock()

    def take(self, upload: Path, keyspace: str, table: str, sstable: FoundSSTable) -> str:
        """Move an SSTable out of an upload directory and return the name that it is kept under.

        A kill in the middle leaves Scylla's own mark of a deletion under way; the next ``take`` goes on from there.
        """
        target = self._directory / keyspace / table
        target.mkdir(parents=True, exist_ok=True)
        with self._lock:
            kept_as = self._name(upload, target, sstable)
            mark = upload / f"{sstable.name}-{DELETION_MARK}"
            if not mark.exists():
                (upload / f"{sstable.name}-{TOC}").replace(mark)
            for component in sstable.components:
                if component not in (TOC, DELETION_MARK):
                    source = f"{upload}/{sstable.name}-{component}"
                    if os.path.exists(source):  # noqa: PTH110 - a path as text, once per loaded file
                        os.replace(source, f"{target}/{kept_as}-{component}")  # noqa: PTH105 - the same
            mark.replace(target / f"{kept_as}-{TOC}")
        return kept_as

    def stream(self, directory: Path, table: Table, batch: Sequence[FoundSSTable]) -> list[str]:
        """Move SSTables out of a directory and return the names that they are kept under."""
        return [self.take(directory, table.keyspace, table.table, sstable) for sstable in batch]

    def finish(self, directory: Path, table: Table, half_deleted: Sequence[FoundSSTable]) -> None:
        """Move what a killed load had begun to move."""
        self.stream(directory, table, half_deleted)

    def size(self, keyspace: str, table: str) -> int:
        """Return the bytes of a table that were loaded here."""
        directory = self._directory / keyspace / table
        return sum(file.stat().st_size for file in directory.iterdir()) if directory.is_dir() else 0

    def record(self, load: Load) -> None:
        """Append a load to the node's record."""
        with self._record.open("ab") as stream:
            stream.write(msgspec.json.encode(load) + b"\n")

    def _name(self, upload: Path, target: Path, sstable: FoundSSTable) -> str:
        match = _ID.match(sstable.name)
        number = 1
        kept_as = sstable.name
        # A taken name is free for an SSTable whose own move was cut: its files are partly here, partly there.
        while (target / f"{kept_as}-{TOC}").exists() or self._clashes(upload, target, sstable, kept_as):
            number += 1
            if match is None:
                kept_as = f"{sstable.name}.{number}"
            else:
                kept_as = f"{match['head']}{match['id']}.{number}{match['tail']}"
        return kept_as

    def _clashes(self, upload: Path, target: Path, sstable: FoundSSTable, kept_as: str) -> bool:
        return any(
            (target / f"{kept_as}-{component}").exists() and (upload / f"{sstable.name}-{component}").exists()
            for component in sstable.components
            if component not in (TOC, DELETION_MARK)
        )


def read_loads(path: Path) -> list[Load]:
    """Return all loads of a node's record; a last line that a kill cut off is left out."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Load) for line in path.read_bytes().split(b"\n")[:-1]]
