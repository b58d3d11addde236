"""Is a log what its engines wrote? A judgement on stored bytes that looks at all of them, whatever it finds."""

from collections.abc import Iterable

import msgspec

from scylla_restore.events.chain import genesis, link
from scylla_restore.events.codec import decode
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.errors import UnknownEvent, UnreadableEvent
from scylla_restore.events.record import Record, unpack

PROBLEMS_LIMIT = 100
"""As many problems are named; a chain that is cut to pieces is not told piece by piece."""


class ChainProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What does not fit at one place of the chain."""

    seq: int
    problem: str


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of verifying a run's chain.

    ``events`` records were looked at; ``head_hash`` is what the store says of the last one (the genesis hash if
    there is none). ``first_bad_seq`` is the first place that does not fit. ``problems`` are the first
    ``PROBLEMS_LIMIT``, in order. ``unknown`` counts records that fit and whose kind or version is newer than this
    program: that is no problem of the log.
    """

    ok: bool
    events: int
    head_hash: bytes
    first_bad_seq: int | None
    problems: tuple[ChainProblem, ...]
    unknown: int


def verify(
    run: str, records: Iterable[StoredRecord], *, head_seq: int | None = None, head_hash: bytes | None = None
) -> ChainReport:
    """Recompute the chain of a whole log and name whatever does not fit.

    ``head_seq`` and ``head_hash`` are where the log should end, as the store or a person who wrote it down knows it:
    without them nobody can tell that the last records are gone.
    """
    verifier = _Verifier(run)
    for stored in records:
        verifier.look_at(stored)
    verifier.look_at_end(head_seq, head_hash)
    return verifier.report()


class _Verifier:
    """Walks along a chain; after a record that does not fit it goes on from what is stored."""

    def __init__(self, run: str) -> None:
        self._seq = 0
        self._epoch = 0
        self._events = 0
        self._unknown = 0
        self._head_hash = genesis(run)
        self._prev_hash: bytes | None = self._head_hash
        self._first_bad_seq: int | None = None
        self._problems: list[ChainProblem] = []

    def look_at(self, stored: StoredRecord) -> None:
        """Compare one record with what the ones before it demand."""
        self._events += 1
        self._look_at_place(stored.seq)
        # Behind a gap nothing is known of the hash before, and one problem is not told twice.
        if self._prev_hash is not None and link(self._prev_hash, stored.record) != stored.hash:
            self._note(
                stored.seq, "its hash does not fit: it, or its hash, or the hash before it was altered"
            )
        self._look_inside(stored)
        self._prev_hash = self._head_hash = stored.hash

    def look_at_end(self, head_seq: int | None, head_hash: bytes | None) -> None:
        """Compare the end with where the log should end."""
        if head_seq is not None and self._seq < head_seq:
            self._note(
                self._seq + 1, f"the log should end at {head_seq}: {_these(self._seq + 1, head_seq)} missing"
            )
        elif head_seq is not None and self._seq > head_seq:
            self._note(head_seq + 1, f"the log should end at {head_seq}: what follows was put there")
        elif head_hash is not None and self._head_hash != head_hash:
            self._note(max(self._seq, 1), "the log should end with another hash")

    def report(self) -> ChainReport:
        """Return the judgement."""
        return ChainReport(
            ok=self._first_bad_seq is None,
            events=self._events,
            head_hash=self._head_hash,
            first_bad_seq=self._first_bad_seq,
            problems=tuple(self._problems),
            unknown=self._unknown,
        )

    def _look_at_place(self, seq: int) -> None:
        expected = self._seq + 1
        if seq > expected:
            self._note(expected, f"{_these(expected, seq - 1)} missing")
            self._prev_hash = None
        elif seq < expected:
            self._note(seq, f"stands behind record {self._seq}")
            self._prev_hash = None
        self._seq = max(seq, self._seq)

    def _look_inside(self, stored: StoredRecord) -> None:
        try:
            record = unpack(stored.record)
        except ValueError as error:
            self._note(stored.seq, str(error))
            return
        if record.seq != stored.seq:
            self._note(stored.seq, f"is record {record.seq} in another's place")
        if record.epoch < self._epoch:
            self._note(
                stored.seq,
                f"its epoch {record.epoch} is older than {self._epoch}, that of a record before it",
            )
        self._epoch = max(record.epoch, self._epoch)
        self._look_at_event(record, stored.seq)

    def _look_at_event(self, record: Record, seq: int) -> None:
        try:
            decode(record.type, record.version, record.data)
        except UnknownEvent:
            self._unknown += 1
        except UnreadableEvent as error:
            self._note(seq, str(error))

    def _note(self, seq: int, problem: str) -> None:
        if self._first_bad_seq is None or seq < self._first_bad_seq:
            self._first_bad_seq = seq
        if len(self._problems) < PROBLEMS_LIMIT:
            self._problems.append(ChainProblem(seq=seq, problem=problem))


def _these(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
