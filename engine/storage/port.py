"""The object store: what a backup's bucket can be asked. Reading only.

Every method raises only ``StorageError``s, each knowing whether a retry makes sense.
"""

from collections.abc import Collection, Iterator
from typing import Protocol

import msgspec

from scylla_restore.events.model.target import IndexVia


class StoredObject(msgspec.Struct, frozen=True):
    """One object: its key from the bucket's root, and its size in bytes."""

    key: str
    size: int


Page = dict[str, int]
"""A part of a listing: names or keys, and sizes in bytes."""


class StoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a store is reached, and how patient one has to be with it.

    ``via`` is ``direct`` or ``agent``; ``because`` is why it is not the former, where that was tried first.
    ``retries`` are requests that were made again after the store was busy, failed, or did not answer.
    """

    via: IndexVia = IndexVia.DIRECT
    because: str = ""
    retries: int = 0


class ObjectStore(Protocol):
    """One bucket of one provider. Safe to use from several threads at once."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects below ``prefix`` (which ends in ``/``), at any depth; nothing if there are none.

        Raises:
            BucketMissing: there is no such bucket.
            StorageDenied: credentials are absent, wrong, or not enough.
            StorageUnavailable: the store did not answer, also in the middle of a listing.
        """
        ...

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """Yield the objects directly below ``prefix`` (which ends in ``/``) by their names, some at a time.

        With ``after`` and ``until`` only names behind the one and up to the other are asked for; others may come, too.
        Raises as ``list`` does.
        """
        ...

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """Return those of ``names`` that are directly below ``prefix`` (which ends in ``/``), with their sizes.

        A store that has to list for it lists what lies between them: ask for names that stand side by side.
        Raises as ``list`` does.
        """
        ...

    @property
    def files_per_page(self) -> int:
        """How many files one request lists; 0 if that is all of a directory, whatever is asked for."""
        ...

    @property
    def lists_ranges(self) -> bool:
        """Whether ``after`` and ``until`` spare requests, so that parts of a directory can be listed side by side."""
        ...

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """Return the names directly below ``prefix`` (which ends in ``/``) that have something below them."""
        ...

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the whole object.

        Raises:
            ObjectMissing: there is no such object.
            ObjectTooLarge: it has more than ``limit_bytes``.
            and those of ``list``.
        """
        ...

    def report(self) -> StoreReport:
        """Return how the store is reached, and what it took so far. Asks nothing of it."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...
