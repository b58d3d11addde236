"""Work in a table's own ``upload``: what is there, what may be copied, loaded and removed, and who still writes."""

from collections import deque
from datetime import timedelta

import msgspec
import pytest
from tests.support.batches import (
    FILES,
    SIZE,
    UPLOAD,
    download_command,
    load_command,
    move_command,
    node_with_backup,
    stop_at,
)
from tests.support.scripted_node import ADDRESS, busy, progress, refused, unreachable
from tests.support.stepping import START, SteppingRuntime

from scylla_restore.actors.procedures.alter import undo
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.download import download
from scylla_restore.actors.procedures.load import load_sstables, move_into_upload
from scylla_restore.actors.procedures.upload import (
    JOBS_PATIENCE,
    LATE,
    UNKNOWN_IN_A_ROW,
    assert_upload,
    look_into_upload,
)
from scylla_restore.actors.runtime import Procedure
from scylla_restore.engine.core.commands import LookIntoUpload, OwnFiles, Undo
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import AlterationUndone, CopiedIntoUpload, UndoFailed
from scylla_restore.events.model.batches import (
    BatchDownloaded,
    DownloadFailed,
    LoadFailed,
    SSTablesLoaded,
    UploadFilled,
    UploadFoundEmpty,
    UploadOccupied,
)
from scylla_restore.events.model.failure import Cause

FOREIGN = {"me-z-big-Data.db": 7}
LOOK = LookIntoUpload(
    node=ADDRESS, batch=1, attempt=1, keyspace="ks", table="t", staging=UPLOAD, upload=UPLOAD
)
DOWNLOAD = msgspec.structs.replace(download_command(), staging=UPLOAD)
COMPARE = msgspec.structs.replace(move_command(), staging=UPLOAD)
LOAD = msgspec.structs.replace(load_command(), staging=UPLOAD)
COPIED = CopiedIntoUpload(node=ADDRESS, upload=UPLOAD, directory="d1", positions=(0, 1))
UNDO = Undo(
    node=ADDRESS,
    alterations=(("staging/1/1", COPIED),),
    files={"staging/1/1": OwnFiles(location="s3:backups", names=frozenset(FILES))},
)
RUNNING = progress("running")


class Bench:
    """A node with a backup, and what procedures report of it."""

    def __init__(self, **present: dict[str, int]) -> None:
        self.node = node_with_backup()
        self.node.directories = {
            UPLOAD: {name: size for files in present.values() for name, size in files.items()}
        }
        self.node.uploads = {("ks", "t"): UPLOAD}
        self.runtime = SteppingRuntime()
        self.events: list[AnyEvent] = []
        self.asked = Node(self.node, address=ADDRESS, now=self.runtime.now, report=self.events.append)

    def after(self, procedure: Procedure) -> AnyEvent:
        self.runtime.drive(procedure)
        return self.events[-1]

    @property
    def upload(self) -> dict[str, int]:
        return self.node.directories[UPLOAD]


def test_an_empty_upload_directory_may_be_copied_into() -> None:
    bench = Bench()
    assert bench.after(look_into_upload(bench.asked, LOOK)) == UploadFoundEmpty(batch=1, attempt=1)


def test_one_that_was_never_made_is_empty_too() -> None:
    bench = Bench()
    bench.node.directories = {}
    assert bench.after(look_into_upload(bench.asked, LOOK)) == UploadFoundEmpty(batch=1, attempt=1)


def test_files_in_upload_are_told_with_their_size() -> None:
    bench = Bench(foreign=FOREIGN)
    occupied = UploadOccupied(batch=1, attempt=1, node=ADDRESS, files=1, size=7)
    assert bench.after(look_into_upload(bench.asked, LOOK)) == occupied


def test_a_node_that_does_not_let_anybody_look_leaves_nothing_behind() -> None:
    bench = Bench()
    bench.node.fails["list_files"] = deque([refused("no")])
    failed = bench.after(look_into_upload(bench.asked, LOOK))
    assert isinstance(failed, DownloadFailed)
    assert not failed.staging_left


def test_a_batch_is_copied_into_upload_and_compared_there() -> None:
    bench = Bench()
    loaded = BatchDownloaded(batch=1, attempt=1, downloaded=SIZE)
    assert bench.after(download(bench.asked, DOWNLOAD)) == loaded
    assert bench.node.directories == {UPLOAD: FILES}


