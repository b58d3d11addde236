from collections.abc import Iterable
from datetime import datetime
from typing import get_args

import msgspec
import pytest
from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.model.run import (
    FailureDeclared,
    RunAborted,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
)
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import Method
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.attempts import BatchAdvance, BatchTurn
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState, RunState, percent_done

REFUSED = Failure(cause=Cause.REFUSED, message="no such table", node="10.0.0.1", call="load")


def fold(envelopes: Iterable[Envelope]) -> ProgressState:
    state = ProgressState()
    for envelope in envelopes:
        progress.apply(state, envelope)
    return state


def seen(story: Story, now: datetime | None = None) -> ProgressDocument:
    return document(fold(story.envelopes), now or story.now)


def host_states(story: Story) -> dict[str, str]:
    return {host.host: host.state for host in seen(story).hosts}


def test_the_document_has_exactly_the_promised_keys() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    text = msgspec.json.decode(msgspec.json.encode(seen(story)))
    assert list(text) == [
        "run_id",
        "cluster",
        "cluster_id",
        "snapshot_tag",
        "state",
        "stage",
        "started_at",
        "completed_at",
        "eta_seconds",
        "size",
        "downloaded",
        "restored",
        "failed",
        "sstables",
        "sstables_restored",
        "batches",
        "batches_restored",
        "retries",
        "error",
        "keyspaces",
        "hosts",
        "views",
        "repair",
        "statements",
        "statements_applied",
    ]
    assert list(text["keyspaces"][0]) == ["keyspace", "size", "downloaded", "restored", "tables"]
    assert list(text["keyspaces"][0]["tables"][0]) == (
        ["table", "size", "downloaded", "restored", "tombstone_gc", "error"]
    )
    assert list(text["hosts"][0]) == (
        ["host", "dc", "shard_cnt", "downloaded_bytes", "download_ms", "streamed_bytes", "stream_ms", "state"]
    )
    assert text["started_at"] == "2026-01-02T03:04:05Z"


def test_sizes_are_what_was_indexed() -> None:
    found = seen(indexed_story())
    assert (found.size, found.sstables, found.restored, found.batches) == (1000, 4, 0, 0)
    assert [(k.keyspace, k.size, k.tables[0].table, k.tables[0].size) for k in found.keyspaces] == [
        ("a", 600, "one", 600),
        ("b", 400, "two", 400),
    ]


def test_a_directory_that_is_indexed_again_after_a_crash_counts_once() -> None:
    story = Story().tell(told.run_started(), told.directory_indexed("d1", "a", "one", (300, 300)))
    story.die(for_s=5).tell(told.directory_indexed("d1", "a", "one", (300, 300)), told.location_indexed())
    found = seen(story)
    assert (found.size, found.sstables) == (600, 2)


def test_a_large_directory_told_in_parts_is_their_sum() -> None:
    first = told.directory_indexed("d1", "a", "one", (300, 300))
    second = msgspec.structs.replace(first, ids=("x", "y"), sizes=(7, 8))
    assert seen(Story().tell(told.run_started(), first, second)).size == 615


def test_a_restored_batch_counts_everywhere_once() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1, download_s=2, load_s=3)
    found = seen(story)
    assert (found.downloaded, found.restored, found.sstables_restored, found.batches_restored) == (
        300,
        300,
        1,
        1,
    )
    host = found.hosts[0]
    assert (host.downloaded_bytes, host.download_ms, host.streamed_bytes, host.stream_ms) == (
        300,
        2000,
        300,
        3000,
    )


def test_a_running_download_shows_its_bytes_and_its_clock() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadRequested(batch=1, attempt=1),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(5,), started_at=("t",)),
    )
    story.pass_s(4).tell(batches.DownloadProgressed(batch=1, attempt=1, downloaded=120)).pass_s(1)
    found = seen(story)
    assert (found.downloaded, found.restored, found.hosts[0].download_ms) == (120, 0, 5000)
    assert found.keyspaces[0].tables[0].downloaded == 120


def test_versioned_files_count_as_downloaded() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadRequested(batch=1, attempt=1),
        batches.BatchDownloaded(batch=1, attempt=1, downloaded=100, versioned=200),
    )
    assert seen(story).downloaded == 300


