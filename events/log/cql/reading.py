"""Reading a run's records, bucket after bucket, page after page."""

from collections.abc import Iterator
from typing import Final

from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.log.cql.buckets import Bucket, Records
from scylla_restore.events.log.cql.groups import records_of, with_body

_FIRST_PAGE: Final = 16
_LARGEST_PAGE: Final = 2_000


def read_groups(records: Records, first: Bucket, *, from_seq: int, page_bytes: int) -> Iterator[StoredRecord]:
    """Yield the records from ``from_seq`` on, whatever is in them. ``first`` is the run's bucket 0.

    Raises:
        LogUnavailable: the store does not answer (while iterating).
    """
    bucket: Bucket | None = first
    while bucket is not None:
        if not bucket.closed or bucket.head >= from_seq:
            yield from _read_bucket(records, bucket, from_seq, page_bytes)
        if not bucket.closed:
            return
        bucket = records.bucket(bucket.run, bucket.number + 1)


def _read_bucket(records: Records, bucket: Bucket, from_seq: int, page_bytes: int) -> Iterator[StoredRecord]:
    """Yield a bucket's records. Pages are as long as the rows of the one before were short."""
    run, number = bucket.run, bucket.number
    limit = _FIRST_PAGE
    after = from_seq
    while page := records.groups(run, number, from_seq=after, limit=limit):
        size = 0
        for group in page:
            size += group.size
            whole = with_body(group, records.pieces(run, group.hash)) if group.pieces else group
            for record in records_of(whole):
                if record.seq >= from_seq:
                    yield record
        if len(page) < limit:
            return
        after = page[-1].seq + 1
        limit = max(min(page_bytes * len(page) // size, _LARGEST_PAGE), 1)
