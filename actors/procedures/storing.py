"""How procedures meet an object store, and its errors and those of a backup as failures."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from scylla_restore.actors.procedures.patience import until_answered
from scylla_restore.actors.runtime import Call
from scylla_restore.engine.errors import (
    BackupError,
    NoSuchSnapshot,
    ObjectMissing,
    RestoreError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.port import ObjectStore, StoreReport
from scylla_restore.engine.storage.tally import Tally
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import LocationFailed

T = TypeVar("T")


class Store:
    """A location's object store, to procedures. ``location`` is ``<provider>:<bucket>``."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        location: str,
        now: Callable[[], datetime],
        report: Callable[[AnyEvent], None],
    ) -> None:
        self._store = store
        self._now = now
        self._retries = Tally()
        self.location = location
        self.report = report

    @property
    def lists_ranges(self) -> bool:
        """Whether parts of a directory can be listed side by side."""
        return self._store.lists_ranges

    @property
    def files_per_page(self) -> int:
        """How many files one request lists; 0 if that is all of a directory."""
        return self._store.files_per_page

    def reached(self) -> StoreReport:
        """Return how the store was reached, with the requests that were made again here counted in."""
        told = self._store.report()
        return msgspec.structs.replace(told, retries=told.retries + self._retries.count)

    async def __call__(self, perform: Callable[[ObjectStore], T]) -> T:
        """Ask the store until it answers.

        Raises:
            StorageError: it said no, or was silent for as long as patience lasted.
        """
        return await until_answered(
            lambda: Call(self._store, perform), now=self._now, on_silence=lambda _: self._retries.add()
        )


def location_failed(location: str, error: RestoreError) -> LocationFailed:
    """Return what went wrong with a location as an event."""
    return LocationFailed(location=location, failure=failure_of_location(error), exit_code=error.exit_code)


def failure_of_location(error: RestoreError) -> Failure:
    """Return what went wrong with a location, or with the backup in it."""
    match error:
        case StorageUnavailable():
            cause = Cause.UNREACHABLE
        case ObjectMissing():
            cause = Cause.MISSING_OBJECT
        case BackupError() if not isinstance(error, NoSuchSnapshot):
            cause = Cause.INCOMPLETE
        case _:
            cause = Cause.REFUSED
    return Failure(cause=cause, message=error.message, hint=error.hint)
