"""What is kept beside the chain: requests and checkpoints."""

import msgspec
import pytest
from tests.contract.event_log.store import Store
from tests.support.event_logs import Writer

from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import Checkpoint, EventLog, Request, RequestKind
from scylla_restore.events.log.reading import usable_checkpoint

PAUSE = Request(run="run-1", kind=RequestKind.PAUSE, requested_by="bob@host")
ABORT = Request(run="run-1", kind=RequestKind.ABORT, requested_by="eve@host")


class BesideTheChain(Store):
    """``post_request`` and its like, ``save_checkpoint`` and its like."""

    def test_a_request_waits_until_it_is_cleared(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        log.post_request(PAUSE)
        assert log.requests("run-1") == log.requests("run-1") == [PAUSE]
        log.clear_requests("run-1")
        assert log.requests("run-1") == []

    def test_asking_twice_is_asking_once(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        for request in (ABORT, PAUSE, msgspec.structs.replace(ABORT, requested_by="bob@host")):
            log.post_request(request)
        assert log.requests("run-1") == [ABORT, PAUSE]

    def test_clearing_one_kind_keeps_what_came_meanwhile(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        log.post_request(PAUSE)
        log.post_request(ABORT)
        log.clear_requests("run-1", kinds=[RequestKind.PAUSE])
        assert log.requests("run-1") == [ABORT]

    def test_another_engine_hears_requests_without_owning_the_run(
        self, log: EventLog, other: EventLog
    ) -> None:
        writer = Writer(log)
        other.post_request(PAUSE)
        writer.append_some(1)
        assert log.requests("run-1") == [PAUSE]

    def test_requests_belong_to_one_run(self, log: EventLog) -> None:
        log.claim("run-1", "ann@host")
        log.claim("run-2", "ann@host")
        log.post_request(PAUSE)
        log.clear_requests("run-2")
        assert (log.requests("run-1"), log.requests("run-2")) == ([PAUSE], [])

    def test_nobody_can_ask_anything_of_an_unknown_run(self, log: EventLog) -> None:
        with pytest.raises(UnknownRun):
            log.post_request(PAUSE)
        log.clear_requests("run-1")
        assert log.requests("run-1") == []

    def test_the_newest_checkpoint_of_a_name_is_kept(self, log: EventLog) -> None:
        writer = Writer(log)
        states = [_checkpoint(log, writer, b"\x00\xff" * size) for size in (1, 2_000_000, 3)]
        other_name = msgspec.structs.replace(states[0], name="audit")
        for checkpoint in (*states, other_name):
            log.save_checkpoint(checkpoint)
        assert log.load_checkpoint("run-1", "state") == states[-1]
        assert log.load_checkpoint("run-1", "audit") == other_name

    def test_without_a_checkpoint_there_is_none(self, log: EventLog) -> None:
        writer = Writer(log)
        checkpoint = msgspec.structs.replace(_checkpoint(log, writer, b""), run="run-2")
        with pytest.raises(UnknownRun):
            log.save_checkpoint(checkpoint)
        assert log.load_checkpoint("run-1", "state") is None
        assert log.load_checkpoint("run-2", "state") is None

    def test_a_checkpoint_is_usable_only_over_the_record_that_it_was_made_after(self, log: EventLog) -> None:
        writer = Writer(log)
        right = _checkpoint(log, writer, b"state")
        for checkpoint, usable in (
            (right, right),
            (msgspec.structs.replace(right, hash=b"?" * 32), None),
            (msgspec.structs.replace(right, seq=right.seq - 1), None),
            (msgspec.structs.replace(right, seq=right.seq + 1), None),
            (msgspec.structs.replace(right, seq=0), None),
        ):
            log.save_checkpoint(checkpoint)
            assert usable_checkpoint(log, "run-1", "state") == usable
        assert usable_checkpoint(log, "run-1", "another") is None


def _checkpoint(log: EventLog, writer: Writer, state: bytes) -> Checkpoint:
    writer.append_some(2)
    head = log.head("run-1")
    return Checkpoint(run="run-1", name="state", seq=head.seq, hash=head.hash, state=state)
