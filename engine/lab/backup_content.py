"""What goes into the SSTable directories of a backup: SSTables made up, or given ones."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab.made_sstables import SSTableMaker
from scylla_restore.engine.lab.sstables import TOC, LoadFailure, scan

IdType = Literal["uuid", "int", "mixed"]


class SSTableContent(msgspec.Struct, frozen=True, kw_only=True):
    """One SSTable's files, by name."""

    files: dict[str, bytes]

    @property
    def size(self) -> int:
        """All its bytes."""
        return sum(map(len, self.files.values()))

    @property
    def has_integer_id(self) -> bool:
        """Whether a node may use its names again for other content."""
        return next(iter(self.files)).split("-")[1].isdecimal()


class TableContent(msgspec.Struct, frozen=True, kw_only=True):
    """A table and its SSTables. ``produce`` takes the number of nodes and yields each SSTable with its node's number."""

    keyspace: str
    table: str
    produce: Callable[[int], Iterator[tuple[int, SSTableContent]]]


def made_tables(
    *, keyspaces: int, tables: int, sstables: int, sstable_bytes: int, id_type: IdType, seed: int
) -> Iterator[TableContent]:
    """Yield tables ``ks1.t1`` … of ``sstables`` SSTables each, the same ones for the same ``seed``."""
    for keyspace in range(1, keyspaces + 1):
        for table in range(1, tables + 1):
            name = f"ks{keyspace}.t{table}"
            maker = SSTableMaker(zlib.crc32(f"{seed}/{name}".encode()), sstable_bytes)
            yield TableContent(
                keyspace=f"ks{keyspace}", table=f"t{table}", produce=_maker(maker, sstables, id_type)
            )


def given_tables(source: Path) -> Iterator[TableContent]:
    """Yield the tables in ``source``: each directory at any depth that holds SSTables is one.

    It is named as the directory (without an id of 32 hex digits behind a dash), its keyspace as the directory above
    that, or ``ks`` for directories directly in ``source``.

    Raises:
        TargetError: there are no SSTables, or files among them that are none.
    """
    directories = sorted({toc.parent for toc in source.rglob(f"*-{TOC}")})
    if not directories:
        raise TargetError(
            f"no SSTables in {source}", hint="a table is a directory with files such as me-1-big-Data.db"
        )
    for directory in directories:
        keyspace = "ks" if source in (directory, directory.parent) else directory.parent.name
        table, dash, table_id = directory.name.rpartition("-")
        if not dash or len(table_id) != len("0" * 32):
            table = directory.name
        yield TableContent(keyspace=keyspace, table=table, produce=_reader(directory))


def _maker(
    maker: SSTableMaker, count: int, id_type: IdType
) -> Callable[[int], Iterator[tuple[int, SSTableContent]]]:
    def produce(nodes: int) -> Iterator[tuple[int, SSTableContent]]:
        # Each node counts its own integer generations, so names repeat from node to node.
        made: Counter[int] = Counter()
        for number in range(count):
            node = number % nodes
            made[node] += 1
            integer = id_type == "int" or (id_type == "mixed" and made[node] % 2 == 1)
            sstable = maker.make(str(made[node]) if integer else maker.uuid_id())
            yield node, SSTableContent(files=dict(sstable.files()))

    return produce


def _reader(directory: Path) -> Callable[[int], Iterator[tuple[int, SSTableContent]]]:
    def produce(nodes: int) -> Iterator[tuple[int, SSTableContent]]:
        try:
            found = scan(file.name for file in directory.iterdir() if file.is_file())
        except LoadFailure as failure:
            raise TargetError(f"{directory}: {failure}") from None
        for number, sstable in enumerate(found.complete):
            names = [f"{sstable.name}-{component}" for component in sstable.components]
            content = SSTableContent(files={name: (directory / name).read_bytes() for name in names})
            yield number % nodes, content

    return produce
