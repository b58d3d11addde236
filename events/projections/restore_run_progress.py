"""Scylla Manager's table ``restore_run_progress``: a row per attempt that is under way or has restored its batch.

The row appears when the agent's job is known and goes when the attempt fails, as Scylla Manager does it: whoever sums
rows gets what is restored. The log keeps the failed ones.
"""

from datetime import datetime
from typing import assert_never

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.locations import DirectoryIndexed, LocationIndexed
from scylla_restore.events.model.nodes import NodeJoined
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.projections.attempts import BatchAdvance
from scylla_restore.events.projections.catalogue import Catalogue
from scylla_restore.events.projections.changes import Delete, Put

Key = tuple[str, str, str, str, str, str, str, int, str]


class RestoreRunProgressRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row, columns as Scylla Manager's. Sizes are bytes, times in UTC; absent times are null."""

    cluster_id: str
    task_id: str
    run_id: str
    remote_sstable_dir: str
    keyspace_name: str
    table_name: str
    host: str
    agent_job_id: int
    scylla_task_id: str = ""
    sstable_id: tuple[str, ...]
    restore_started_at: datetime | None = None
    restore_completed_at: datetime | None = None
    download_started_at: datetime | None = None
    download_completed_at: datetime | None = None
    restored: int = 0
    downloaded: int = 0
    versioned_downloaded: int = 0
    failed: int = 0
    shard_cnt: int = 0
    error: str | None = None

    @property
    def key(self) -> Key:
        """The primary key: partition, then clustering columns."""
        return (
            self.cluster_id,
            self.task_id,
            self.run_id,
            self.remote_sstable_dir,
            self.keyspace_name,
            self.table_name,
            self.host,
            self.agent_job_id,
            self.scylla_task_id,
        )


RowChange = Put[Key, RestoreRunProgressRow] | Delete[Key]


class UnderWay(msgspec.Struct):
    """An attempt and its row, which is in the table once the agent's job is known."""

    number: int
    row: RestoreRunProgressRow
    is_stored: bool = False


class RestoreRunProgressState(msgspec.Struct, kw_only=True):
    """The fold: what there is to restore, shards by node, and attempts under way by batch."""

    run: str = ""
    cluster_id: str = ""
    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    shards: dict[str, int] = msgspec.field(default_factory=dict)
    open: dict[int, UnderWay] = msgspec.field(default_factory=dict)


def apply(state: RestoreRunProgressState, envelope: Envelope) -> tuple[RowChange, ...]:
    """Fold one record into ``state`` and return what it changes in the table."""
    event = envelope.event
    if isinstance(event, BatchEvent):
        return _apply_to_batch(state, event, envelope.at)
    if isinstance(event, DirectoryIndexed):
        state.catalogue.add(event)
    elif isinstance(event, LocationIndexed):
        state.catalogue.complete(event)
    elif isinstance(event, NodeJoined):
        state.shards[event.node] = event.shards
    elif isinstance(event, RunStarted):
        state.run = envelope.run
        state.cluster_id = event.cluster_id
    return ()


def _apply_to_batch(state: RestoreRunProgressState, event: BatchEvent, at: datetime) -> tuple[RowChange, ...]:
    if isinstance(event, batches.BatchAssigned):
        return _assign(state, event)
    attempt = state.open.get(event.batch)
    if attempt is None or attempt.number != event.attempt:
        return ()
    match event:
        case batches.DownloadFailed() | batches.LoadFailed() | batches.BatchReturned():
            del state.open[event.batch]
            return _delete(attempt)
        case batches.SSTablesLoaded():
            del state.open[event.batch]
            restored = attempt.row.downloaded + attempt.row.versioned_downloaded
            return _put(attempt, restore_completed_at=at, restored=restored)
        case _:
            columns = _columns(event, at)
            return _put(attempt, **columns) if columns else ()


def _columns(event: BatchAdvance, at: datetime) -> dict[str, datetime | int]:
    """Return the columns that an attempt's next step changes."""
    match event:
        case batches.DownloadStarted():
            job = event.jobs[0] if event.jobs else 0
            return {"agent_job_id": job, "restore_started_at": at, "download_started_at": at}
        case batches.DownloadProgressed():
            return {"downloaded": event.downloaded}
        case batches.BatchDownloaded():
            sizes = {"downloaded": event.downloaded, "versioned_downloaded": event.versioned}
            return {**sizes, "download_completed_at": at}
        case (
            batches.DownloadRequested()
            | batches.LoadRequested()
            | batches.UploadOccupied()
            | batches.UploadFilled()
            | batches.LoadStarted()
            | batches.LoadAnswerLost()
        ):
            return {}
        case _:
            assert_never(event)


def _assign(state: RestoreRunProgressState, event: batches.BatchAssigned) -> tuple[RowChange, ...]:
    replaced = state.open.get(event.batch)
    directory = state.catalogue.directories[event.directory]
    row = RestoreRunProgressRow(
        cluster_id=state.cluster_id,
        task_id=state.run,
        run_id=state.run,
        remote_sstable_dir=directory.path,
        keyspace_name=directory.table.keyspace,
        table_name=directory.table.table,
        host=event.node,
        agent_job_id=0,
        sstable_id=event.sstables,
        shard_cnt=state.shards.get(event.node, 0),
    )
    state.open[event.batch] = UnderWay(event.attempt, row)
    return () if replaced is None else _delete(replaced)


def _put(attempt: UnderWay, **columns: datetime | int) -> tuple[RowChange, ...]:
    before = _delete(attempt)
    attempt.row = msgspec.structs.replace(attempt.row, **columns)
    attempt.is_stored = True
    put = Put(attempt.row.key, attempt.row)
    return (*before, put) if before and before[0].key != put.key else (put,)


def _delete(attempt: UnderWay) -> tuple[RowChange, ...]:
    return (Delete(attempt.row.key),) if attempt.is_stored else ()
