"""Judging a chain: the first record that does not fit, and all the others."""

import msgspec
import pytest
from tests.support.event_logs import AT, returned

from scylla_restore.events.chain import Sealer, genesis, link
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.record import Record, pack
from scylla_restore.events.verification import PROBLEMS_LIMIT, ChainReport, verify

RUN = "run-1"


def chain(*records: bytes) -> list[StoredRecord]:
    """What a store would hold, with right hashes, whatever the records are."""
    stored: list[StoredRecord] = []
    prev_hash = genesis(RUN)
    for seq, record in enumerate(records, 1):
        prev_hash = link(prev_hash, record)
        stored.append(StoredRecord(seq=seq, record=record, hash=prev_hash))
    return stored


def record(seq: int, *, epoch: int = 1, kind: str = "NodeReadmitted", data: bytes = b'{"node":"n"}') -> bytes:
    return pack(Record("supervisor", AT, msgspec.Raw(data), epoch, seq, kind, 1))


def sealed(*events: AnyEvent) -> list[StoredRecord]:
    sealer = Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))
    envelopes = [sealer.seal(event, at=AT, actor="supervisor") for event in events]
    return [StoredRecord(seq=each.seq, record=each.record, hash=each.hash) for each in envelopes]


def problems(report: ChainReport) -> list[tuple[int, str]]:
    return [(problem.seq, problem.problem) for problem in report.problems]


def test_what_was_sealed_is_intact() -> None:
    records = sealed(returned(1), returned(2))
    assert verify(RUN, records, head_seq=2, head_hash=records[1].hash) == ChainReport(
        ok=True, events=2, head_hash=records[1].hash, first_bad_seq=None, problems=(), unknown=0
    )


def test_an_empty_log_is_intact_if_it_should_be_empty() -> None:
    assert verify(RUN, [], head_seq=0, head_hash=genesis(RUN)).ok
    report = verify(RUN, [], head_seq=2)
    assert problems(report) == [(1, "the log should end at 2: records 1 to 2 are missing")]


def test_the_chain_of_another_run_does_not_fit() -> None:
    assert verify("another", sealed(returned(1), returned(2))).first_bad_seq == 1


def test_one_altered_record_is_one_problem() -> None:
    records = sealed(*(returned(batch) for batch in range(9)))
    records[4] = msgspec.structs.replace(
        records[4], record=records[4].record.replace(b"suspended", b"forgotten")
    )
    report = verify(RUN, records)
    assert [seq for seq, _ in problems(report)] == [5]
    assert report.events == 9


def test_a_gap_is_one_problem() -> None:
    records = sealed(*(returned(batch) for batch in range(9)))
    del records[3:6]
    assert problems(verify(RUN, records)) == [(4, "records 4 to 6 are missing")]


def test_records_in_the_wrong_order_are_named() -> None:
    first, second, third = sealed(returned(1), returned(2), returned(3))
    report = verify(RUN, [first, third, second])
    assert problems(report) == [(2, "record 2 is missing"), (2, "stands behind record 3")]


def test_an_end_with_another_hash_is_a_problem() -> None:
    report = verify(RUN, sealed(returned(1)), head_seq=1, head_hash=b"?" * 32)
    assert problems(report) == [(1, "the log should end with another hash")]


def test_an_end_behind_the_end_is_a_problem() -> None:
    report = verify(RUN, sealed(returned(1), returned(2)), head_seq=1)
    assert problems(report) == [(2, "the log should end at 1: what follows was put there")]


@pytest.mark.parametrize(
    ("records", "seq", "problem"),
    [
        (
            [record(1, epoch=2), record(2, epoch=1)],
            2,
            "its epoch 1 is older than 2, that of a record before it",
        ),
        ([record(1), record(3)], 2, "is record 3 in another's place"),
        ([record(1, data=b"{}")], 1, "event NodeReadmitted version 1 cannot be read: "),
        ([b"rubbish"], 1, "is no record: "),
    ],
)
def test_a_record_with_the_right_hash_can_still_be_wrong(
    records: list[bytes], seq: int, problem: str
) -> None:
    ((bad_seq, words),) = problems(verify(RUN, chain(*records)))
    assert (bad_seq, words[: len(problem)]) == (seq, problem)


def test_records_of_a_newer_program_are_counted_and_no_problem() -> None:
    report = verify(RUN, chain(record(1), record(2, kind="TeaServed"), record(3)))
    assert (report.ok, report.unknown, report.events) == (True, 1, 3)


def test_a_chain_in_pieces_is_not_told_piece_by_piece() -> None:
    report = verify(RUN, chain(*[b"rubbish"] * 1000))
    assert (len(report.problems), report.events, report.first_bad_seq) == (PROBLEMS_LIMIT, 1000, 1)
