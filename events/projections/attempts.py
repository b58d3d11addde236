"""Batches on their way into the cluster: what several projections have to remember until a batch is through."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeGuard, assert_never, get_args

import msgspec

from scylla_restore.events.model import AnyEvent, BatchEvent, batches
from scylla_restore.events.model.target import Method, Staging


class Phase(StrEnum):
    """How far an attempt has come."""

    ASSIGNED = "assigned"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    LOADING = "loading"


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt at one batch; sizes are bytes.

    ``since`` is when what is being done began, if its beginning is known and it is still being done. ``restored`` is how
    much Scylla has restored of a native batch by itself, as far as it tells. A ``direct`` attempt has no staging directory.
    """

    number: int
    node: str
    native: bool
    directory: str
    sstables: tuple[str, ...]
    size: int
    phase: Phase = Phase.ASSIGNED
    since: datetime | None = None
    downloaded: int = 0
    download_ms: int = 0
    restored: int = 0
    direct: bool = False

    def elapsed_ms(self, now: datetime) -> int:
        """Milliseconds since then; 0 where nothing is timed, or where the clock was set back."""
        if self.since is None:
            return 0
        return max((now - self.since) // timedelta(milliseconds=1), 0)


def new_attempt(event: batches.BatchAssigned) -> Attempt:
    """Return the attempt that an assignment begins."""
    return Attempt(
        number=event.attempt,
        node=event.node,
        native=event.method is Method.NATIVE,
        directory=event.directory,
        sstables=event.sstables,
        size=event.size,
        direct=event.staging is Staging.OFF,
    )


BatchAdvance = (
    batches.BatchCheckRequested
    | batches.BatchFilesFound
    | batches.DownloadRequested
    | batches.DownloadStarted
    | batches.DownloadProgressed
    | batches.BatchDownloaded
    | batches.LoadRequested
    | batches.UploadOccupied
    | batches.UploadFoundEmpty
    | batches.UploadFilled
    | batches.LoadStarted
    | batches.NativeRestoreRequested
    | batches.NativeRestoreStarted
    | batches.NativeRestoreProgressed
    | batches.LoadAnswerLost
)


BatchTurn = (
    batches.BatchAssigned
    | batches.SSTablesLoaded
    | batches.BatchFilesMissed
    | batches.DownloadFailed
    | batches.LoadFailed
    | batches.BatchReturned
)
"""With which an attempt begins or ends: the events about batches that are no ``BatchAdvance``."""

_ADVANCES: Final[frozenset[type]] = frozenset(get_args(BatchAdvance))


def is_advance(event: AnyEvent) -> TypeGuard[BatchAdvance]:
    """Whether the event takes an attempt one step on, as most of a log do: quicker than ``isinstance`` of a union."""
    return type(event) in _ADVANCES


def advance(attempt: Attempt, event: BatchAdvance, at: datetime) -> None:  # noqa: C901 - one case an event
    """Take the attempt one step on, by an event that does not end it."""
    match event:
        case batches.BatchFilesFound():
            # what was noted is exact for a directory only
            attempt.size = event.size
        case batches.DownloadRequested():
            attempt.phase = Phase.DOWNLOADING
            attempt.since = at
        case batches.DownloadStarted():
            # The agent tells about its job late: a short one is over by then.
            attempt.phase = Phase.DOWNLOADING
            attempt.since = attempt.since or at
        case batches.DownloadProgressed():
            attempt.downloaded = event.downloaded
        case batches.BatchDownloaded():
            attempt.phase = Phase.DOWNLOADED
            attempt.downloaded = event.downloaded + event.versioned
            attempt.download_ms = attempt.elapsed_ms(at)
            attempt.since = None
        case batches.LoadRequested():
            attempt.phase = Phase.LOADING
        case batches.LoadStarted():
            attempt.since = at
        case batches.NativeRestoreRequested():
            attempt.phase = Phase.LOADING
        case batches.NativeRestoreStarted():
            attempt.phase = Phase.LOADING
            attempt.since = at
        case batches.NativeRestoreProgressed():
            attempt.restored = event.restored
        case (
            batches.BatchCheckRequested()
            | batches.UploadOccupied()
            | batches.UploadFoundEmpty()
            | batches.UploadFilled()
            | batches.LoadAnswerLost()
        ):
            pass
        case _:
            assert_never(event)


def current(attempts: dict[int, Attempt], event: BatchEvent) -> Attempt | None:
    """Return the attempt that ``event`` is about, or None when it is no longer (or was never) the batch's own."""
    attempt = attempts.get(event.batch)
    return attempt if attempt is not None and attempt.number == event.attempt else None
