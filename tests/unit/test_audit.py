from collections.abc import Iterator

import msgspec
from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.events.audit import AuditReport, audit
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.alterations import (
    AlterationIntended,
    AlterationMade,
    AlterationUndone,
    TransfersSet,
)
from scylla_restore.events.model.batches import (
    BatchReturned,
    DownloadRequested,
    LoadStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.run import PauseRequested, RunCompleted, RunPaused, RunResumed
from scylla_restore.events.model.target import Method, Staging
from scylla_restore.events.projections.audit.state import MOST_FAILURES
from scylla_restore.events.projections.progress_state import RunState


class TamperedLog(MemoryLog):
    """A log in which somebody has put another record in the place of one, by its sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.instead: dict[int, StoredRecord] = {}

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        for stored in super().read_records(run, from_seq=from_seq):
            yield self.instead.get(stored.seq, stored)


def audited(story: Story) -> AuditReport:
    log = MemoryLog()
    story.write_to(log)
    return audit(log, told.RUN)


def test_an_untouched_record_is_intact() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    report = audited(story)
    assert (report.ok, report.events, report.first_bad_seq, report.problems) == (
        True,
        len(story.envelopes),
        None,
        (),
    )
    assert report.head_hash == story.envelopes[-1].hash.hex()


def test_an_altered_record_is_named() -> None:
    log = TamperedLog()
    story = indexed_story()
    story.write_to(log)
    whole = story.envelopes[5]
    log.instead[6] = StoredRecord(seq=6, record=whole.record.replace(b"dc1", b"dc9"), hash=whole.hash)
    report = audit(log, told.RUN)
    assert (report.ok, report.first_bad_seq) == (False, 6)
    assert report.problems[0].seq == 6


def test_a_run_that_goes_on_is_audited_as_far_as_it_had_come() -> None:
    log = MemoryLog()
    indexed_story().write_to(log)
    log.claim(told.RUN, "an engine that lives")
    assert audit(log, told.RUN).ok


def test_the_summary_tells_what_was_restored_where_from_which_files_by_whom_and_when() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300, sstables=2)).restore(1)
    story.tell(told.batch_assigned(2, "d2", size=200, node="10.0.0.2")).restore(2)
    story.tell(RunCompleted(restored_bytes=500, sstables=3))
    found = audited(story).summary
    assert (found.run_id, found.started_by, found.started_at, found.ended_at) == (
        told.RUN,
        "ann@host",
        told.START,
        story.now,
    )
    assert (found.cluster, found.target_cluster, found.state) == ("prod", "Prod", RunState.DONE)
    assert [(m.path[-16:], m.sha256) for m in found.locations[0].manifests] == [
        ("manifest.json.gz", "ab" * 32)
    ]
    assert [(t.keyspace, t.table, t.size, t.restored_size, t.restored_sstables) for t in found.tables] == [
        ("a", "one", 600, 300, 2),
        ("b", "two", 400, 200, 1),
    ]
    assert [(n.node, n.host_id, n.batches, n.size) for n in found.nodes] == [
        ("10.0.0.1", "id-10.0.0.1", 1, 300),
        ("10.0.0.2", "id-10.0.0.2", 1, 200),
    ]
    assert (found.batches, found.restored_size, found.restored_sstables) == (2, 500, 3)


def test_actions_name_who_asked_for_them() -> None:
    story = indexed_story().tell(PauseRequested(requested_by="bob@host", reason="asked to"))
    story.tell(RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0))
    story.die(for_s=60).tell(RunResumed())
    assert [(action.what, action.by) for action in audited(story).summary.actions] == [
        ("run started", "ann@host"),
        ("run owned (epoch 1)", "ann@host"),
        ("pause requested: asked to", "bob@host"),
        ("run paused: asked to", None),
        ("run owned (epoch 2)", "another engine"),
        ("run resumed", None),
    ]


def test_failures_are_told_with_their_place_in_the_log() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).tell(told.load_failed(1))
    found = audited(story).summary
    (failure,) = found.failures.first
    assert (failure.seq, failure.node, failure.batch, failure.attempt, failure.cause) == (
        len(story.envelopes),
        "10.0.0.1",
        1,
        1,
        "refused",
    )
    assert (found.tables[0].failures, found.nodes[0].failures) == (1, 1)


def test_a_stopped_download_is_no_failure() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300))
    assert audited(story.tell(told.load_failed(1, cause=Cause.STOPPED))).summary.failures.total == 0


def test_of_very_many_failures_the_first_are_told_and_all_are_counted() -> None:
    story = indexed_story()
    for attempt in range(1, MOST_FAILURES + 11):
        story.tell(
            told.batch_assigned(1, "d1", size=300, attempt=attempt), told.load_failed(1, attempt=attempt)
        )
        story.tell(BatchReturned(batch=1, attempt=attempt, reason="failed"))
    failures = audited(story).summary.failures
    assert (failures.total, len(failures.first)) == (MOST_FAILURES + 10, MOST_FAILURES)


def test_what_is_not_put_back_stays_open() -> None:
    transfers = TransfersSet(node="10.0.0.1", before=2, after=8)
    story = indexed_story().tell(
        AlterationIntended(id="transfers/1", alteration=transfers),
        AlterationMade(id="transfers/1"),
        AlterationIntended(id="transfers/2", alteration=msgspec.structs.replace(transfers, node="10.0.0.2")),
        AlterationMade(id="transfers/2"),
        AlterationUndone(id="transfers/2"),
    )
    found = audited(story).summary.alterations
    assert (found.made, found.undone) == (2, 1)
    assert [(entry.id, entry.kind, entry.node, entry.what) for entry in found.open] == [
        ("transfers/1", "transfers", "10.0.0.1", "parallel transfers 2 -> 8")
    ]


def test_an_alteration_that_another_engine_makes_sure_of_is_the_same_one() -> None:
    alteration = TransfersSet(node="10.0.0.1", before=2, after=4)
    story = indexed_story().tell(AlterationIntended(id="a1", alteration=alteration), AlterationMade(id="a1"))
    story.die(for_s=60).tell(AlterationMade(id="a1"), AlterationUndone(id="a1"))
    found = audited(story).summary.alterations
    assert (found.made, found.undone, found.open) == (1, 1, ())


def test_a_staging_directory_is_open_from_the_request_until_the_load() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), DownloadRequested(batch=1, attempt=1)
    )
    assert [entry.id for entry in audited(story).summary.alterations.open] == ["staging/1/1"]
    restored = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    assert audited(restored).summary.alterations.open == ()


def test_skipped_tables_are_listed_with_their_reasons() -> None:
    skipped = SkippedTable(keyspace="a", table="view", reason="a view is rebuilt, not restored")
    story = Story().tell(told.run_started(), told.location_indexed(skipped))
    assert audited(story).summary.skipped == (skipped,)


def test_a_record_that_speaks_of_a_directory_nobody_indexed_is_a_problem() -> None:
    story = Story().tell(told.run_started(), told.batch_assigned(1, "d9", size=300))
    report = audited(story.restore(1))
    assert (report.ok, report.first_bad_seq) == (False, len(story.envelopes))
    assert "d9" in report.problems[0].problem


def test_what_scylla_restored_by_itself_is_told_by_node() -> None:
    story = indexed_story()
    native = msgspec.structs.replace(told.batch_assigned(1, "d1", size=300, sstables=2), method=Method.NATIVE)
    story.tell(native, SSTablesLoaded(batch=1, attempt=1))
    story.tell(told.batch_assigned(2, "d1", size=300)).restore(2)
    (node,) = [node for node in audited(story).summary.nodes if node.batches]
    assert (node.sstables, node.native_sstables) == (3, 2)


def test_files_in_upload_are_open_until_they_are_left_to_a_load_that_may_go_on() -> None:
    direct = msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), staging=Staging.OFF)
    story = indexed_story().tell(direct, DownloadRequested(batch=1, attempt=1))
    (entry,) = audited(story).summary.alterations.open
    assert (entry.kind, entry.what) == ("upload_files", "files in upload of batch 1, attempt 1")
    story.tell(LoadStarted(batch=1, attempt=1), BatchReturned(batch=1, attempt=1, reason="silent"))
    assert audited(story).summary.alterations.open == ()


def test_files_of_a_batch_that_was_returned_before_its_load_are_still_there() -> None:
    direct = msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), staging=Staging.OFF)
    story = indexed_story().tell(direct, DownloadRequested(batch=1, attempt=1))
    story.tell(BatchReturned(batch=1, attempt=1, reason="nobody knows"))
    assert [entry.id for entry in audited(story).summary.alterations.open] == ["staging/1/1"]
