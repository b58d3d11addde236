"""The story of a download, and each way in which it can end."""

from collections import deque
from datetime import timedelta

import msgspec
import pytest
from tests.support.batches import (
    FILES,
    SIZE,
    SSTABLES,
    STAGING,
    TAG,
    UPLOAD,
    download_command,
    node_with_backup,
    stop_at,
    versioned,
)
from tests.support.scripted_node import (
    ADDRESS,
    AGENT_STARTED,
    ScriptedNode,
    progress,
    refused,
    unknown_job,
    unreachable,
)
from tests.support.stepping import START, SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.download import download
from scylla_restore.engine.cluster.port import DiskSpace
from scylla_restore.engine.core.commands import DownloadBatch
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import (
    BatchDownloaded,
    DownloadFailed,
    DownloadProgressed,
    DownloadStarted,
)
from scylla_restore.events.model.failure import Cause

ELSEWHEN = "2026-01-01T09:09:09Z"


def downloaded(
    node: ScriptedNode, command: DownloadBatch, runtime: SteppingRuntime | None = None
) -> list[AnyEvent]:
    """Drive a download to its end, and return what it reported."""
    runtime = runtime or SteppingRuntime()
    events: list[AnyEvent] = []
    runtime.drive(download(Node(node, address=ADDRESS, now=runtime.now, report=events.append), command))
    return events


def failure(node: ScriptedNode, command: DownloadBatch | None = None) -> DownloadFailed:
    last = downloaded(node, command or download_command())[-1]
    assert isinstance(last, DownloadFailed)
    return last


def test_a_batch_is_copied_followed_and_compared() -> None:
    node = node_with_backup()
    assert downloaded(node, download_command()) == [
        DownloadStarted(batch=1, attempt=1, jobs=(1000,), started_at=(AGENT_STARTED,)),
        BatchDownloaded(batch=1, attempt=1, downloaded=SIZE),
    ]
    assert node.directories[STAGING] == FILES
    assert node.asked[1] == ("start_copy", "s3:backups", "backup/sst/x", 4, "0M")
    assert node.forgotten == [1000]


def test_a_disk_too_full_for_the_batch_is_told_with_its_numbers_and_nothing_is_copied() -> None:
    node = node_with_backup()
    node.space = DiskSpace(total=1000, free=429)
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (Cause.NO_SPACE, False)
    assert "330 bytes would leave 99 of 1000 bytes free, less than 10 %" in event.failure.message
    assert "start_copy" not in node.calls


def test_a_disk_that_stays_just_free_enough_is_used() -> None:
    node = node_with_backup()
    node.space = DiskSpace(total=1000, free=430)
    assert isinstance(downloaded(node, download_command())[-1], BatchDownloaded)


def test_versioned_objects_are_copied_under_plain_names_eight_at_a_time() -> None:
    node = node_with_backup()
    events = downloaded(node, download_command(versioned(20)))
    assert isinstance(events[0], DownloadStarted)
    assert len(events[0].jobs) == 8
    assert events[-1] == BatchDownloaded(batch=1, attempt=1, downloaded=0, versioned=100)
    assert set(node.directories[STAGING]) == {f"me-{number}-big-Data.db" for number in range(20)}


def test_a_copy_that_lasts_is_told_of_at_most_every_ten_seconds() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    node.answers[1000] = deque([*(progress("running", uploaded) for uploaded in range(1, 31)), progress()])

    def pass_two_seconds() -> None:
        runtime.time += timedelta(seconds=2)

    node.before["job_progress"] = pass_two_seconds
    events = downloaded(node, download_command(), runtime)
    told = [event.downloaded for event in events if isinstance(event, DownloadProgressed)]
    assert told == [6, 11, 16, 21, 26]
    assert isinstance(events[-1], BatchDownloaded)


def test_a_copy_that_another_engine_began_is_followed_and_not_begun_again() -> None:
    node = node_with_backup()
    node.directories[STAGING] = dict(FILES)
    node.answers[7] = deque([progress("running"), progress("success")])
    command = download_command(jobs=(7,), started_at=(AGENT_STARTED,))
    assert downloaded(node, command) == [BatchDownloaded(batch=1, attempt=1, downloaded=SIZE)]
    assert "start_copy" not in node.calls


