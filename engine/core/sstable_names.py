"""The file names of an SSTable, made from what is recorded of it."""

from collections.abc import Callable
from functools import lru_cache

from scylla_restore.events.model.locations import SSTableShape

KA = "ka"
"""The one version whose file names begin with keyspace and table instead of the version."""


def file_prefix_and_suffixes(shape: SSTableShape, keyspace: str, table: str) -> tuple[str, tuple[str, ...]]:
    """Return what stands before and after the id in each of the SSTable's file names, in the shape's order."""
    if shape.version == KA:
        return f"{keyspace}-{table}-{KA}-", tuple(f"-{component}" for component in shape.components)
    return f"{shape.version}-", tuple(f"-{shape.format}-{component}" for component in shape.components)


@lru_cache(maxsize=1024)
def file_namer(shape: SSTableShape, keyspace: str, table: str) -> Callable[[str], list[str]]:
    """Return the function from an SSTable's id to its file names, in the order of the shape's components."""
    prefix, suffixes = file_prefix_and_suffixes(shape, keyspace, table)

    def names(sstable_id: str) -> list[str]:
        head = prefix + sstable_id
        return [head + suffix for suffix in suffixes]

    return names


def component_names(shape: SSTableShape, sstable_id: str, keyspace: str, table: str) -> list[str]:
    """Return the SSTable's file names, without snapshot tags, in the order of the shape's components."""
    return file_namer(shape, keyspace, table)(sstable_id)


def is_integer_id(sstable_id: str) -> bool:
    """Tell an integer generation from a UUID: only the former can be re-used, and so be versioned."""
    return sstable_id.isascii() and sstable_id.isdecimal()
