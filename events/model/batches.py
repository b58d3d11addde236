"""A batch's way from the bucket into the cluster.

A batch is a fixed set of SSTables of one directory; an attempt is (batch, number). Every event below names both,
so that a letter about an older attempt is recognised.
"""

from datetime import datetime
from typing import ClassVar

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.target import Method, Staging


class BatchAssigned(Event, frozen=True, kw_only=True):
    """These SSTables are this node's to restore.

    With ``staging`` off they are copied straight into the table's ``upload``, once it was seen to be empty.
    """

    TAG: ClassVar[str] = "BatchAssigned"
    batch: int
    attempt: int
    node: str
    method: Method
    directory: str
    sstables: tuple[str, ...]
    size: int
    staging: Staging = Staging.AUTO


class BatchCheckRequested(Event, frozen=True, kw_only=True):
    """The location is about to be asked whether it has the batch's files: their directory was not listed."""

    TAG: ClassVar[str] = "BatchCheckRequested"
    batch: int
    attempt: int


class BatchFilesFound(Event, frozen=True, kw_only=True):
    """The location has all files of the batch, with the sizes that were noted; together they have ``size`` bytes."""

    TAG: ClassVar[str] = "BatchFilesFound"
    batch: int
    attempt: int
    size: int


class BatchFilesMissed(Event, frozen=True, kw_only=True):
    """The location lacks files of the batch, has others under their names, or could not be asked.

    Nothing of this attempt was asked of the node.
    """

    TAG: ClassVar[str] = "BatchFilesMissed"
    batch: int
    attempt: int
    location: str
    failure: Failure


class DownloadRequested(Event, frozen=True, kw_only=True):
    """The agent is about to be asked to copy the batch into a staging directory of this attempt's own, or into ``upload``."""

    TAG: ClassVar[str] = "DownloadRequested"
    batch: int
    attempt: int


class DownloadStarted(Event, frozen=True, kw_only=True):
    """The agent's jobs are known; ``started_at`` is the agent's text for each, by which a reused id is told."""

    TAG: ClassVar[str] = "DownloadStarted"
    batch: int
    attempt: int
    jobs: tuple[int, ...]
    started_at: tuple[str, ...]


class DownloadProgressed(Event, frozen=True, kw_only=True):
    """Bytes that have arrived so far."""

    TAG: ClassVar[str] = "DownloadProgressed"
    batch: int
    attempt: int
    downloaded: int


class BatchDownloaded(Event, frozen=True, kw_only=True):
    """All files are in staging under their names and with their sizes.

    ``versioned`` are the bytes of those that came from objects whose names end in a snapshot tag, ``downloaded`` of
    all others: together they are the batch.
    """

    TAG: ClassVar[str] = "BatchDownloaded"
    batch: int
    attempt: int
    downloaded: int
    versioned: int = 0


class DownloadFailed(Event, frozen=True, kw_only=True):
    """The download ended without its files; ``staging_left`` tells whether the directory could not be removed."""

    TAG: ClassVar[str] = "DownloadFailed"
    batch: int
    attempt: int
    node: str
    failure: Failure
    staging_left: bool


class LoadRequested(Event, frozen=True, kw_only=True):
    """The staging directory is about to be renamed into the table's ``upload``."""

    TAG: ClassVar[str] = "LoadRequested"
    batch: int
    attempt: int


class UploadOccupied(Event, frozen=True, kw_only=True):
    """``upload`` holds files that are not this run's; they have to be set aside first."""

    TAG: ClassVar[str] = "UploadOccupied"
    batch: int
    attempt: int
    node: str
    files: int
    size: int


class UploadFoundEmpty(Event, frozen=True, kw_only=True):
    """``upload`` holds no files: the batch may be copied there. What bears its files' names from here on is the run's own."""

    TAG: ClassVar[str] = "UploadFoundEmpty"
    batch: int
    attempt: int


class UploadFilled(Event, frozen=True, kw_only=True):
    """The batch's files are in ``upload``."""

    TAG: ClassVar[str] = "UploadFilled"
    batch: int
    attempt: int


class LoadStarted(Event, frozen=True, kw_only=True):
    """Load&stream is about to be called, and may be running from here on."""

    TAG: ClassVar[str] = "LoadStarted"
    batch: int
    attempt: int


class NativeRestoreRequested(Event, frozen=True, kw_only=True):
    """Scylla is about to be asked to read the batch from the bucket by itself, and may do so from here on."""

    TAG: ClassVar[str] = "NativeRestoreRequested"
    batch: int
    attempt: int


class NativeRestoreStarted(Event, frozen=True, kw_only=True):
    """Scylla's own task for the batch is known by its id; ``SSTablesLoaded`` or ``LoadFailed`` is its end."""

    TAG: ClassVar[str] = "NativeRestoreStarted"
    batch: int
    attempt: int
    task: str


class NativeRestoreProgressed(Event, frozen=True, kw_only=True):
    """Bytes of the batch that are restored so far, as far as that follows from what Scylla tells of its task."""

    TAG: ClassVar[str] = "NativeRestoreProgressed"
    batch: int
    attempt: int
    restored: int


class LoadAnswerLost(Event, frozen=True, kw_only=True):
    """No final answer to load&stream yet, which says nothing about the load: it is asked for again.

    The answer was lost (``unreachable``), or for minutes another load has excluded this one (``refused``). A native
    restore, too, waits for another one of its table.
    """

    TAG: ClassVar[str] = "LoadAnswerLost"
    batch: int
    attempt: int
    node: str
    failure: Failure


class SSTablesLoaded(Event, frozen=True, kw_only=True):
    """The batch is in the cluster."""

    TAG: ClassVar[str] = "SSTablesLoaded"
    batch: int
    attempt: int
    staging_left: bool = False


class LoadFailed(Event, frozen=True, kw_only=True):
    """The batch could not be loaded; ``staging_left`` tells whether files of it are still on the node."""

    TAG: ClassVar[str] = "LoadFailed"
    batch: int
    attempt: int
    node: str
    failure: Failure
    staging_left: bool


class BatchReturned(Event, frozen=True, kw_only=True):
    """The batch is back in the pool; it may be assigned again from ``not_before`` on."""

    TAG: ClassVar[str] = "BatchReturned"
    batch: int
    attempt: int
    reason: str
    not_before: datetime | None = None
