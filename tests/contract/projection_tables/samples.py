"""Changes and rows to write to tables."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
from tests.support.story import CLUSTER_ID, RUN

from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.kept import Changes
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.projections.restore_run import (
    RestoreRunRow,
    RestoreTable,
    RestoreUnit,
    RestoreView,
)
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressRow
from scylla_restore.events.projections.runs import RunOverview
from scylla_restore.events.tables.port import Position, RunKey

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
KEY = RunKey(cluster_id=CLUSTER_ID, run=RUN)
OTHER_KEY = RunKey(cluster_id=CLUSTER_ID, run="6f1d2c3b-0000-4000-8000-000000000002")


def position(seq: int) -> Position:
    return Position(seq=seq, hash=sha256(str(seq).encode()).digest())


def run_row(key: RunKey = KEY, *, stage: str = "DATA") -> RestoreRunRow:
    """A row with something in each column that is not null."""
    tables = (
        RestoreTable(table_name="one", size=2**40, tombstone_gc="timeout"),
        RestoreTable(table_name="zwei ✓", size=0, tombstone_gc=""),
    )
    view = RestoreView(
        keyspace_name="a",
        view_name="v",
        base_table="one",
        view_type="MaterializedView",
        create_stmt='CREATE MATERIALIZED VIEW "a"."v" AS SELECT …;',
        build_status="SUCCESS",
    )
    return RestoreRunRow(
        cluster_id=key.cluster_id,
        task_id=key.run,
        id=key.run,
        prev_id=None,
        snapshot_tag="sm_20260102030405UTC",
        stage=stage,
        units=(RestoreUnit(keyspace_name="a", size=2**40, tables=tables),),
        views=(view,),
        repair_task_id=None,
    )


def progress_row(job: int, key: RunKey = KEY, *, restored: int = 0) -> RestoreRunProgressRow:
    return RestoreRunProgressRow(
        cluster_id=key.cluster_id,
        task_id=key.run,
        run_id=key.run,
        remote_sstable_dir="s3:backups/backup/sst/d1",
        keyspace_name="a",
        table_name="one",
        host="10.0.0.1",
        agent_job_id=job,
        sstable_id=("3gsm_0lob_1zdg02we44my8dy25w", "17", "3gsm_0lob_1zdg02we44my8dy25w"),
        restored=restored,
        shard_cnt=2,
    )


def full_row(key: RunKey = KEY) -> RestoreRunProgressRow:
    """A row with something in each column."""
    return msgspec.structs.replace(
        progress_row(2**50 + 7, key),
        scylla_task_id="a task of Scylla's",
        sstable_id=(),
        restore_started_at=AT,
        restore_completed_at=AT + timedelta(milliseconds=1),
        download_started_at=AT.replace(microsecond=0),
        download_completed_at=AT + timedelta(days=1),
        restored=2**41,
        downloaded=2**40,
        versioned_downloaded=2**40,
        failed=3,
        error="so ist's: ✗\n",
    )


def changes(
    *rows: RestoreRunProgressRow,
    gone: tuple[RestoreRunProgressRow, ...] = (),
    run: RestoreRunRow | None = None,
    key: RunKey = KEY,
    state: RunState = RunState.RUNNING,
) -> Changes:
    return Changes(
        restore_run={} if run is None else {run.key: run},
        restore_run_progress={**{row.key: row for row in rows}, **{row.key: None for row in gone}},
        overview=RunOverview(
            run=key.run,
            cluster="prod ✓",
            cluster_id=key.cluster_id,
            snapshot_tag="sm_20260102030405UTC",
            stage=Stage.DATA,
            state=state,
            is_over=state is RunState.DONE,
            progress=99.9,
            started_at=AT,
            ended_at=AT + timedelta(hours=1) if state is RunState.DONE else None,
        ),
    )