def test_nothing_is_copied_beside_what_others_brought_meanwhile_nor_is_that_touched() -> None:
    bench = Bench(foreign=FOREIGN)
    failed = bench.after(download(bench.asked, DOWNLOAD))
    assert isinstance(failed, DownloadFailed)
    assert not failed.staging_left
    assert (bench.upload, "start_copy" in bench.node.calls) == (FOREIGN, False)


def test_what_a_failed_copy_brought_is_removed_by_name() -> None:
    bench = Bench()
    bench.node.objects["me-a-big-Data.db"] = 1
    bench.node.before["forget_job"] = lambda: None
    bench.node.before["job_progress"] = lambda: bench.upload.update(FOREIGN)
    failed = bench.after(download(bench.asked, DOWNLOAD))
    assert isinstance(failed, DownloadFailed)
    assert not failed.staging_left
    assert bench.upload == FOREIGN


def test_where_the_answer_to_a_copy_was_lost_nothing_is_removed_yet() -> None:
    bench = Bench()
    bench.node.loses["start_copy"] = 1
    failed = bench.after(download(bench.asked, DOWNLOAD))
    assert isinstance(failed, DownloadFailed)
    assert failed.staging_left
    assert (bench.upload, "delete_files" in bench.node.calls) == (FILES, False)


def test_files_that_are_just_the_batch_may_be_loaded() -> None:
    bench = Bench(own=FILES)
    assert bench.after(move_into_upload(bench.asked, COMPARE)) == UploadFilled(batch=1, attempt=1)


@pytest.mark.parametrize("more", [FOREIGN, {"me-a-big-Data.db": 1}])
def test_anything_else_than_the_batch_is_not_loaded_and_the_batchs_files_go(more: dict[str, int]) -> None:
    bench = Bench(own=FILES, more=more)
    failed = bench.after(move_into_upload(bench.asked, COMPARE))
    assert isinstance(failed, LoadFailed)
    assert failed.failure.cause is Cause.INCOMPLETE
    assert bench.upload == {name: size for name, size in more.items() if name in FOREIGN}


def test_a_batch_is_loaded_where_it_is() -> None:
    bench = Bench(own=FILES)
    assert bench.after(load_sstables(bench.asked, LOAD)) == SSTablesLoaded(batch=1, attempt=1)
    assert bench.node.loaded == [FILES]
    assert "purge" not in bench.node.calls


def test_a_broken_loads_files_stay_until_its_failure_is_in_the_log() -> None:
    bench = Bench(own=FILES)
    bench.node.fails["load_and_stream"] = deque([refused("streaming failed")])
    failed = bench.after(load_sstables(bench.asked, LOAD))
    assert isinstance(failed, LoadFailed)
    assert failed.staging_left
    assert bench.upload == FILES


def test_what_a_load_may_still_read_is_left_to_it() -> None:
    bench = Bench(own=FILES)
    bench.node.fails["load_and_stream"] = deque([unreachable("load_and_stream")] * 200)
    failed = bench.after(load_sstables(bench.asked, LOAD))
    assert isinstance(failed, LoadFailed)
    assert not failed.staging_left
    assert bench.upload == FILES


def test_an_ended_attempts_files_are_removed_and_others_stay() -> None:
    bench = Bench(own=FILES, foreign=FOREIGN)
    assert bench.after(undo(bench.asked, UNDO)) == AlterationUndone(id="staging/1/1")
    assert bench.upload == FOREIGN


def test_a_job_that_nobody_knows_is_waited_for_before_anything_is_removed() -> None:
    bench = Bench(own=FILES)
    bench.node.jobs = {1000: 0, 1001: 0}
    bench.node.answers[1000] = deque([RUNNING, RUNNING, progress("success")])
    bench.node.answers[1001] = deque([progress("error")])
    assert bench.after(undo(bench.asked, UNDO)) == AlterationUndone(id="staging/1/1")
    assert bench.node.calls.index("delete_files") > max(
        number for number, asked in enumerate(bench.node.asked) if asked[:2] == ("job_progress", 1000)
    )
    assert bench.runtime.now() >= START + LATE


