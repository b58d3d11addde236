"""Records come back in order, from anywhere on, as bytes or as events."""

from collections.abc import Callable
from functools import partial

import pytest
from tests.contract.event_log.store import Store
from tests.support.event_logs import Writer

from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.errors import LogError, UnknownRun
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.reading import read_envelopes, verify_run


class Reading(Store):
    """``read``, ``read_records``, ``runs``, ``close``."""

    def test_reading_begins_anywhere(self, log: EventLog) -> None:
        envelopes = Writer(log).append_some(5)
        assert list(log.read("run-1", from_seq=4)) == envelopes[3:]
        assert list(log.read("run-1", from_seq=0)) == envelopes
        assert list(read_envelopes(log, "run-1", from_seq=2, check_hashes=True)) == envelopes[1:]

    def test_reading_from_behind_the_end_finds_nothing(self, log: EventLog) -> None:
        Writer(log).append_some(2)
        assert [list(log.read("run-1", from_seq=seq)) for seq in (3, 4, 1000)] == [[], [], []]

    def test_reading_an_unknown_run_is_refused_at_once(self, log: EventLog) -> None:
        with pytest.raises(UnknownRun):
            log.read("run-1")
        with pytest.raises(UnknownRun):
            log.read_records("run-1")

    def test_the_stored_bytes_are_the_sealed_ones(self, log: EventLog) -> None:
        envelopes = Writer(log).append_some(3)
        assert list(log.read_records("run-1", from_seq=2)) == [
            StoredRecord(seq=envelope.seq, record=envelope.record, hash=envelope.hash)
            for envelope in envelopes[1:]
        ]

    def test_thousands_of_records_come_back_whole(self, log: EventLog) -> None:
        writer = Writer(log)
        for _ in range(10):
            writer.append_some(333)
        assert [envelope.seq for envelope in log.read("run-1")] == list(range(1, 3331))
        assert verify_run(log, "run-1").events == 3330

    def test_a_reader_may_stop_halfway_and_the_writer_goes_on(self, log: EventLog) -> None:
        writer = Writer(log)
        writer.append_some(3)
        half_read = log.read("run-1")
        first = next(half_read)
        writer.append_some(3)
        assert (first.seq, log.head("run-1").seq) == (1, 6)

    def test_runs_are_listed_in_the_order_of_their_claims_once_they_have_a_record(
        self, log: EventLog
    ) -> None:
        writers = [Writer(log, run) for run in ("run-2", "run-3", "run-1")]
        for writer in reversed(writers):
            writer.append_some(1)
        log.claim("run-0", "ann@host")
        assert log.runs() == ["run-2", "run-3", "run-1"]

    def test_another_engine_sees_what_was_written(self, log: EventLog, other: EventLog) -> None:
        envelopes = Writer(log).append_some(3)
        log.close()
        assert (other.runs(), list(other.read("run-1"))) == (["run-1"], envelopes)

    def test_a_closed_log_says_so(self, log: EventLog) -> None:
        writer = Writer(log)
        log.close()
        log.close()
        uses: list[Callable[[], object]] = [
            log.runs,
            partial(log.head, "run-1"),
            partial(log.claim, "run-2", "ann@host"),
            partial(writer.append_some, 1),
        ]
        for use in uses:
            with pytest.raises(LogError, match="closed"):
                use()
