"""What files a batch consists of, how they are copied, and whether what lies in a directory is the batch."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from scylla_restore.engine.cluster.port import RemoteFile
from scylla_restore.engine.core.commands import BatchFile, BatchSSTable
from scylla_restore.engine.core.words import some_of

NAMES_PER_COPY_MAX = 10_000
NAMES_PER_COPY_MAX_BYTES = 900 * 1024
_NAMES_TOLD_MAX = 5
_SNAPSHOTS = "/snapshots/"
DATA = "-Data.db"
"""With this the name of the file ends whose size Scylla notes, in every version."""


class CopyTogether(msgspec.Struct, frozen=True):
    """One job that copies many objects under their own names."""

    names: tuple[str, ...]


class CopyRenamed(msgspec.Struct, frozen=True):
    """One job that copies one object, whose name ends in a snapshot tag, under another name."""

    file: BatchFile


CopyOrder = CopyTogether | CopyRenamed


def copy_orders(sstables: Iterable[BatchSSTable]) -> tuple[CopyOrder, ...]:
    """Return the jobs that copy the SSTables, always in the same order, each small enough for the agent."""
    files = [file for sstable in sstables for file in sstable.files]
    together = [file.name for file in files if file.name == file.object]
    renamed = [CopyRenamed(file) for file in files if file.name != file.object]
    return (*(CopyTogether(names) for names in _split(together)), *renamed)


def _split(names: list[str]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    size_bytes = 0
    for name in names:
        size_bytes_of_name = len(name.encode()) + len('"",')
        is_full = (
            len(part) == NAMES_PER_COPY_MAX or size_bytes + size_bytes_of_name > NAMES_PER_COPY_MAX_BYTES
        )
        if part and is_full:
            yield tuple(part)
            part, size_bytes = [], 0
        part.append(name)
        size_bytes += size_bytes_of_name
    if part:
        yield tuple(part)


def sizes_of(files: Iterable[RemoteFile]) -> dict[str, int]:
    """Return a listing's files by name, with their sizes in bytes."""
    return {file.path: file.size for file in files if not file.is_dir}


def names_of(sstables: Iterable[BatchSSTable]) -> frozenset[str]:
    """Return the names of all files of the SSTables, as they are on a node."""
    return frozenset(file.name for sstable in sstables for file in sstable.files)


def versioned_bytes(sstables: Iterable[BatchSSTable], present: Mapping[str, int]) -> int:
    """Return how many of the ``present`` bytes came from objects that bear another name."""
    return sum(
        present.get(file.name, 0)
        for sstable in sstables
        for file in sstable.files
        if file.name != file.object
    )


def misfit(sstables: Iterable[BatchSSTable], present: Mapping[str, int]) -> str | None:
    """Say how the files that are ``present`` differ from the SSTables' files, or None if they are just those."""
    sstables = tuple(sstables)
    expected = names_of(sstables)
    if missing := expected - present.keys():
        return f"{len(missing)} of {len(expected)} files are missing: {some(missing)}"
    if foreign := present.keys() - expected:
        return f"{len(foreign)} files do not belong there: {some(foreign)}"
    for sstable in sstables:
        if problem := _wrong_size(sstable, present):
            return problem
    return None


def _wrong_size(sstable: BatchSSTable, present: Mapping[str, int]) -> str | None:
    if sstable.data_size is None:
        size = sum(present[file.name] for file in sstable.files)
        if size != sstable.size:
            return f"SSTable {sstable.id} has {size} bytes in place of {sstable.size}"
        return None
    name = next(file.name for file in sstable.files if file.name.endswith(DATA))
    if present[name] != sstable.data_size:
        return f"{name} has {present[name]} bytes in place of {sstable.data_size}"
    return None


def some(names: Iterable[str]) -> str:
    """Return the first few of ``names`` for a message, and how many more there are."""
    return some_of(sorted(names), at_most=_NAMES_TOLD_MAX)


def assert_staging(path: str) -> str:
    """Return ``path`` if it is a directory below ``snapshots``: nothing else is ever removed.

    Raises:
        ValueError: it is not, which is a defect of whoever asked.
    """
    if _SNAPSHOTS not in path or path.endswith(_SNAPSHOTS) or ".." in path.split("/"):
        raise ValueError(f"{path} is no staging directory and must not be removed")
    return path