def test_a_forgotten_job_means_that_the_agent_was_restarted() -> None:
    node = node_with_backup()
    node.fails["job_progress"] = deque([unknown_job()])
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (Cause.AGENT_RESTARTED, False)
    assert STAGING not in node.directories


def test_a_job_of_the_same_id_that_began_at_another_time_is_somebody_elses_and_is_left_alone() -> None:
    node = node_with_backup()
    node.answers[7] = deque([progress("running", at=ELSEWHEN)])
    event = failure(node, download_command(jobs=(7,), started_at=(AGENT_STARTED,)))
    assert (event.failure.cause, event.staging_left) == (Cause.AGENT_RESTARTED, False)
    assert node.stopped == []


def test_a_node_that_is_silent_for_a_moment_is_asked_again() -> None:
    node = node_with_backup()
    node.fails["job_progress"] = deque([unreachable() for _ in range(4)])
    assert isinstance(downloaded(node, download_command())[-1], BatchDownloaded)


def test_a_node_that_stays_silent_fails_the_download_and_keeps_the_directory_in_the_books() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    for method in ("job_progress", "purge"):
        node.fails[method] = deque([unreachable() for _ in range(100)])
    last = downloaded(node, download_command(), runtime)[-1]
    assert isinstance(last, DownloadFailed)
    assert (last.failure.cause, last.staging_left) == (Cause.UNREACHABLE, True)
    assert timedelta(minutes=1) < runtime.time - START < timedelta(minutes=3)


def test_a_lost_answer_to_the_start_is_never_asked_for_again_in_the_same_directory() -> None:
    node = node_with_backup()
    node.loses["start_copy"] = 1
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (Cause.UNREACHABLE, True)
    assert node.calls.count("start_copy") == 1


def test_a_lost_answer_in_a_later_wave_ends_the_known_jobs_and_says_that_one_may_still_write() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    for job in range(1001, 1008):
        node.answers[job] = deque([progress("running")])

    def lose_the_ninth() -> None:
        if node.calls.count("start_copy_renamed") == 9:
            node.loses["start_copy_renamed"] = 1

    node.before["start_copy_renamed"] = lose_the_ninth
    last = downloaded(node, download_command(versioned(12)), runtime)[-1]
    assert isinstance(last, DownloadFailed)
    assert (last.failure.cause, last.staging_left) == (Cause.UNREACHABLE, True)
    assert node.stopped == list(range(1001, 1008))


def test_a_missing_object_is_named() -> None:
    node = node_with_backup()
    del node.objects["me-b-big-TOC.txt"]
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (Cause.MISSING_OBJECT, False)
    assert event.failure.message == (
        "s3:backups/backup/sst/x: failed to open source object: object not found: me-b-big-TOC.txt"
    )


def test_a_missing_versioned_object_is_named_with_its_tag() -> None:
    node = node_with_backup()
    del node.objects[f"me-3-big-Data.db.{TAG}"]
    event = failure(node, download_command(versioned(4)))
    assert event.failure.cause is Cause.MISSING_OBJECT
    assert f"backup/sst/x/me-3-big-Data.db.{TAG}: " in event.failure.message


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("write /data/x: no space left on device", Cause.NO_SPACE),
        ("context deadline exceeded", Cause.FAILED),
    ],
)
def test_what_the_agent_says_of_a_failed_job_decides_its_cause(words: str, cause: Cause) -> None:
    node = node_with_backup()
    node.answers[1000] = deque([progress("error", error=words)])
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (cause, False)
    assert words in event.failure.message


def test_a_file_of_the_wrong_size_makes_the_batch_incomplete() -> None:
    node = node_with_backup()
    node.objects["me-b-big-Data.db"] = 199
    event = failure(node)
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, False)
    assert "SSTable b has 219 bytes in place of 220" in event.failure.message
    assert STAGING not in node.directories


def test_files_that_are_not_as_large_together_as_those_that_were_found_make_the_batch_incomplete() -> None:
    noted = tuple(
        msgspec.structs.replace(sstable, size=100, data_size=FILES[f"me-{sstable.id}-big-Data.db"])
        for sstable in SSTABLES
    )
    found = msgspec.structs.replace(download_command(noted), size=SIZE, is_exact=True)
    assert isinstance(downloaded(node_with_backup(), found)[-1], BatchDownloaded)
    node = node_with_backup()
    node.objects["me-b-big-TOC.txt"] = 19
    event = failure(node, found)
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, False)
    assert f"have {SIZE - 1} bytes in place of {SIZE}" in event.failure.message


