"""Scylla Manager's table ``restore_run_progress``: a row per attempt that is under way or has restored its batch.

The row appears when the agent's job, or Scylla's own task, is known and goes when the attempt fails, as Scylla Manager does it: whoever sums
rows gets what is restored. The log keeps the failed ones.

An agent that was restarted may give a job's id again. Scylla Manager's key cannot tell two such jobs apart, and the
second one's row would take the place of what the first one has restored. So whenever a host's ids begin again, its
jobs from then on are 2^40 further on in ``agent_job_id``: ``agent_job_id % 2**40`` is always the id that the agent gave.
"""

from datetime import datetime
from typing import Final, assert_never, get_args

import msgspec
from msgspec.structs import replace

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import batches
from scylla_restore.events.model.locations import DirectoryIndexed, LocationIndexed
from scylla_restore.events.model.nodes import NodeJoined
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.model.target import Method
from scylla_restore.events.projections.catalogue import Catalogue

Key = tuple[str, str, str, str, str, str, str, int, str]

IDS_OF_AN_AGENT: Final = 1 << 40
"""An agent counts its jobs from the second of its start on, so that its ids are always below."""

_AboutAttempt = (
    batches.BatchFilesFound
    | batches.DownloadProgressed
    | batches.DownloadStarted
    | batches.BatchDownloaded
    | batches.NativeRestoreStarted
    | batches.NativeRestoreProgressed
    | batches.SSTablesLoaded
    | batches.BatchFilesMissed
    | batches.DownloadFailed
    | batches.LoadFailed
    | batches.BatchReturned
)
HEARD: Final = frozenset(
    {
        *get_args(_AboutAttempt),
        batches.BatchAssigned,
        RunStarted,
        DirectoryIndexed,
        LocationIndexed,
        NodeJoined,
    }
)
"""All others, half of a log, change nothing here."""


class RestoreRunProgressRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row, columns as Scylla Manager's. Sizes are bytes, times in UTC to the millisecond; absent times are null."""

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


Changed = dict[Key, RestoreRunProgressRow | None]


class UnderWay(msgspec.Struct, kw_only=True):
    """An attempt and its row, which is in the table once the agent's job is known; ``size`` in bytes."""

    number: int
    size: int
    native: bool
    row: RestoreRunProgressRow
    is_stored: bool = False


class Host(msgspec.Struct, kw_only=True):
    """A node: its shards, its agent's largest job id, and how many times the agent's ids have begun again."""

    shards: int = 0
    largest_job: int = -1
    restarts: int = 0


class RestoreRunProgressState(msgspec.Struct, kw_only=True):
    """The fold: what there is to restore, hosts by address, attempts under way by batch, and bytes restored so far."""

    run: str = ""
    cluster_id: str = ""
    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    hosts: dict[str, Host] = msgspec.field(default_factory=dict)
    open: dict[int, UnderWay] = msgspec.field(default_factory=dict)
    restored: int = 0


def apply(state: RestoreRunProgressState, envelope: Envelope, changed: Changed) -> None:
    """Fold one record into ``state``, and put into ``changed`` what it changes in the table."""
    event = envelope.event
    if type(event) not in HEARD:
        return
    if isinstance(event, _AboutAttempt):
        attempt = state.open.get(event.batch)
        if attempt is not None and attempt.number == event.attempt:
            _take_on(state, attempt, event, envelope.at, changed)
        return
    match event:
        case batches.BatchAssigned():
            _assign(state, event, changed)
        case DirectoryIndexed():
            state.catalogue.add(event)
        case LocationIndexed():
            state.catalogue.complete(event)
        case NodeJoined():
            _host(state, event.node).shards = event.shards
        case RunStarted():
            state.run = envelope.run
            state.cluster_id = event.cluster_id


def _take_on(
    state: RestoreRunProgressState, attempt: UnderWay, event: _AboutAttempt, at: datetime, changed: Changed
) -> None:
    """Take an attempt and its row one step on, or to their end."""
    row = attempt.row
    match event:
        case batches.BatchFilesFound():
            attempt.size = event.size
        case batches.DownloadProgressed():
            _put(attempt, replace(row, downloaded=event.downloaded), changed)
        case batches.DownloadStarted():
            _forget(attempt, changed)
            then = _to_the_millisecond(at)
            job = _job(_host(state, row.host), attempt, event)
            row = replace(row, agent_job_id=job, restore_started_at=then, download_started_at=then)
            _put(attempt, row, changed)
        case batches.BatchDownloaded():
            row = replace(
                row,
                downloaded=event.downloaded,
                versioned_downloaded=event.versioned,
                download_completed_at=_to_the_millisecond(at),
            )
            _put(attempt, row, changed)
        case batches.NativeRestoreStarted():
            # Scylla fetches the batch itself: there are no times of a download.
            _forget(attempt, changed)
            then = _to_the_millisecond(at)
            _put(attempt, replace(row, scylla_task_id=event.task, restore_started_at=then), changed)
        case batches.NativeRestoreProgressed():
            _put(attempt, replace(row, restored=event.restored), changed)
        case batches.SSTablesLoaded():
            del state.open[event.batch]
            state.restored += attempt.size
            restored = attempt.size if attempt.native else row.downloaded + row.versioned_downloaded
            row = replace(row, restore_completed_at=_to_the_millisecond(at), restored=restored)
            _put(attempt, row, changed)
        case (
            batches.BatchFilesMissed()
            | batches.DownloadFailed()
            | batches.LoadFailed()
            | batches.BatchReturned()
        ):
            del state.open[event.batch]
            _forget(attempt, changed)
        case _:
            assert_never(event)


def _job(host: Host, attempt: UnderWay, event: batches.DownloadStarted) -> int:
    """Return the id of an attempt's first job, moved on where an agent may have given it before.

    Ids of one agent grow with time, so one that does not has begun again, or may be one that was there before.
    """
    first = event.jobs[0] if event.jobs else 0
    known = attempt.row.agent_job_id
    if attempt.is_stored and known % IDS_OF_AN_AGENT == first:
        return known
    if first <= host.largest_job:
        host.restarts += 1
        host.largest_job = -1
    host.largest_job = max(host.largest_job, first, *event.jobs)
    return first + host.restarts * IDS_OF_AN_AGENT


def _assign(state: RestoreRunProgressState, event: batches.BatchAssigned, changed: Changed) -> None:
    replaced = state.open.get(event.batch)
    if replaced is not None:
        _forget(replaced, changed)
    directory = state.catalogue.directories[event.directory]
    native = event.method is Method.NATIVE
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
        shard_cnt=_host(state, event.node).shards,
    )
    state.open[event.batch] = UnderWay(number=event.attempt, size=event.size, native=native, row=row)


def _host(state: RestoreRunProgressState, address: str) -> Host:
    return state.hosts.setdefault(address, Host())


def _put(attempt: UnderWay, row: RestoreRunProgressRow, changed: Changed) -> None:
    attempt.row = changed[row.key] = row
    attempt.is_stored = True


def _forget(attempt: UnderWay, changed: Changed) -> None:
    if attempt.is_stored:
        changed[attempt.row.key] = None


def _to_the_millisecond(at: datetime) -> datetime:
    """Cut a time to what CQL's timestamps can hold, so that a row is the same wherever it is kept."""
    beyond = at.microsecond % 1000
    return at.replace(microsecond=at.microsecond - beyond) if beyond else at
