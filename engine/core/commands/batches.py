"""Commands about a batch."""

import msgspec

from scylla_restore.engine.core.commands.base import LocationCommand, NodeCommand


class BatchFile(msgspec.Struct, frozen=True, gc=False):
    """A file of a batch: its name on the node, and the object's (which may end in a snapshot tag)."""

    name: str
    object: str


class BatchSSTable(msgspec.Struct, frozen=True, gc=False):
    """An SSTable of a batch with its files; ``size`` is bytes over all of them.

    Where the files were not listed, ``data_size`` is bytes of ``Data.db`` alone, and ``size`` about what all have.
    """

    id: str
    size: int
    files: tuple[BatchFile, ...]
    data_size: int | None = None


class CheckFiles(LocationCommand, frozen=True, kw_only=True):
    """See whether the location has a batch's files below ``source``. → ``BatchFilesFound`` or ``BatchFilesMissed``.

    ``beside`` is how many SSTables of the snapshot the directory has.
    """

    batch: int
    attempt: int
    source: str
    sstables: tuple[BatchSSTable, ...]
    beside: int


class AttemptCommand(NodeCommand, frozen=True, kw_only=True):
    """About one attempt at one batch."""

    batch: int
    attempt: int


class BatchCommand(AttemptCommand, frozen=True, kw_only=True):
    """About an attempt whose files go through the node. ``staging`` and ``upload`` are paths below ``data:``, and the same without staging."""

    keyspace: str
    table: str
    staging: str
    upload: str

    @property
    def is_direct(self) -> bool:
        """Whether the files are copied straight into ``upload``."""
        return self.staging == self.upload


class LookIntoUpload(BatchCommand, frozen=True, kw_only=True):
    """See whether ``upload`` is empty. → ``UploadFoundEmpty``, ``UploadOccupied`` or ``DownloadFailed``."""


class DownloadBatch(BatchCommand, frozen=True, kw_only=True):
    """Copy the files into staging. → ``DownloadStarted``, ``DownloadProgressed``…, ``BatchDownloaded``; or ``DownloadFailed``.

    With ``jobs`` (and the agent's ``started_at`` of each) the copy was begun before: it is followed, and
    ``DownloadStarted`` is not reported again. ``transfers`` and ``bandwidth_rate`` go with the request as they are.
    ``size`` is bytes; with ``is_exact`` the files have just so many, whatever is known of each SSTable.
    """

    location: str
    source: str
    sstables: tuple[BatchSSTable, ...]
    size: int
    is_exact: bool = False
    transfers: int | None = None
    bandwidth_rate: str | None = None
    min_free_percent: int = 10
    jobs: tuple[int, ...] = ()
    started_at: tuple[str, ...] = ()


class StopDownload(AttemptCommand, frozen=True, kw_only=True):
    """End the running download and remove what it left. → ``DownloadFailed`` with cause ``stopped``."""


class MoveIntoUpload(BatchCommand, frozen=True, kw_only=True):
    """Rename the staged files into ``upload``; without staging, see that they are what is there. → ``UploadFilled``, ``UploadOccupied`` or ``LoadFailed``."""

    sstables: tuple[BatchSSTable, ...]
    recovering: bool = False


class LoadSSTables(BatchCommand, frozen=True, kw_only=True):
    """Load&stream what is in ``upload``. → ``LoadAnswerLost``…, ``SSTablesLoaded`` or ``LoadFailed``.

    After a definite failure the files of ``sstables`` are taken out of ``upload`` again, if nothing else is there.
    """

    sstables: tuple[BatchSSTable, ...] = ()
    recovering: bool = False


class RestoreNatively(AttemptCommand, frozen=True, kw_only=True):
    """Have Scylla read a batch from the bucket by itself. → ``NativeRestoreStarted``, ``NativeRestoreProgressed``…, ``SSTablesLoaded``; or ``LoadFailed``.

    ``endpoint`` is Scylla's own name of the store, ``sstables`` are names of TOC objects below ``prefix``. With ``task``
    the restore was begun before: it is followed, and ``NativeRestoreStarted`` is not reported again.
    """

    keyspace: str
    table: str
    endpoint: str
    bucket: str
    prefix: str
    sstables: tuple[str, ...]
    size: int
    task: str = ""


class StopNativeRestore(AttemptCommand, frozen=True, kw_only=True):
    """End a native restore under way. → ``LoadFailed`` with cause ``stopped``, or ``SSTablesLoaded`` if it was done by then."""
