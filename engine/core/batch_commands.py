"""Commands about a batch, made from the state."""

from collections.abc import Iterable
from typing import TypedDict

from scylla_restore.engine.core.alterations import UNLIMITED, wanted_rate, wanted_transfers
from scylla_restore.engine.core.commands import (
    BatchFile,
    BatchSSTable,
    CheckFiles,
    DownloadBatch,
    LoadSSTables,
    LookIntoUpload,
    MoveIntoUpload,
    OwnFiles,
    RestoreNatively,
)
from scylla_restore.engine.core.limits import MIN_FREE_PERCENT
from scylla_restore.engine.core.names import staging_directory, upload_directory
from scylla_restore.engine.core.sstable_names import KA, file_namer
from scylla_restore.engine.core.state import Batch, Directory, RunState
from scylla_restore.engine.core.state.workload import TOC
from scylla_restore.events.model.alterations import CopiedIntoUpload
from scylla_restore.events.model.locations import SSTableShape


class _Attempt(TypedDict):
    """What all commands about an attempt are given."""

    node: str
    batch: int
    attempt: int
    keyspace: str
    table: str


class _ThroughNode(_Attempt):
    """What those are given besides whose files go through the node."""

    staging: str
    upload: str


def check_command(state: RunState, batch: Batch) -> CheckFiles:
    """Return the command to see whether the location has the batch's files."""
    directory = state.workload.directories[batch.directory]
    return CheckFiles(
        location=directory.location,
        where=state.locations[directory.location].where,
        via=state.target.tuning.index_via,
        batch=batch.id,
        attempt=batch.attempt,
        source=directory.path,
        sstables=_sstables(directory, batch.positions),
        beside=len(directory.ids),
    )


def look_command(state: RunState, batch: Batch) -> LookIntoUpload:
    """Return the command to see whether ``upload`` is empty."""
    return LookIntoUpload(**_through_node(state, batch))


def own_files(state: RunState, copied: CopiedIntoUpload) -> OwnFiles:
    """Return which files an attempt has copied into ``upload``, or may have."""
    directory = state.workload.directories[copied.directory]
    sstables = _sstables(directory, copied.positions)
    names = frozenset(file.name for sstable in sstables for file in sstable.files)
    return OwnFiles(location=directory.location, names=names)


def download_command(state: RunState, batch: Batch) -> DownloadBatch:
    """Return the command to begin the batch's download, or to follow it when its jobs are known."""
    directory = state.workload.directories[batch.directory]
    node = state.nodes[batch.node]
    rate = wanted_rate(state, node)
    return DownloadBatch(
        **_through_node(state, batch),
        location=directory.location,
        source=directory.path,
        sstables=_sstables(directory, batch.positions),
        size=batch.size,
        is_exact=batch.found,
        transfers=wanted_transfers(state, node),
        bandwidth_rate="0M" if rate == UNLIMITED else rate,
        min_free_percent=MIN_FREE_PERCENT,
        jobs=batch.jobs,
        started_at=batch.started_at,
    )


def move_command(state: RunState, batch: Batch, *, recovering: bool) -> MoveIntoUpload:
    """Return the command to rename the batch's staging directory into ``upload``."""
    directory = state.workload.directories[batch.directory]
    return MoveIntoUpload(
        **_through_node(state, batch),
        sstables=_sstables(directory, batch.positions),
        recovering=recovering,
    )


def load_command(state: RunState, batch: Batch, *, recovering: bool) -> LoadSSTables:
    """Return the command to load&stream what is in ``upload``."""
    directory = state.workload.directories[batch.directory]
    return LoadSSTables(
        **_through_node(state, batch),
        sstables=_sstables(directory, batch.positions),
        recovering=recovering,
    )


def native_command(state: RunState, batch: Batch) -> RestoreNatively:
    """Return the command to have Scylla restore the batch by itself, or to follow its task when that is known."""
    directory = state.workload.directories[batch.directory]
    joined = state.nodes[batch.node].joined
    return RestoreNatively(
        **_attempt(state, batch),
        endpoint=joined.native_endpoints.get(directory.location, "") if joined else "",
        bucket=directory.location.partition(":")[2],
        prefix=directory.path,
        sstables=tuple(_table_of_contents(directory, position) for position in batch.positions),
        size=batch.size,
        task=batch.task,
    )


def _attempt(state: RunState, batch: Batch) -> _Attempt:
    directory = state.workload.directories[batch.directory]
    return _Attempt(
        node=batch.node,
        batch=batch.id,
        attempt=batch.attempt,
        keyspace=directory.keyspace,
        table=directory.table,
    )


def _through_node(state: RunState, batch: Batch) -> _ThroughNode:
    return _ThroughNode(
        **_attempt(state, batch),
        staging=staging_directory(state, batch),
        upload=upload_directory(state, batch),
    )


def _table_of_contents(directory: Directory, position: int) -> str:
    shape = directory.shapes[directory.shape_of[position]]
    return f"{shape.version}-{directory.ids[position]}-{shape.format}-{TOC}"


def _sstables(directory: Directory, positions: Iterable[int]) -> tuple[BatchSSTable, ...]:
    keyspace, table = directory.keyspace, directory.table
    source = directory.source_keyspace, directory.source_table
    namers = [file_namer(shape, keyspace, table) for shape in directory.shapes]
    # The oldest SSTables bear the table's name in theirs, so that they have to be copied under another one.
    is_renamed = source != (keyspace, table) and any(shape.version == KA for shape in directory.shapes)
    sstables = []
    for position in positions:
        sstable, number = directory.ids[position], directory.shape_of[position]
        names = namers[number](sstable)
        suffixes = directory.suffixes.get(sstable)
        if suffixes is None and not is_renamed:
            files = [BatchFile(name, name) for name in names]
        else:
            shape = directory.shapes[number]
            stored = file_namer(shape, *source)(sstable)
            files = _stored_otherwise(names, stored, shape, suffixes or {})
        data_size = directory.data_sizes[position] if directory.data_sizes else None
        sstables.append(BatchSSTable(sstable, directory.sizes[position], tuple(files), data_size))
    return tuple(sstables)


def _stored_otherwise(
    names: list[str], stored: list[str], shape: SSTableShape, suffixes: dict[str, str]
) -> list[BatchFile]:
    return [
        BatchFile(name, f"{key}.{suffixes[component]}" if component in suffixes else key)
        for name, key, component in zip(names, stored, shape.components, strict=True)
    ]
