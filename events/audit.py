"""An audit of a run: is its record what was written, and what does it say was done?"""

from collections.abc import Iterable, Iterator

import msgspec

from scylla_restore.events.codec import decode
from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import UnknownEvent, UnreadableEvent
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections.audit import AuditState, AuditSummary, apply, summary
from scylla_restore.events.record import unpack
from scylla_restore.events.verification import ChainProblem, verify


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement and the summary.

    ``events`` records were looked at, the last of which has ``head_hash`` (hexadecimal): whoever wrote that down
    earlier can tell that the log still is the same. ``first_bad_seq`` is the first place that does not fit. Of a
    record that is not intact, the summary tells what can be read. ``unknown`` counts records whose kind is newer
    than this program; they are intact, and missing from the summary.
    """

    ok: bool
    events: int
    head_hash: str
    first_bad_seq: int | None
    problems: tuple[ChainProblem, ...]
    summary: AuditSummary
    unknown: int = 0


def audit(log: EventLog, run: str) -> AuditReport:
    """Verify the whole record of ``run`` and sum it up, in memory that does not grow with it.

    Of a run that a living engine goes on with, the part that was there at first is audited.

    Raises:
        UnknownRun: no such run.
        LogUnavailable: the store cannot be asked.
    """
    head = log.head(run)
    records = log.read_records(run)
    if log.is_owned(run):
        records = (record for record in records if record.seq <= head.seq)
    state = AuditState()
    folding = _Folding(run, state)
    report = verify(run, folding.passing(records), head_seq=head.seq, head_hash=head.hash)
    problems = report.problems
    first_bad_seq = report.first_bad_seq
    if folding.problem is not None and first_bad_seq is None:
        problems, first_bad_seq = (folding.problem,), folding.problem.seq
    return AuditReport(
        ok=first_bad_seq is None,
        events=report.events,
        head_hash=report.head_hash.hex(),
        first_bad_seq=first_bad_seq,
        problems=problems,
        summary=summary(state),
        unknown=report.unknown,
    )


class _Folding:
    """Folds records on their way to being verified."""

    def __init__(self, run: str, state: AuditState) -> None:
        self._run = run
        self._state = state
        self.problem: ChainProblem | None = None

    def passing(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        """Yield ``records`` as they are."""
        for stored in records:
            if self.problem is None:
                self._fold(stored)
            yield stored

    def _fold(self, stored: StoredRecord) -> None:
        try:
            record = unpack(stored.record)
            event = decode(record.type, record.version, record.data)
        except (ValueError, UnknownEvent, UnreadableEvent):
            return  # the verification tells of it
        envelope = Envelope(
            run=self._run,
            seq=stored.seq,
            at=record.at,
            actor=record.actor,
            epoch=record.epoch,
            event=event,
            prev_hash=b"",
            hash=stored.hash,
            record=stored.record,
        )
        try:
            apply(self._state, envelope)
        except LookupError as error:
            problem = f"speaks of {error}, which no record before it has introduced"
            self.problem = ChainProblem(seq=stored.seq, problem=problem)
