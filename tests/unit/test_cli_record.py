import json
from hashlib import sha256
from pathlib import Path

import pytest
from tests.support import story as told
from tests.support.program import Desk
from tests.support.story import indexed_story

from scylla_restore.engine.cli.context import Clock
from scylla_restore.events.chain import Sealer
from scylla_restore.events.model.run import RunPaused

PAUSED = RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_outsider_can_check_the_chain_with_nothing_but_the_printed_lines(desk: Desk) -> None:
    desk.record(indexed_story())
    expected = sha256(f"scylla-restore run {told.RUN}".encode()).hexdigest()
    for line in desk.call("events", told.RUN, "--json").lines:
        record = json.loads(line)
        prev_hash, record_hash = record.pop("prev_hash"), record.pop("hash")
        assert prev_hash == expected
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        expected = sha256(bytes.fromhex(prev_hash) + text.encode()).hexdigest()
        assert record_hash == expected


def test_events_as_json_have_the_promised_keys(desk: Desk) -> None:
    desk.record(indexed_story())
    (first, *_) = desk.call("events", told.RUN, "--json").lines
    assert list(json.loads(first)) == [
        "seq",
        "at",
        "epoch",
        "actor",
        "type",
        "version",
        "data",
        "prev_hash",
        "hash",
    ]


def test_events_for_people_are_a_line_each(desk: Desk) -> None:
    story = indexed_story()
    desk.record(story)
    lines = desk.call("events", "6f1d").lines
    assert len(lines) == len(story.envelopes)
    assert lines[2].split()[:6] == [
        "3",
        "2026-01-02T03:04:05.000Z",
        "e1",
        "supervisor",
        "StageEntered",
        'stage="INIT"',
    ]


def test_a_line_for_people_cuts_long_values(desk: Desk) -> None:
    desk.record(indexed_story().tell(told.batch_assigned(1, "d1", size=300, sstables=20_000)))
    assert 'sstables="d1-1-0"…(20000)' in desk.call("events", "6f1d").lines[-1]


def test_events_begin_where_they_are_asked_to(desk: Desk) -> None:
    story = indexed_story()
    desk.record(story)
    seqs = [json.loads(line)["seq"] for line in desk.call("events", "6f1d", "--since", "9", "--json").lines]
    assert seqs == list(range(9, len(story.envelopes) + 1))


def test_sequence_numbers_begin_with_one(desk: Desk) -> None:
    desk.record(indexed_story())
    answer = desk.call("events", "6f1d", "--since", "0")
    assert answer.code == 2
    assert answer.stderr.startswith("error: ")


def test_following_goes_on_until_the_run_ends(desk: Desk) -> None:
    story = indexed_story()
    desk.record(story)
    log = desk.log()
    claim = log.claim(told.RUN, "an engine")
    sealer = Sealer(run=told.RUN, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
    desk.clock = Clock(
        wait=lambda _: log.append(claim, (sealer.seal(PAUSED, at=story.now, actor="supervisor"),))
    )
    lines = desk.call("events", "6f1d", "--follow", "--json").lines
    log.close()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(story.envelopes) + 2))


def test_an_audit_of_an_intact_record_ends_with_code_0(desk: Desk) -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    desk.record(story)
    answer = desk.call("audit", "6f1d", "--json")
    report = answer.json()
    assert answer.code == 0
    assert (report["ok"], report["events"], report["first_bad_seq"], report["problems"]) == (
        True,
        len(story.envelopes),
        None,
        [],
    )
    assert report["head_hash"] == story.envelopes[-1].hash.hex()
    assert report["summary"]["restored_size"] == 300


def test_an_audit_of_an_altered_record_ends_with_code_1_and_names_it(desk: Desk) -> None:
    desk.record(indexed_story())
    log = desk.log()
    with log.transaction() as connection:
        connection.execute("UPDATE records SET record = replace(record, 'dc1', 'dc9') WHERE seq = 6")
    log.close()
    answer = desk.call("audit", "6f1d")
    assert answer.code == 1
    assert answer.lines[0].startswith("THE RECORD IS NOT INTACT")
    assert "record 6: its hash does not fit" in answer.stdout
    assert desk.call("audit", "6f1d", "--json").json()["first_bad_seq"] == 6


def test_an_audit_for_people_tells_what_from_where_by_whom_and_when(desk: Desk) -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1).tell(told.load_failed(2))
    desk.record(story)
    text = " ".join(desk.call("audit", "6f1d").stdout.split())
    for expected in (
        "the record is intact",
        "by ann@host",
        "snapshot sm_20260102030405UTC",
        f"sha256 {'ab' * 32} backup/meta/cluster/a/dc/dc1/node/source-1/manifest.json.gz",
        "a.one 1/2 300 B of 600 B 1 0",
        "10.0.0.1 id-10.0.0.1 dc1 1 300 B 1 0",
        "alterations of the cluster: 1 made, 1 undone",
    ):
        assert expected in text