def test_a_failed_batch_is_failed_until_it_is_tried_again() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300))
    story.tell(told.load_failed(1), batches.BatchReturned(batch=1, attempt=1, reason="failed"))
    failed = seen(story)
    assert (failed.failed, failed.retries, failed.batches) == (300, 0, 1)
    assert failed.keyspaces[0].tables[0].error == "10.0.0.1: load_and_stream: no such table"

    story.tell(told.batch_assigned(1, "d1", size=300, node="10.0.0.2", attempt=2)).restore(1, attempt=2)
    mended = seen(story)
    assert (mended.failed, mended.retries, mended.batches, mended.restored) == (0, 1, 1, 300)
    assert mended.keyspaces[0].tables[0].error is None


def test_a_stopped_download_is_not_a_failure() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300))
    story.tell(
        told.load_failed(1, cause=Cause.STOPPED), batches.BatchReturned(batch=1, attempt=1, reason="paused")
    )
    assert (seen(story).failed, seen(story).keyspaces[0].tables[0].error) == (0, None)


def test_a_letter_about_an_older_attempt_changes_nothing() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), told.batch_assigned(1, "d1", size=300, attempt=2)
    )
    story.tell(batches.DownloadProgressed(batch=1, attempt=1, downloaded=99), told.load_failed(1, attempt=1))
    found = seen(story)
    assert (found.downloaded, found.failed, found.retries, found.batches) == (0, 0, 1, 1)


def test_finished_batches_leave_nothing_behind_but_sums() -> None:
    story = indexed_story()
    for batch in range(1, 4):
        story.tell(told.batch_assigned(batch, "d1", size=100)).restore(batch)
    state = fold(story.envelopes)
    assert (state.open, state.returned, state.restored) == ({}, {}, 300)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (0, "idle"),
        (1, "idle"),
        (2, "downloading"),
        (3, "downloading"),
        (4, "idle"),
        (5, "loading"),
        (6, "loading"),
        (7, "idle"),
    ],
)
def test_a_host_is_named_by_its_busy_lanes(steps: int, expected: str) -> None:
    way = (
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadRequested(batch=1, attempt=1),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(5,), started_at=("t",)),
        batches.BatchDownloaded(batch=1, attempt=1, downloaded=300),
        batches.LoadRequested(batch=1, attempt=1),
        batches.LoadStarted(batch=1, attempt=1),
        batches.SSTablesLoaded(batch=1, attempt=1),
    )
    assert host_states(indexed_story().tell(*way[:steps]))["10.0.0.1"] == expected


def test_a_host_with_both_lanes_busy_is_both() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), batches.LoadRequested(batch=1, attempt=1)
    )
    story.tell(told.batch_assigned(2, "d1", size=300), batches.DownloadRequested(batch=2, attempt=1))
    assert host_states(story) == {"10.0.0.1": "both", "10.0.0.2": "idle", "10.0.0.10": "idle"}


def test_a_suspended_or_waiting_host_says_so_until_it_is_readmitted() -> None:
    story = indexed_story()
    story.tell(NodeSuspended(node="10.0.0.1", until=story.now, failures=3, failure=REFUSED))
    story.tell(NodeWaitingForSpace(node="10.0.0.2", until=story.now, failure=REFUSED))
    assert host_states(story) == {"10.0.0.1": "suspended", "10.0.0.2": "waiting", "10.0.0.10": "idle"}
    story.tell(NodeReadmitted(node="10.0.0.1"), NodeReadmitted(node="10.0.0.2"))
    assert set(host_states(story).values()) == {"idle"}


def test_hosts_stand_in_the_order_of_their_addresses() -> None:
    assert [(host.host, host.shard_cnt) for host in seen(indexed_story()).hosts] == [
        ("10.0.0.1", 2),
        ("10.0.0.2", 4),
        ("10.0.0.10", 0),
    ]


def test_the_eta_follows_the_speed_of_loading() -> None:
    story = indexed_story()
    for batch in (1, 2):
        story.tell(told.batch_assigned(batch, "d1", size=300)).restore(batch, download_s=0, load_s=30)
    assert seen(story).eta_seconds == pytest.approx(40.0)


def test_an_eta_is_not_made_up_before_anything_is_restored() -> None:
    assert seen(indexed_story().pass_s(10)).eta_seconds is None


def test_time_in_which_no_engine_lived_counts_for_no_clock() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1, download_s=0, load_s=30)
    story.tell(
        told.batch_assigned(2, "d1", size=300),
        batches.DownloadRequested(batch=2, attempt=1),
        batches.DownloadStarted(batch=2, attempt=1, jobs=(5,), started_at=("t",)),
    )
    story.pass_s(10).tell(batches.DownloadProgressed(batch=2, attempt=1, downloaded=150))
    story.die(for_s=36_000).tell(RunResumed()).pass_s(5)
    found = seen(story)
    assert found.hosts[0].download_ms == 15_000
    assert found.eta_seconds == pytest.approx(700 * 45 / 300)


