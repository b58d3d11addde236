"""Buckets: the partitions of a run's log, and the conditional writes that alter them.

    bucket 0            bucket 1            bucket 2
   ┌────────────┐      ┌────────────┐      ┌────────────┐
   │ epoch    1 │      │ epoch    3 │      │ epoch    4 │   raised by whoever claims the run, in the last one only
   │ head   900 │◀─────│ base   900 │      │ base  1800 │   where its records begin: the head of the one before
   │ closed yes │      │ head  1800 │◀─────│ head  1850 │   moved by each append
   │ 1 … 900    │      │ closed yes │      │ closed no  │   never back from yes to no
   └────────────┘      │ 901 … 1800 │      │ 1801 … 1850│
                       └────────────┘      └────────────┘

Every write is conditional on what its partition holds, and partitions are linearizable one by one. A run's log is so as
a whole, too:

1. Records go into a bucket only while it is open and has the writer's epoch and head.
2. A bucket is closed only by the owner of its epoch, and stays closed.
3. Bucket k+1 is opened once, behind a closed k: by the owner of k's epoch, with that epoch; or by who claims the run,
   with a higher one. So epochs never fall from bucket to bucket.

So an owner A who was overtaken by B can write nothing, wherever it believes the end to be. B raised the epoch in
bucket k, which was the last and open. Buckets before k are closed: rule 1. In k A has an older epoch: rule 1. Buckets
behind k have B's epoch or a higher one: rule 3. And if A had closed k just before B came, both may try to open k+1, of
whom one succeeds: rule 3. If that is A, B finds k+1 open and raises the epoch there; if it is B, A finds it taken.

A write whose answer was lost may still arrive. It finds its condition met, and then it is the write that its sender
sends again and finds done; or it finds another head, epoch or bucket, and does nothing.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from scylla_restore.events.log.port import Head


class Lease(msgspec.Struct, frozen=True):
    """That an owner was alive: ``token`` is its claim's own, ``left_s`` how long the lease holds from now on."""

    token: str
    left_s: int


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition says about itself. ``size`` is the bytes of the groups in it; ``lease`` is None once lapsed."""

    run: str
    number: int
    epoch: int
    owner: str
    base: int
    head: int
    head_hash: bytes
    size: int = 0
    closed: bool = False
    lease: Lease | None = None

    def as_head(self) -> Head:
        """Return the log's end, if this is the last bucket."""
        return Head(run=self.run, seq=self.head, hash=self.head_hash, epoch=self.epoch, owner=self.owner)

    def owned(self, *, epoch: int, owner: str) -> "Bucket":
        """Return this bucket as its owner sees it."""
        return msgspec.structs.replace(self, epoch=epoch, owner=owner)

    def with_group(self, group: "Group") -> "Bucket":
        """Return this bucket with one more group."""
        return msgspec.structs.replace(
            self, head=group.seq, head_hash=group.hash, size=self.size + group.size
        )

    def as_closed(self) -> "Bucket":
        """Return this bucket, closed."""
        return msgspec.structs.replace(self, closed=True)

    def next(self, *, epoch: int, owner: str) -> "Bucket":
        """Return the bucket that follows this one, as it is opened."""
        return Bucket(
            run=self.run,
            number=self.number + 1,
            epoch=epoch,
            owner=owner,
            base=self.head,
            head=self.head,
            head_hash=self.head_hash,
        )


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Records that were appended together. ``seq`` and ``hash`` are those of the last one.

    ``records`` are joined by line breaks, which no record has; ``hashes`` are 32 bytes each. A group that is too large
    for one row lies in ``pieces`` elsewhere, and both are empty.
    """

    seq: int
    hash: bytes
    count: int
    records: bytes = b""
    hashes: bytes = b""
    pieces: int = 0

    @property
    def size(self) -> int:
        """The bytes of its row, by and large."""
        return len(self.records) + len(self.hashes) + 64


class Records(Protocol):
    """The partitions of all runs. A write returns whether its condition was met; if not, nothing is changed.

    Raises (all of them):
        LogUnavailable: the store does not answer; whether a write happens is unknown.
        UnusableLog: it answers that it will not do this.
    """

    def bucket(self, run: str, number: int, *, certain: bool = False) -> Bucket | None:
        """Return a bucket, if it was opened. With ``certain`` no earlier write may be left undecided by it."""
        ...

    def open(self, bucket: Bucket, token: str) -> bool:
        """Make a bucket, with a lease, if there is none of its number."""
        ...

    def take(self, bucket: Bucket, owner: str, token: str, *, if_free: bool) -> bool:
        """Raise the epoch of an open bucket by one, from ``bucket``'s, with a lease; ``if_free``: if no other holds."""
        ...

    def append(self, bucket: Bucket, group: Group) -> bool:
        """Add a group to an open bucket whose epoch and head are ``bucket``'s."""
        ...

    def close(self, bucket: Bucket) -> bool:
        """Close an open bucket whose epoch and head are ``bucket``'s."""
        ...

    def renew(self, bucket: Bucket, token: str) -> bool:
        """Renew the lease of an open bucket whose epoch is ``bucket``'s."""
        ...

    def release(self, bucket: Bucket) -> bool:
        """End the lease of an open bucket whose epoch is ``bucket``'s."""
        ...

    def groups(self, run: str, number: int, *, from_seq: int, limit: int) -> Sequence[Group]:
        """Return the first groups of a bucket that end at ``from_seq`` or behind it, in order, no more than ``limit``."""
        ...

    def put_pieces(self, run: str, key: bytes, pieces: Sequence[bytes]) -> None:
        """Write the pieces of something large; not conditional, so ``key`` has to be its own."""
        ...

    def pieces(self, run: str, key: bytes) -> bytes:
        """Return the pieces put together; what is missing is left out."""
        ...


def last_bucket(records: Records, run: str, number: int = 0, *, certain: bool = False) -> Bucket | None:
    """Return the run's last bucket, which is closed if the next one was not opened yet; ``number`` is known to exist."""
    last = records.bucket(run, number, certain=certain)
    while last is not None and last.closed:
        following = records.bucket(run, last.number + 1, certain=certain)
        if following is None:
            break
        last = following
    return last
