"""Groups of records: as they are put into rows, and as they are read."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.log.cql.buckets import Group

_HASH_BYTES: Final = 32
_SEPARATOR: Final = b"\n"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much goes into one place.

    A conditional write is written several times, so that it has to be small; a partition is compacted as a whole.
    """

    row_bytes: int = 128 * 1024
    piece_bytes: int = 256 * 1024
    bucket_records: int = 100_000
    bucket_bytes: int = 32 * 1024 * 1024
    page_bytes: int = 1024 * 1024


def make_group(envelopes: Sequence[Envelope]) -> Group:
    """Return the group of some envelopes, at least one."""
    last = envelopes[-1]
    return Group(
        seq=last.seq,
        hash=last.hash,
        count=len(envelopes),
        records=_SEPARATOR.join([envelope.record for envelope in envelopes]),
        hashes=b"".join([envelope.hash for envelope in envelopes]),
    )


def without_body(group: Group, piece_bytes: int) -> tuple[Group, list[bytes]]:
    """Return a group with its records elsewhere, and the pieces that they make there."""
    pieces = cut(group.hashes + group.records, piece_bytes)
    return msgspec.structs.replace(group, records=b"", hashes=b"", pieces=len(pieces)), pieces


def with_body(group: Group, body: bytes) -> Group:
    """Return a group with its records, which lay elsewhere."""
    middle = _HASH_BYTES * max(group.count, 0)
    return msgspec.structs.replace(group, hashes=body[:middle], records=body[middle:], pieces=0)


def records_of(group: Group) -> Iterator[StoredRecord]:
    """Yield the records of a group with its body, whatever is in it: to be verified by others."""
    records = group.records.split(_SEPARATOR)
    hashes = group.hashes
    first = group.seq - group.count + 1
    for number, record in enumerate(records):
        start = number * _HASH_BYTES
        yield StoredRecord(seq=first + number, record=record, hash=hashes[start : start + _HASH_BYTES])


def cut(data: bytes, piece_bytes: int) -> list[bytes]:
    """Return the bytes in pieces, at least one."""
    return [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)] or [b""]
