"""Groups of records go down whole, in order, and only behind the head."""

import pytest
from tests.contract.event_log.store import Store
from tests.support.event_logs import AT, Writer, returned

from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogConflict, UnknownRun
from scylla_restore.events.log.port import Claim, EventLog, Head
from scylla_restore.events.log.reading import verify_run


class Appending(Store):
    """``append`` and ``head``."""

    def test_a_claimed_run_without_records_ends_at_the_genesis(self, log: EventLog) -> None:
        claim = log.claim("run-1", "ann@host")
        expected = Head(run="run-1", seq=0, hash=genesis("run-1"), epoch=1, owner="ann@host")
        assert claim == Claim(run="run-1", epoch=1, head=expected)
        assert log.head("run-1") == expected

    def test_what_was_appended_is_read_back_as_it_was(self, log: EventLog) -> None:
        writer = Writer(log)
        envelopes = writer.append_some(3) + writer.append_some(1)
        assert list(log.read("run-1")) == envelopes

    def test_the_head_is_the_last_record(self, log: EventLog) -> None:
        writer = Writer(log)
        last = writer.append_some(7)[-1]
        assert log.head("run-1") == Head(run="run-1", seq=7, hash=last.hash, epoch=1, owner="ann@host")

    def test_the_next_claim_goes_on_from_the_head(self, log: EventLog) -> None:
        first = Writer(log)
        before = first.append_some(2)
        log.release(first.claim)
        after = Writer(log).append_some(2)
        assert [envelope.epoch for envelope in log.read("run-1")] == [1, 1, 2, 2]
        assert list(log.read("run-1")) == before + after
        assert verify_run(log, "run-1").ok

    def test_appending_nothing_changes_nothing(self, log: EventLog) -> None:
        writer = Writer(log)
        log.append(writer.claim, [])
        assert log.head("run-1") == writer.claim.head

    def test_a_group_that_leaves_a_gap_is_refused_whole(self, log: EventLog) -> None:
        writer = Writer(log)
        skipped, *rest = writer.seal(returned(batch) for batch in range(3))
        with pytest.raises(LogConflict) as caught:
            log.append(writer.claim, rest)
        assert (caught.value.expected_seq, caught.value.actual_seq) == (skipped.seq, 0)
        assert list(log.read("run-1")) == []

    def test_a_group_over_another_past_is_refused(self, log: EventLog) -> None:
        writer = Writer(log)
        writer.append(returned(1))
        with pytest.raises(LogConflict):
            log.append(writer.claim, [_behind_another_past(writer.claim, seq=2)])
        assert log.head("run-1").seq == 1

    def test_the_same_group_twice_is_the_same_group_once(self, log: EventLog) -> None:
        writer = Writer(log)
        envelopes = writer.append_some(5)
        log.append(writer.claim, envelopes)
        assert list(log.read("run-1")) == envelopes

    def test_an_older_group_again_is_refused(self, log: EventLog) -> None:
        writer = Writer(log)
        older = writer.append_some(2)
        writer.append_some(2)
        with pytest.raises(LogConflict):
            log.append(writer.claim, older)
        assert log.head("run-1").seq == 4

    def test_records_that_do_not_hang_together_are_a_defect(self, log: EventLog) -> None:
        writer = Writer(log)
        one, two, three = writer.seal(returned(batch) for batch in range(3))
        with pytest.raises(ValueError, match="record 3 does not continue record 1"):
            log.append(writer.claim, [one, three])
        with pytest.raises(ValueError, match="was appended to run run-2"):
            log.append(log.claim("run-2", "ann@host"), [one, two])
        assert log.head("run-1").seq == log.head("run-2").seq == 0

    def test_large_events_and_all_of_unicode_come_back(self, log: EventLog) -> None:
        writer = Writer(log)
        every_character = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000), 0x1F9A5, 0x10FFFF]))
        five_megabytes = "ä" * (5 * 2**20 // 2)
        envelopes = writer.append(returned(1), returned(2, five_megabytes), returned(3, every_character))
        assert list(log.read("run-1")) == envelopes
        assert verify_run(log, "run-1").ok

    def test_many_large_events_between_small_ones_come_back_in_order(self, log: EventLog) -> None:
        writer = Writer(log)
        sizes = [10, 10, 3_000_000, 10, 2_000_000, 2_000_000, 10, 700_000, 700_000, *[10] * 50]
        envelopes = writer.append(*(returned(batch, "x" * size) for batch, size in enumerate(sizes)))
        assert [len(envelope.record) for envelope in log.read("run-1")] == [len(e.record) for e in envelopes]

    def test_runs_do_not_touch_one_another(self, log: EventLog) -> None:
        ours, theirs = Writer(log, "run-1"), Writer(log, "run-2")
        expected = ours.append_some(2), theirs.append_some(3)
        ours_again = ours.append_some(1)
        assert (list(log.read("run-1")), list(log.read("run-2"))) == (expected[0] + ours_again, expected[1])

    def test_a_run_that_nobody_claimed_is_unknown(self, log: EventLog) -> None:
        with pytest.raises(UnknownRun):
            log.head("run-1")


def _behind_another_past(claim: Claim, *, seq: int) -> Envelope:
    stranger = Sealer(run=claim.run, epoch=claim.epoch, seq=seq - 1, head_hash=b"?" * 32)
    return stranger.seal(returned(4), at=AT, actor="supervisor")