def test_a_paused_run_stands_still() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), batches.LoadRequested(batch=1, attempt=1)
    )
    story.tell(batches.LoadStarted(batch=1, attempt=1)).pass_s(3)
    story.tell(RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=1)).pass_s(1000)
    found = seen(story)
    assert (found.state, found.eta_seconds, found.hosts[0].stream_ms) == (RunState.PAUSED, None, 3000)
    assert seen(story.tell(RunResumed())).state is RunState.RUNNING


def test_a_failed_run_tells_why_until_it_is_resumed() -> None:
    story = indexed_story().tell(FailureDeclared(failure=REFUSED, resumable=True, exit_code=1))
    assert (seen(story).state, seen(story).error) == (RunState.RUNNING, "10.0.0.1: load: no such table")
    story.tell(RunFailed(failure=REFUSED, resumable=True, exit_code=1))
    assert (seen(story).state, seen(story).completed_at) == (RunState.FAILED, None)
    story.tell(RunResumed())
    assert (seen(story).state, seen(story).error) == (RunState.RUNNING, None)


def test_a_completed_run_is_done_in_every_respect() -> None:
    story = indexed_story().pass_s(60).tell(RunCompleted(restored_bytes=1000, sstables=4))
    found = seen(story)
    assert (found.state, found.stage, found.completed_at) == (RunState.DONE, Stage.DONE, story.now)


def test_an_aborted_run_has_not_completed() -> None:
    found = seen(indexed_story().tell(RunAborted(restored_bytes=0)))
    assert (found.state, found.completed_at) == (RunState.ABORTED, None)


def test_a_hundred_percent_are_reported_only_when_the_run_is_done() -> None:
    assert percent_done(RunState.RUNNING, restored=1000, size=1000) == 99.9
    assert percent_done(RunState.RUNNING, restored=0, size=0) == 0.0
    assert percent_done(RunState.RUNNING, restored=999, size=3000) == 33.3
    assert percent_done(RunState.DONE, restored=0, size=0) == 100.0


def test_a_fold_that_is_put_away_and_taken_up_again_anywhere_comes_to_the_same() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    story.tell(told.batch_assigned(2, "d1", size=300), told.load_failed(2)).die(for_s=60)
    story.tell(told.batch_assigned(2, "d1", size=300, attempt=2)).restore(2, attempt=2)
    whole = fold(story.envelopes)
    for cut in range(len(story.envelopes)):
        kept = msgspec.msgpack.encode(fold(story.envelopes[:cut]))
        state = msgspec.msgpack.decode(kept, type=ProgressState)
        for envelope in story.envelopes[cut:]:
            progress.apply(state, envelope)
        assert state == whole


def test_every_event_about_a_batch_takes_an_attempt_on_or_turns_it() -> None:
    assert {*get_args(BatchAdvance)} | {*get_args(BatchTurn)} == {*get_args(BatchEvent)}
    assert not {*get_args(BatchAdvance)} & {*get_args(BatchTurn)}


def test_a_native_restore_counts_as_far_as_scylla_tells_and_has_no_download() -> None:
    story = indexed_story()
    story.tell(msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), method=Method.NATIVE))
    story.tell(batches.NativeRestoreRequested(batch=1, attempt=1))
    story.tell(batches.NativeRestoreStarted(batch=1, attempt=1, task="task-1")).pass_s(2)
    under_way = seen(story.tell(batches.NativeRestoreProgressed(batch=1, attempt=1, restored=120)))
    assert (under_way.downloaded, under_way.restored, under_way.sstables_restored) == (120, 120, 0)
    assert (under_way.keyspaces[0].restored, under_way.keyspaces[0].tables[0].downloaded) == (120, 120)
    host = under_way.hosts[0]
    assert (host.state, host.downloaded_bytes, host.streamed_bytes, host.stream_ms) == (
        "native",
        0,
        120,
        2000,
    )
    done = seen(story.tell(batches.SSTablesLoaded(batch=1, attempt=1)))
    assert (done.restored, done.hosts[0].streamed_bytes, done.hosts[0].state) == (300, 300, "idle")


def test_what_a_failed_native_restore_had_done_does_not_count() -> None:
    story = indexed_story()
    story.tell(msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), method=Method.NATIVE))
    story.tell(batches.NativeRestoreStarted(batch=1, attempt=1, task="task-1"))
    story.tell(batches.NativeRestoreProgressed(batch=1, attempt=1, restored=120), told.load_failed(1))
    assert (seen(story).restored, seen(story).failed) == (0, 300)
