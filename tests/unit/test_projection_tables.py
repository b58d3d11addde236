from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.events.model import batches
from scylla_restore.events.model.run import RunCompleted, RunStarted
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections import progress, restore_run, restore_run_progress, runs
from scylla_restore.events.projections.changes import carry_out
from scylla_restore.events.projections.progress import ProgressState, RunState
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


def progress_rows(story: Story) -> list[RestoreRunProgressRow]:
    table: dict[restore_run_progress.Key, RestoreRunProgressRow] = {}
    state = RestoreRunProgressState()
    for envelope in story.envelopes:
        carry_out(table, restore_run_progress.apply(state, envelope))
    return list(table.values())


def run_row(story: Story) -> RestoreRunRow:
    table: dict[restore_run.Key, RestoreRunRow] = {}
    state = RestoreRunState()
    for envelope in story.envelopes:
        carry_out(table, restore_run.apply(state, envelope))
    (row,) = table.values()
    return row


def line(story: Story) -> runs.RunLine:
    state = ProgressState()
    for envelope in story.envelopes:
        progress.apply(state, envelope)
    return runs.line(state)


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
    assert line(story) == runs.RunLine(
        id=told.RUN,
        cluster="prod",
        tag=told.TAG,
        stage=Stage.DATA,
        state=RunState.RUNNING,
        progress=30.0,
        started=told.START,
        ended=None,
    )


def test_the_line_of_a_run_that_is_done_takes_only_its_first_and_last_record() -> None:
    story = indexed_story().pass_s(60).tell(RunCompleted(restored_bytes=1000, sstables=4))
    assert runs.line_of_completed(story.envelopes[0], story.envelopes[-1]) == line(story)


def test_a_run_that_is_not_done_takes_more_than_two_records() -> None:
    story = indexed_story()
    assert isinstance(story.envelopes[0].event, RunStarted)
    assert runs.line_of_completed(story.envelopes[0], story.envelopes[-1]) is None
