"""Where a native restore reads: SSTables below a prefix of a bucket."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.remotes import Remote, Source
from scylla_restore.engine.lab.sstables import TOC, FoundSSTable, LoadFailure

_UUID_NAME = re.compile(r"(?P<sstable>m[cdest]-[0-9a-z]{4}_[0-9a-z]{4}_[0-9a-z]{18}-\w+)-TOC\.txt")
_INTEGER_NAME = re.compile(r"(?:la|m[cdest])-\d+-\w+-TOC\.txt")
_PIECE = 256 << 10


def toc_sstable(name: str) -> str:
    """Return the SSTable that a TOC object's name is of.

    Raises:
        LoadFailure: it has an integer id, or no name that an SSTable's TOC can have.
    """
    if (match := _UUID_NAME.fullmatch(name)) is not None:
        return match["sstable"]
    if _INTEGER_NAME.fullmatch(name):
        raise LoadFailure(
            f"SSTable {name} has an integer generation: objects in a store need UUID generations"
        )
    raise LoadFailure(f"invalid SSTable file name: {name}")


class NativeSource(msgspec.Struct, frozen=True, kw_only=True):
    """The objects below ``bucket/prefix``; ``corrupt`` is a fault. Errors are ``CallRefused`` and ``LoadFailure``."""

    remote: Remote
    bucket: str
    prefix: str
    corrupt: bool = False

    def describe(self, name: str) -> FoundSSTable:
        """Read what an SSTable consists of."""
        with closing(self._open(f"{name}-{TOC}")) as stream:
            listed = stream.read(1 << 20).decode("utf-8", "replace").split()
        return FoundSSTable(name=name, components=tuple(dict.fromkeys((*listed, TOC))))

    def size(self, sstable: FoundSSTable) -> int:
        """Return the bytes of all its objects."""
        return sum(
            self.remote.stat(self._path(f"{sstable.name}-{component}")).size
            for component in sstable.components
        )

    def fetch(self, sstable: FoundSSTable, directory: Path) -> Iterator[int]:
        """Copy its objects into a directory, and yield the sizes of the pieces as they come."""
        for component in sstable.components:
            name = f"{sstable.name}-{component}"
            with closing(self._open(name)) as stream, (directory / name).open("wb") as file:
                while piece := stream.read(_PIECE):
                    file.write(self._damaged(piece) if component == "Data.db" else piece)
                    yield len(piece)

    def _open(self, name: str) -> Source:
        try:
            return self.remote.open(self._path(name))[1]
        except CallRefused as refused:
            raise LoadFailure(f"cannot read {self._path(name)}: {refused.message}") from None

    def _path(self, name: str) -> str:
        return "/".join(part for part in (self.bucket, self.prefix, name) if part)

    def _damaged(self, piece: bytes) -> bytes:
        return bytes((piece[0] ^ 0xFF,)) + piece[1:] if self.corrupt else piece
