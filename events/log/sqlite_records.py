"""Records in and out of SQLite, many at a time.

Python gives its interpreter lock away with each row that SQLite takes or hands out. Beside one busy thread that costs
up to five milliseconds a row: a million records were read in an hour. So a statement here takes or gives many rows at
once, and ``scripts/bench.py log`` measures it beside a busy thread. Where there is no other thread, a row at a time is
twice as quick.
"""

import sqlite3
import threading
from collections.abc import Sequence
from typing import Final

from scylla_restore.events.envelope import Envelope, StoredRecord

_ROWS_PER_INSERT: Final = 64

_PAGE_RECORDS: Final = 1_000
_PAGE_BYTES: Final = 4 * 2**20
"""A page of records is in memory at once: so many, or fewer if they are large."""

_INSERT: Final = "INSERT INTO records (run_id, seq, record, hash) VALUES "
_INSERTS: Final = tuple(_INSERT + ", ".join(["(?, ?, ?, ?)"] * rows) for rows in range(_ROWS_PER_INSERT + 1))

_RANGE: Final = "FROM records WHERE run_id = ? AND seq BETWEEN ? AND ?"
_SIZE: Final = f"SELECT sum(length(record)) {_RANGE}"
_PAGE: Final = f"""
SELECT count(*), max(seq), min(length(hash)), max(length(hash)),
       CAST(group_concat(record, x'0A') AS BLOB), CAST(group_concat(hash, '') AS BLOB)
FROM (SELECT seq, record, hash {_RANGE} ORDER BY seq)
WHERE (SELECT sum(length(record)) {_RANGE}) <= {_PAGE_BYTES}
"""  # noqa: S608 - no value is in it
_ROWS: Final = f"SELECT CAST(seq AS INTEGER), CAST(record AS BLOB), CAST(hash AS BLOB) {_RANGE} ORDER BY seq"
_NEXT: Final = "SELECT CAST(min(seq) AS INTEGER) FROM records WHERE run_id = ? AND seq >= ?"

_HASH_BYTES: Final = 32


def insert_records(connection: sqlite3.Connection, run_id: int, envelopes: Sequence[Envelope]) -> None:
    """Insert the records of all envelopes."""
    for start in range(0, len(envelopes), _ROWS_PER_INSERT):
        values: list[int | bytes] = []
        for envelope in envelopes[start : start + _ROWS_PER_INSERT]:
            values += (run_id, envelope.seq, envelope.record, envelope.hash)
        connection.execute(_INSERTS[len(values) // 4], values)


class PageReader:
    """Where a reader of one run stands. ``read`` may be given another connection each time."""

    def __init__(self, run_id: int, from_seq: int) -> None:
        self._run_id = run_id
        self._first = from_seq

    def read(self, connection: sqlite3.Connection) -> Sequence[StoredRecord]:
        """Return the next page, in order; it is empty only when there are no more records."""
        page = self._read_from(connection)
        if not page:
            # Sequences have no gaps, unless somebody made one; but records may have come since the look above.
            (behind,) = connection.execute(_NEXT, (self._run_id, self._first)).fetchone()
            if behind is not None:
                self._first = behind
                page = self._read_from(connection)
        if page:
            self._first = page[-1].seq + 1
        return page

    def _read_from(self, connection: sqlite3.Connection) -> Sequence[StoredRecord]:
        if threading.active_count() == 1:
            return _read_alone(connection, (self._run_id, self._first, self._first + _PAGE_RECORDS - 1))
        count = _PAGE_RECORDS
        while True:
            place = self._run_id, self._first, self._first + count - 1
            page = _read_glued(connection, place)
            if page or count == 1:
                return page or _read_rows(connection, place)
            (size,) = connection.execute(_SIZE, place).fetchone()
            if size is None or size <= _PAGE_BYTES:
                return _read_rows(connection, place)
            count //= 2


def _read_glued(connection: sqlite3.Connection, place: tuple[int, int, int]) -> list[StoredRecord]:
    """Return a page of which everything is as it should be, and not too large; nothing otherwise."""
    _, first, _ = place
    count, last, shortest, longest, records, hashes = connection.execute(_PAGE, place + place).fetchone()
    # A record has no line break, so a piece too many means that somebody put one there.
    pieces = [] if records is None else records.split(b"\n")
    if last != first + count - 1 or len(pieces) != count or not shortest == longest == _HASH_BYTES:
        return []
    starts = range(0, len(hashes), _HASH_BYTES)
    return [
        StoredRecord(seq=seq, record=piece, hash=hashes[start : start + _HASH_BYTES])
        for seq, (piece, start) in enumerate(zip(pieces, starts, strict=True), first)
    ]


def _read_alone(connection: sqlite3.Connection, place: tuple[int, int, int]) -> list[StoredRecord]:
    """Return a page, whatever is in it, up to the record with which it is large enough."""
    page: list[StoredRecord] = []
    size = 0
    cursor = connection.execute(_ROWS, place)
    for seq, record, hash_ in cursor:
        page.append(StoredRecord(seq=seq, record=record, hash=hash_))
        size += len(record)
        if size >= _PAGE_BYTES:
            cursor.close()
            break
    return page


def _read_rows(connection: sqlite3.Connection, place: tuple[int, int, int]) -> list[StoredRecord]:
    """Return a page, whatever is in it."""
    return [
        StoredRecord(seq=seq, record=record, hash=hash_)
        for seq, record, hash_ in connection.execute(_ROWS, place).fetchall()
    ]
