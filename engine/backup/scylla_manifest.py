"""Scylla's own manifest of a snapshot, which stands beside a table's SSTables: what it notes of them spares a listing.

It notes the sizes of data and index, and the tokens, but of no other file. So an SSTable is given its share of what is
left of the bytes that Scylla Manager counted:

    data and index, as noted  │ 400 │ 300 │ 200 │            the entry's bytes: 990
    an equal share            │  30 │  30 │  30 │

That adds up for the directory, though not to the byte for an SSTable; what is exact is the data's size.

The manifest of older releases was another one, and nothing depends on it. Whatever does not fit is as if it were not
there: the directory is listed then.
"""

import uuid
from collections.abc import Iterator
from typing import Annotated

import msgspec

from scylla_restore.engine.backup.compressed import decode_json
from scylla_restore.engine.backup.directory import SSTABLES_PER_EVENT, DirectoryPlan, indexed_event
from scylla_restore.engine.core.sstable_names import file_namer
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import DirectoryIndexed

_TOC = "TOC.txt"

_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Token = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _SSTable(msgspec.Struct, frozen=True, gc=False):
    toc_name: str
    data_size: _Size
    index_size: _Size = 0
    first_token: _Token | None = None
    last_token: _Token | None = None


class _Node(msgspec.Struct, frozen=True):
    host_id: str = ""


class _Snapshot(msgspec.Struct, frozen=True):
    name: str = ""


class _Table(msgspec.Struct, frozen=True):
    table_id: str = ""


class _ScyllaManifest(msgspec.Struct, frozen=True):
    sstables: list[_SSTable]
    node: _Node = _Node()
    snapshot: _Snapshot = _Snapshot()
    table: _Table = _Table()


_DECODER = msgspec.json.Decoder(_ScyllaManifest)


def index_as_noted(plan: DirectoryPlan, data: bytes) -> tuple[DirectoryIndexed, ...]:
    """Return a directory's SSTables with what the bytes of Scylla's manifest note of them.

    Nothing is returned if they are about something else, or do not fit what Scylla Manager says of the directory.
    """
    try:
        manifest = decode_json(data, _DECODER, what=plan.whole.name)
    except BackupError:
        return ()
    if not _is_about(plan, manifest):
        return ()
    noted = _in_order(plan, manifest.sstables)
    sizes = _sizes(noted, plan.size) if noted else []
    return tuple(_events(plan, noted, sizes)) if sizes else ()


def _is_about(plan: DirectoryPlan, manifest: _ScyllaManifest) -> bool:
    """Whether what the manifest says of itself is what it should; it may say nothing."""
    whole = plan.whole
    said = (manifest.node.host_id, manifest.snapshot.name, manifest.table.table_id)
    table_id = str(uuid.UUID(whole.where.version))
    return all(
        text in {"", wanted}
        for text, wanted in zip(said, (whole.where.node_id, whole.snapshot_tag, table_id), strict=True)
    )


def _in_order(plan: DirectoryPlan, noted: list[_SSTable]) -> list[_SSTable]:
    """Return the notes in the order of the plan's SSTables; none if they are not about just these."""
    sstables, where = plan.whole.sstables, plan.whole.where
    (shape,) = sstables.shapes
    namer, position = file_namer(shape, where.keyspace, where.table), shape.components.index(_TOC)
    by_toc = {each.toc_name: each for each in noted}
    if not len(by_toc) == len(noted) == len(sstables.ids):
        return []
    ordered = [by_toc.get(namer(sstable)[position]) for sstable in sstables.ids]
    return [each for each in ordered if each is not None] if None not in ordered else []


def _sizes(noted: list[_SSTable], total: int) -> list[int]:
    """Return the bytes of each SSTable, so that they are ``total`` together; none if they cannot be."""
    sizes = [each.data_size + each.index_size for each in noted]
    rest = total - sum(sizes)
    if rest < 0:
        return []
    share, odd = divmod(rest, len(sizes))
    return [size + share + (number < odd) for number, size in enumerate(sizes)]


def _events(plan: DirectoryPlan, noted: list[_SSTable], sizes: list[int]) -> Iterator[DirectoryIndexed]:
    tokens = [
        (each.first_token, each.last_token)
        for each in noted
        if each.first_token is not None and each.last_token is not None
    ]
    has_tokens = len(tokens) == len(noted)
    for start in range(0, len(sizes), SSTABLES_PER_EVENT):
        some = slice(start, start + SSTABLES_PER_EVENT)
        yield msgspec.structs.replace(
            indexed_event(plan.whole, some, sizes, {}),
            data_sizes=tuple(each.data_size for each in noted[some]),
            first_tokens=tuple(first for first, _ in tokens[some]) if has_tokens else (),
            last_tokens=tuple(last for _, last in tokens[some]) if has_tokens else (),
        )
