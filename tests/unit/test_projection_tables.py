import msgspec
import pytest
from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.events.model import AnyEvent, batches
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused, RunStarted
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import Method
from scylla_restore.events.projections import progress, restore_run, restore_run_progress, runs
from scylla_restore.events.projections.changes import carry_out
from scylla_restore.events.projections.progress_state import ProgressState, RunState
from scylla_restore.events.projections.restore_run import (
    RestoreRunRow,
    RestoreRunState,
    RestoreTable,
    RestoreUnit,
)
from scylla_restore.events.projections.restore_run_progress import (
    RestoreRunProgressRow,
    RestoreRunProgressState,
)

REFUSED = Failure(cause=Cause.REFUSED, message="no such snapshot")


def progress_rows(story: Story) -> list[RestoreRunProgressRow]:
    table: dict[restore_run_progress.Key, RestoreRunProgressRow] = {}
    state = RestoreRunProgressState()
    for envelope in story.envelopes:
        changed: restore_run_progress.Changed = {}
        restore_run_progress.apply(state, envelope, changed)
        carry_out(table, changed)
    return list(table.values())


def run_row(story: Story) -> RestoreRunRow:
    table: dict[restore_run.Key, RestoreRunRow] = {}
    state = RestoreRunState()
    for envelope in story.envelopes:
        changed: restore_run.Changed = {}
        restore_run.apply(state, envelope, changed)
        carry_out(table, changed)
    (row,) = table.values()
    return row


def overview(story: Story) -> runs.RunOverview:
    state = ProgressState()
    for envelope in story.envelopes:
        progress.apply(state, envelope)
    return runs.overview_of_progress(state)


def test_a_restored_batch_is_a_row_with_all_of_scylla_managers_columns() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300, sstables=2))
    started = story.now
    (row,) = progress_rows(story.restore(1, download_s=2, load_s=3))
    assert row == RestoreRunProgressRow(
        cluster_id=told.CLUSTER_ID,
        task_id=told.RUN,
        run_id=told.RUN,
        remote_sstable_dir="s3:backups/backup/sst/d1",
        keyspace_name="a",
        table_name="one",
        host="10.0.0.1",
        agent_job_id=701,
        sstable_id=("d1-1-0", "d1-1-1"),
        restore_started_at=started,
        restore_completed_at=story.now,
        download_started_at=started,
        download_completed_at=row.download_completed_at,
        restored=300,
        downloaded=300,
        shard_cnt=2,
    )
    assert row.download_completed_at is not None
    assert (row.download_completed_at - started).total_seconds() == 2


def test_a_row_appears_with_the_agents_job_and_follows_the_download() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), batches.DownloadRequested(batch=1, attempt=1)
    )
    assert progress_rows(story) == []
    story.tell(batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",)))
    story.tell(batches.DownloadProgressed(batch=1, attempt=1, downloaded=77))
    (row,) = progress_rows(story)
    assert (row.agent_job_id, row.downloaded, row.restored, row.restore_completed_at) == (9, 77, 0, None)


def test_restored_includes_versioned_files_which_have_a_column_of_their_own() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",)),
        batches.BatchDownloaded(batch=1, attempt=1, downloaded=100, versioned=200),
        batches.SSTablesLoaded(batch=1, attempt=1),
    )
    (row,) = progress_rows(story)
    assert (row.downloaded, row.versioned_downloaded, row.restored) == (100, 200, 300)


def test_the_row_of_a_failed_attempt_goes_and_the_next_attempt_has_its_own() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",)),
        told.load_failed(1),
        batches.BatchReturned(batch=1, attempt=1, reason="failed"),
    )
    assert progress_rows(story) == []
    story.tell(told.batch_assigned(1, "d1", size=300, node="10.0.0.2", attempt=2)).restore(1, attempt=2)
    assert [(row.host, row.restored) for row in progress_rows(story)] == [("10.0.0.2", 300)]


def test_a_row_is_dropped_when_its_batch_is_assigned_anew_without_a_word() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",)),
        told.batch_assigned(1, "d1", size=300, node="10.0.0.2", attempt=2),
    )
    assert progress_rows(story) == []


def test_a_row_whose_job_becomes_known_late_is_not_there_twice() -> None:
    story = indexed_story().tell(
        told.batch_assigned(1, "d1", size=300),
        batches.DownloadProgressed(batch=1, attempt=1, downloaded=5),
        batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",)),
    )
    assert [row.agent_job_id for row in progress_rows(story)] == [9]


def test_the_runs_row_holds_its_stage_and_its_units() -> None:
    row = run_row(indexed_story())
    assert (row.id, row.task_id, row.prev_id, row.stage) == (told.RUN, told.RUN, None, "DATA")
    assert (row.cluster_id, row.snapshot_tag) == (told.CLUSTER_ID, told.TAG)
    assert row.units == (
        RestoreUnit(
            keyspace_name="a",
            size=600,
            tables=(RestoreTable(table_name="one", size=600, tombstone_gc=""),),
        ),
        RestoreUnit(
            keyspace_name="b",
            size=400,
            tables=(RestoreTable(table_name="two", size=400, tombstone_gc=""),),
        ),
    )


