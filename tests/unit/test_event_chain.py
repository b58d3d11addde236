"""Sealing, and what an outsider can check with nothing but JSON and SHA-256."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from tests.support.event_logs import AT, Writer, returned

from scylla_restore.events.chain import Sealer, genesis, unseal
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.errors import CorruptLog, UnknownEvent, UnwritableEvent
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.nodes import NodeReadmitted
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.record import Record, json_line, pack

RUN = "0d5a8a3c-0000-4000-8000-00000000000c"


def new_sealer() -> Sealer:
    return Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))


def test_an_outsider_can_check_the_chain_with_json_and_sha256_alone() -> None:
    writer = Writer(MemoryLog(), RUN)
    envelopes = writer.append(
        StageEntered(stage=Stage.INIT), returned(2, 'Grüße, "\\\x00\x7f\u2028🦥'), NodeReadmitted(node="::1")
    )
    lines = [json_line(envelope).decode() for envelope in envelopes]

    prev_hash = hashlib.sha256(f"scylla-restore run {RUN}".encode()).hexdigest()
    for line in lines:
        record = json.loads(line)
        assert record.pop("prev_hash") == prev_hash
        expected = record.pop("hash")
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        prev_hash = hashlib.sha256(bytes.fromhex(prev_hash) + canonical).hexdigest()
        assert prev_hash == expected


def test_a_line_has_the_keys_that_were_promised() -> None:
    envelope = new_sealer().seal(returned(1), at=AT, actor="node/10.0.0.1")
    assert json.loads(json_line(envelope)) == {
        "seq": 1,
        "at": "2026-01-02T03:04:05.678901Z",
        "epoch": 1,
        "actor": "node/10.0.0.1",
        "type": "BatchReturned",
        "version": 1,
        "data": {"attempt": 1, "batch": 1, "not_before": None, "reason": "the node was suspended"},
        "prev_hash": genesis(RUN).hex(),
        "hash": envelope.hash.hex(),
    }


def test_a_line_tells_what_is_stored_not_what_was_made_of_it() -> None:
    record = pack(Record("supervisor", AT, msgspec.Raw(b'{"a":1,"node":"n"}'), 1, 1, "NodeReadmitted", 1))
    stored = StoredRecord(seq=1, record=record, hash=b"h" * 32)
    (envelope,) = unseal(RUN, [stored], after_seq=0, after_hash=b"p" * 32, check_hashes=False)
    assert envelope.event == NodeReadmitted(node="n")
    assert json.loads(json_line(envelope))["data"] == {"a": 1, "node": "n"}


def test_the_parts_of_a_record_stand_in_the_order_of_their_names() -> None:
    names = [field.name for field in msgspec.structs.fields(Record)]
    assert names == sorted(names)


def test_times_of_other_zones_are_sealed_in_utc() -> None:
    there = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    envelope = new_sealer().seal(returned(1), at=there, actor="supervisor")
    assert (envelope.at, envelope.at.tzinfo) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), UTC)
    assert b'"at":"2026-01-02T03:04:05Z"' in envelope.record


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        new_sealer().seal(returned(1), at=AT.replace(tzinfo=None), actor="supervisor")


def test_what_cannot_be_written_leaves_the_sealer_where_it_was() -> None:
    sealer = new_sealer()
    with pytest.raises(UnwritableEvent, match="BatchReturned"):
        sealer.seal(returned(1, "\udc80"), at=AT, actor="supervisor")
    with pytest.raises(UnwritableEvent, match="actor"):
        sealer.seal(returned(1), at=AT, actor="node/\udc80")
    assert (sealer.seq, sealer.hash) == (0, genesis(RUN))


def test_two_runs_with_the_same_events_have_different_hashes() -> None:
    ours = new_sealer().seal(returned(1), at=AT, actor="supervisor")
    stranger = Sealer(run="another", epoch=1, seq=0, head_hash=genesis("another"))
    theirs = stranger.seal(returned(1), at=AT, actor="supervisor")
    assert (ours.record == theirs.record, ours.hash == theirs.hash) == (True, False)


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (b"", "is no record"),
        (b"[]", "is no record"),
        (
            pack(Record("a", AT, msgspec.Raw(b"{}"), 1, 1, "NodeReadmitted", 1)),
            "NodeReadmitted version 1 cannot",
        ),
        (
            pack(Record("a", AT, msgspec.Raw(b'{"node":"n"}'), 1, 2, "NodeReadmitted", 1)),
            "is record 2 in another",
        ),
    ],
)
def test_a_record_that_is_not_what_it_should_be_cannot_be_unsealed(record: bytes, problem: str) -> None:
    stored = StoredRecord(seq=1, record=record, hash=b"")
    with pytest.raises(CorruptLog, match=problem) as caught:
        list(unseal(RUN, [stored], after_seq=0, after_hash=b"", check_hashes=False))
    assert caught.value.seq == 1


def test_a_record_of_a_newer_program_is_unknown_not_corrupt() -> None:
    record = pack(Record("a", AT, msgspec.Raw(b"{}"), 1, 1, "TeaServed", 1))
    stored = StoredRecord(seq=1, record=record, hash=b"")
    with pytest.raises(UnknownEvent, match="TeaServed"):
        list(unseal(RUN, [stored], after_seq=0, after_hash=b"", check_hashes=False))