def test_while_a_job_runs_nothing_is_removed() -> None:
    bench = Bench(own=FILES)
    bench.node.jobs = {1000: 0}
    bench.node.answers[1000] = deque([RUNNING])

    def pass_time() -> None:
        bench.runtime.time += timedelta(minutes=1)

    bench.node.before["job_progress"] = pass_time
    failed = bench.after(undo(bench.asked, UNDO))
    assert isinstance(failed, UndoFailed)
    assert "1000" in failed.failure.message
    assert (bench.upload, bench.runtime.now() >= START + JOBS_PATIENCE) == (FILES, True)


def test_a_job_whose_request_came_late_is_found_by_the_second_look() -> None:
    bench = Bench(own=FILES)
    looked: list[str] = []

    def come_late() -> None:
        looked.append("")
        if len(looked) == 2:
            bench.node.jobs[1001] = 0
            bench.node.answers[1001] = deque([RUNNING, progress("success")])

    bench.node.before["start_copy"] = come_late
    assert bench.after(undo(bench.asked, UNDO)) == AlterationUndone(id="staging/1/1")
    assert ("job_progress", 1001, 10) in bench.node.asked


def test_of_files_that_were_copied_well_no_job_is_asked() -> None:
    bench = Bench(own=FILES)
    copied = msgspec.structs.replace(COPIED, is_copied=True)
    bench.runtime.drive(
        undo(bench.asked, msgspec.structs.replace(UNDO, alterations=(("staging/1/1", copied),)))
    )
    assert bench.events == [AlterationUndone(id="staging/1/1")]
    assert "start_copy" not in bench.node.calls


def test_files_that_come_back_after_they_were_removed_are_told() -> None:
    bench = Bench(own=FILES)
    bench.node.before["list_files"] = lambda: bench.upload.update(FILES)
    failed = bench.after(undo(bench.asked, UNDO))
    assert isinstance(failed, UndoFailed)
    assert "come back" in failed.failure.message


@pytest.mark.parametrize("path", ["ks/t-0/snapshots/x", "ks/../t-0/upload"])
def test_no_other_directory_is_taken_for_an_upload_directory(path: str) -> None:
    with pytest.raises(ValueError, match="no upload directory"):
        assert_upload(path)


def test_somebody_has_to_say_which_files_are_to_be_removed() -> None:
    bench = Bench(own=FILES)
    with pytest.raises(ValueError, match="nobody said"):
        bench.runtime.drive(undo(bench.asked, msgspec.structs.replace(UNDO, files={})))


def test_a_node_that_falls_silent_keeps_what_is_there_for_the_ledger() -> None:
    bench = Bench(own=FILES, more={"me-a-big-Data.db": 1})
    bench.node.fails["delete_files"] = deque([unreachable("delete_files")] * 20)
    failed = bench.after(move_into_upload(bench.asked, COMPARE))
    assert isinstance(failed, LoadFailed)
    assert failed.staging_left


def test_a_disk_too_full_leaves_nothing_behind_where_nothing_was_begun() -> None:
    bench = Bench()
    failed = bench.after(download(bench.asked, msgspec.structs.replace(DOWNLOAD, size=10**9)))
    assert isinstance(failed, DownloadFailed)
    assert (failed.failure.cause, failed.staging_left) == (Cause.NO_SPACE, False)


def test_a_job_of_an_agent_that_was_restarted_meanwhile_is_over() -> None:
    bench = Bench(own=FILES)
    bench.node.jobs = {1000: 0}
    bench.node.answers[1000] = deque([RUNNING])
    asked: list[str] = []

    def restart() -> None:
        asked.append("")
        if len(asked) == 2:
            bench.node.answers.clear()

    bench.node.before["job_progress"] = restart
    assert bench.after(undo(bench.asked, UNDO)) == AlterationUndone(id="staging/1/1")


def test_numbers_that_an_agent_does_not_know_are_not_gone_through_without_end() -> None:
    bench = Bench(own=FILES)
    bench.node.jobs = dict.fromkeys(range(500), 0)
    assert bench.after(undo(bench.asked, UNDO)) == AlterationUndone(id="staging/1/1")
    assert bench.node.calls.count("job_progress") == UNKNOWN_IN_A_ROW


def test_a_load_that_is_stopped_says_nothing() -> None:
    bench = Bench(own=FILES)
    bench.node.fails["load_and_stream"] = deque([busy()])
    stop_at(bench.node, bench.runtime, "load_and_stream")
    bench.runtime.drive(load_sstables(bench.asked, LOAD))
    assert bench.events == []