def test_the_runs_row_ends_in_stage_done() -> None:
    story = indexed_story().tell(
        StageEntered(stage=Stage.REPAIR), RunCompleted(restored_bytes=1000, sstables=4)
    )
    assert run_row(story).stage == "DONE"


def test_a_runs_line_says_how_far_it_is() -> None:
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    assert runs.line_of(overview(story)) == runs.RunLine(
        id=told.RUN,
        cluster="prod",
        tag=told.TAG,
        stage=Stage.DATA,
        state=RunState.RUNNING,
        progress=30.0,
        started=told.START,
        ended=None,
    )


def test_the_overview_of_a_run_that_is_done_takes_only_its_first_and_last_record() -> None:
    story = indexed_story().pass_s(60).tell(RunCompleted(restored_bytes=1000, sstables=4))
    assert runs.overview_of_completed(story.envelopes[0], story.envelopes[-1]) == overview(story)


def test_a_run_that_is_not_done_takes_more_than_two_records() -> None:
    story = indexed_story()
    assert isinstance(story.envelopes[0].event, RunStarted)
    assert runs.overview_of_completed(story.envelopes[0], story.envelopes[-1]) is None


@pytest.mark.parametrize(
    ("end", "is_over"),
    [
        (RunCompleted(restored_bytes=1000, sstables=4), True),
        (RunAborted(restored_bytes=0), True),
        (RunFailed(failure=REFUSED, resumable=False, exit_code=2), True),
        (RunFailed(failure=REFUSED, resumable=True, exit_code=1), False),
        (RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0), False),
    ],
)
def test_a_run_is_over_when_nothing_can_come_of_it_any_more(end: AnyEvent, is_over: bool) -> None:
    assert overview(indexed_story().tell(end)).is_over is is_over


def test_a_job_whose_id_an_agent_gave_before_has_a_row_of_its_own() -> None:
    story = indexed_story()
    for batch in (1, 2, 3):
        story.tell(
            told.batch_assigned(batch, "d1", size=100 * batch),
            batches.DownloadStarted(batch=batch, attempt=1, jobs=(9, 10), started_at=("t", "t")),
            batches.BatchDownloaded(batch=batch, attempt=1, downloaded=100 * batch),
            batches.SSTablesLoaded(batch=batch, attempt=1),
        )
    rows = progress_rows(story)
    assert [row.restored for row in rows] == [100, 200, 300]
    assert [row.agent_job_id // restore_run_progress.IDS_OF_AN_AGENT for row in rows] == [0, 1, 2]
    assert {row.agent_job_id % restore_run_progress.IDS_OF_AN_AGENT for row in rows} == {9}


def test_a_job_that_is_told_twice_keeps_its_row() -> None:
    job = batches.DownloadStarted(batch=1, attempt=1, jobs=(9,), started_at=("t",))
    story = indexed_story().tell(told.batch_assigned(1, "d1", size=300), job, job)
    assert [row.agent_job_id for row in progress_rows(story)] == [9]


def test_equal_jobs_of_two_agents_are_as_their_agents_count_them() -> None:
    story = indexed_story()
    for batch, node in ((1, "10.0.0.1"), (2, "10.0.0.2")):
        story.tell(
            told.batch_assigned(batch, "d1", size=300, node=node),
            batches.DownloadStarted(batch=batch, attempt=1, jobs=(9,), started_at=("t",)),
        )
    assert [(row.host, row.agent_job_id) for row in progress_rows(story)] == [
        ("10.0.0.1", 9),
        ("10.0.0.2", 9),
    ]


def test_batches_that_scylla_fetches_itself_have_rows_without_a_download() -> None:
    story = indexed_story()
    for batch in (1, 2):
        assigned = msgspec.structs.replace(told.batch_assigned(batch, "d1", size=300), method=Method.NATIVE)
        story.tell(assigned, batches.NativeRestoreStarted(batch=batch, attempt=1, task=f"task-{batch}"))
    story.pass_s(5).tell(batches.NativeRestoreProgressed(batch=2, attempt=1, restored=75))
    story.tell(batches.SSTablesLoaded(batch=1, attempt=1))
    done, under_way = progress_rows(story)
    assert (done.restored, done.downloaded, done.agent_job_id) == (300, 0, 0)
    assert (done.scylla_task_id, under_way.scylla_task_id) == ("task-1", "task-2")
    assert (done.download_started_at, done.download_completed_at) == (None, None)
    assert (done.restore_started_at, done.restore_completed_at) == (told.START, story.now)
    assert (under_way.restored, under_way.restore_completed_at) == (75, None)


def test_the_row_of_a_native_batch_that_failed_is_gone() -> None:
    story = indexed_story()
    assigned = msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), method=Method.NATIVE)
    story.tell(assigned, batches.NativeRestoreStarted(batch=1, attempt=1, task="task-1"), told.load_failed(1))
    assert progress_rows(story) == []