def test_files_that_are_not_there_after_all_make_the_batch_incomplete() -> None:
    node = node_with_backup()
    node.answers[7] = deque([progress()])
    event = failure(node, download_command(jobs=(7,), started_at=(AGENT_STARTED,)))
    assert event.failure.cause is Cause.INCOMPLETE
    assert "4 of 4 files are missing: me-a-big-Data.db" in event.failure.message


def test_an_attempt_whose_jobs_are_not_all_known_is_not_followed() -> None:
    node = node_with_backup()
    node.answers[7] = deque([progress("running")])
    event = failure(node, download_command(versioned(12), jobs=(7,), started_at=(AGENT_STARTED,)))
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, True)
    assert node.stopped == [7]


@pytest.mark.parametrize("method", ["disk_space", "start_copy", "job_progress", "list_files", "forget_job"])
def test_a_stop_ends_the_job_and_removes_its_files_whenever_it_comes(method: str) -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    stop_at(node, runtime, method)
    last = downloaded(node, download_command(), runtime)[-1]
    if method == "forget_job":
        assert isinstance(last, BatchDownloaded)
    else:
        assert isinstance(last, DownloadFailed)
        assert (last.failure.cause, last.staging_left) == (Cause.STOPPED, False)
        assert STAGING not in node.directories


def test_a_running_job_is_told_to_stop_and_its_end_is_awaited_before_the_directory_is_removed() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    node.answers[1000] = deque([progress("running")])
    stop_at(node, runtime, "job_progress")
    last = downloaded(node, download_command(), runtime)[-1]
    assert isinstance(last, DownloadFailed)
    assert node.stopped == [1000]
    after_stop = node.calls[node.calls.index("stop_job") :]
    assert after_stop.index("job_progress") < after_stop.index("purge")


def test_a_stop_before_the_first_effect_is_reported_too() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    events: list[AnyEvent] = []
    lane = runtime.lane("test", lambda _name, error: pytest.fail(str(error)))
    lane.start(
        download(Node(node, address=ADDRESS, now=runtime.now, report=events.append), download_command())
    )
    lane.stop()
    runtime.run()
    (event,) = events
    assert isinstance(event, DownloadFailed)
    assert event.failure.cause is Cause.STOPPED


def test_a_stop_during_the_cleaning_up_does_not_keep_it_from_being_finished() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    node.objects["me-b-big-Data.db"] = 199
    stop_at(node, runtime, "list_files")
    node.fails["purge"] = deque([unreachable()])
    last = downloaded(node, download_command(), runtime)[-1]
    assert isinstance(last, DownloadFailed)
    assert not last.staging_left
    assert STAGING not in node.directories


def test_a_job_that_does_not_end_leaves_the_directory_in_the_books() -> None:
    node, runtime = node_with_backup(), SteppingRuntime()
    node.answers[1000] = deque([progress("running")])

    def pass_time() -> None:
        runtime.time += timedelta(seconds=2)
        node.answers[1000] = deque([progress("running")])

    stop_at(node, runtime, "start_copy")
    node.before["job_progress"] = pass_time
    last = downloaded(node, download_command(), runtime)[-1]
    assert isinstance(last, DownloadFailed)
    assert last.staging_left


def test_a_refusal_is_told_in_the_agents_words() -> None:
    node = node_with_backup()
    node.fails["start_copy"] = deque([refused("permission denied")])
    event = failure(node)
    assert (event.failure.cause, event.failure.message) == (Cause.REFUSED, "permission denied")
    assert not event.staging_left


def test_a_download_into_any_other_directory_is_refused_as_a_defect() -> None:
    node = node_with_backup()
    command = download_command()
    elsewhere = DownloadBatch(
        **{field: getattr(command, field) for field in command.__struct_fields__} | {"staging": f"{UPLOAD}/x"}
    )
    with pytest.raises(ValueError, match="is no staging directory"):
        downloaded(node, elsewhere)
    assert node.calls == []
