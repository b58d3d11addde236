"""The log store: what every implementation promises.

Errors are part of the promise:

* ``StaleOwner``     the run has a newer owner; this engine is fenced off for good
* ``RunIsOwned``     another engine that is alive owns the run
* ``LogConflict``    the expected sequence is not the head although the epoch is: a defect, or a lost answer
* ``LogUnavailable`` nothing is known about the call's fate; ask again later
* ``UnknownRun``     the store holds no such run
* ``UnusableLog``    what lies there is no log of ours, or broken; a retry changes nothing
* ``CorruptLog``     a record cannot be read, or does not continue the one before it

All methods may be called from any thread.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from scylla_restore.events.envelope import Envelope, StoredRecord


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run's log: the last sequence (0 when empty), its hash, and the owner's epoch."""

    run: str
    seq: int
    hash: bytes
    epoch: int
    owner: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Ownership of a run: the right to append with ``epoch``, from ``head`` on."""

    run: str
    epoch: int
    head: Head


class RequestKind(StrEnum):
    """What another process may ask of a run's owner."""

    PAUSE = "pause"
    ABORT = "abort"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A question to a running engine, beside the log and outside its chain."""

    run: str
    kind: RequestKind
    requested_by: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A fold's state after ``seq``, whose record has ``hash``. A cache: it may vanish at any time."""

    run: str
    name: str
    seq: int
    hash: bytes
    state: bytes


class EventLog(Protocol):
    """An append-only, totally ordered log per run, with one writer at a time."""

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        """Become the owner of ``run`` (which need not exist yet) with a higher epoch than any before.

        The epoch of a run's first claim is 1. A claim ends with ``release``, ``close`` or its holder's death.

        Raises:
            RunIsOwned: a living engine owns it and ``take_over`` is false. Some stores cannot tell a dead one from
                a living one for a while: then ``until`` says how long.
            LogUnavailable: the store cannot be asked.
        """
        ...

    def keep(self, claim: Claim) -> None:
        """Show that the claim's holder is alive: to be called every second or so, or others may take it for dead.

        Raises:
            StaleOwner: the run was claimed again since, or the claim was released.
            LogUnavailable: the store cannot be asked.
        """
        ...

    def release(self, claim: Claim) -> None:
        """Give ownership back; a no-op for a claim that is no longer the newest."""
        ...

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        """Make all of ``envelopes`` durable, or none of them.

        They continue the log's head without a gap, and carry the claim's epoch. Appending the very records again
        that the log ends with is a no-op: after ``LogUnavailable`` the same call can be repeated until it is
        answered.

        Raises:
            StaleOwner: the run was claimed again since, or the claim was released.
            LogConflict: the first record does not continue the head.
            LogUnavailable: not known whether they were written.
            ValueError: the records do not continue one another, or belong to another run or epoch.
        """
        ...

    def head(self, run: str) -> Head:
        """Return the end of the log. A run that was claimed and has no record yet ends at 0, with the genesis hash.

        Raises:
            UnknownRun: no such run.
        """
        ...

    def is_owned(self, run: str) -> bool:
        """Whether an engine that is alive owns the run."""
        ...

    def read(self, run: str, *, from_seq: int = 1) -> Iterator[Envelope]:
        """Yield the records from ``from_seq`` on, in order, upcast to the events of today.

        Records that are appended meanwhile may or may not be among them. Sequences are checked, hashes are not:
        for that there is ``scylla_restore.events.chain``.

        Raises:
            UnknownRun: no such run.
            CorruptLog: a record is missing or cannot be read (while iterating).
            UnknownEvent: a record is of a newer kind (while iterating).
        """
        ...

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """Yield what is stored from ``from_seq`` on, in order, whatever it is: bytes for an auditor.

        Raises:
            UnknownRun: no such run.
        """
        ...

    def runs(self) -> list[str]:
        """Return the ids of all runs that have at least one record, oldest first."""
        ...

    def post_request(self, request: Request) -> None:
        """Leave a request for the run's owner; asking twice is asking once, and the first to ask is remembered.

        Raises:
            UnknownRun: no such run.
        """
        ...

    def requests(self, run: str) -> list[Request]:
        """Return the requests that were posted and not cleared, oldest first."""
        ...

    def clear_requests(self, run: str, *, kinds: Collection[RequestKind] = tuple(RequestKind)) -> None:
        """Forget the run's requests of these kinds: its owner has recorded them."""
        ...

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in place of an older one of the same run and name.

        Raises:
            UnknownRun: no such run.
        """
        ...

    def load_checkpoint(self, run: str, name: str) -> Checkpoint | None:
        """Return the newest checkpoint of that name, if there is one."""
        ...

    def close(self) -> None:
        """Release files, connections and locks. The log cannot be used any more."""
        ...
