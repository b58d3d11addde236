"""The chain: each record carries the hash of the one before it, so that nobody changes the past unnoticed.

hash(0) = SHA-256("scylla-restore run <run id>")           the genesis, which no record has
hash(n) = SHA-256(hash(n - 1), 32 raw bytes, then the bytes of record n)
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from scylla_restore.events.codec import EVENTS
from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import CorruptLog, UnreadableEvent, UnwritableEvent
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.record import Record, pack, unpack


def genesis(run: str) -> bytes:
    """Return the hash that a run's first record follows."""
    return sha256(f"scylla-restore run {run}".encode()).digest()


def link(prev_hash: bytes, record: bytes) -> bytes:
    """Return the hash of a record that follows ``prev_hash``."""
    return sha256(prev_hash + record).digest()


class Sealer:
    """Puts events into their places, one after another, from a run's head on. Not to be shared by threads.

    ``seq`` and ``hash`` are always those of the last envelope that was sealed, whether it is stored or not.
    """

    __slots__ = ("epoch", "hash", "run", "seq")

    def __init__(self, *, run: str, epoch: int, seq: int, head_hash: bytes) -> None:
        self.run = run
        self.epoch = epoch
        self.seq = seq
        self.hash = head_hash

    def seal(self, event: AnyEvent, *, at: datetime, actor: str) -> Envelope:
        """Return the envelope that follows the last one.

        Raises:
            UnwritableEvent: the event or the actor's name cannot be written as JSON.
            ValueError: ``at`` has no time zone.
        """
        if at.tzinfo is not UTC:
            at = _in_utc(at)
        kind = type(event)
        seq = self.seq + 1
        data = msgspec.Raw(EVENTS.encode(event))
        try:
            record = pack(Record(actor, at, data, self.epoch, seq, kind.TAG, kind.VERSION))
        except ValueError as error:
            raise UnwritableEvent(kind.TAG, f"actor {actor!r}: {error}") from error
        prev_hash = self.hash
        self.hash = link(prev_hash, record)
        self.seq = seq
        return Envelope(
            run=self.run,
            seq=seq,
            at=at,
            actor=actor,
            epoch=self.epoch,
            event=event,
            prev_hash=prev_hash,
            hash=self.hash,
            record=record,
        )


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def unseal(
    run: str, records: Iterable[StoredRecord], *, after_seq: int, after_hash: bytes, check_hashes: bool
) -> Iterator[Envelope]:
    """Yield the envelopes of stored records that follow record ``after_seq``, whose hash is ``after_hash``.

    Without ``check_hashes`` the stored hashes are taken for true, which is quicker by a third.

    Raises:
        CorruptLog: a record is missing, cannot be read or, with ``check_hashes``, is not the one that was written.
        UnknownEvent: a record's kind or version is newer than this program.
    """
    decode = EVENTS.decode
    seq, prev_hash = after_seq, after_hash
    for stored in records:
        seq += 1
        if stored.seq != seq:
            raise CorruptLog(run, seq, "is missing")
        record_hash = stored.hash
        if check_hashes and link(prev_hash, stored.record) != record_hash:
            raise CorruptLog(run, seq, "its hash does not fit")
        try:
            record = unpack(stored.record)
            event = decode(record.type, record.version, record.data)
        except (ValueError, UnreadableEvent) as error:
            raise CorruptLog(run, seq, str(error)) from error
        if record.seq != seq:
            raise CorruptLog(run, seq, f"is record {record.seq} in another's place")
        yield Envelope(
            run=run,
            seq=seq,
            at=record.at,
            actor=record.actor,
            epoch=record.epoch,
            event=event,
            prev_hash=prev_hash,
            hash=record_hash,
            record=stored.record,
        )
        prev_hash = record_hash
