"""Rows as CQL has them, and back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from scylla_restore.events.errors import UnusableLog
from scylla_restore.events.log.cql.session import Bound, Value
from scylla_restore.events.projections import restore_run, restore_run_progress
from scylla_restore.events.projections.kept import Changes
from scylla_restore.events.projections.restore_run import (
    RestoreRunRow,
    RestoreTable,
    RestoreUnit,
    RestoreView,
)
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressRow
from scylla_restore.events.tables.port import RunKey

_RUN_COLUMNS: Final = ", ".join(RestoreRunRow.__struct_fields__)
_PROGRESS_COLUMNS: Final = ", ".join(RestoreRunProgressRow.__struct_fields__)
_PROGRESS_KEY: Final = (
    "cluster_id = ? AND task_id = ? AND run_id = ? AND remote_sstable_dir = ? AND keyspace_name = ? "
    "AND table_name = ? AND host = ? AND agent_job_id = ? AND scylla_task_id = ?"
)

Ids = tuple[UUID, UUID, UUID]
"""Cluster, task and run: a run is its own task."""

_BATCH_BYTES: Final = 4_000
"""Larger batches are worth a warning in the server's log, and by and by a refusal."""
_ROW_BYTES: Final = 500
_SSTABLE_BYTES: Final = 70


class Statements:
    """The statements about rows, which lie in ``keyspace``. Where a time to live is preset, rows have none."""

    def __init__(self, keyspace: str) -> None:
        runs, rows = f'"{keyspace}".restore_run', f'"{keyspace}".restore_run_progress'
        ever = "USING TTL 0 AND TIMESTAMP ?"
        of_run = "cluster_id = ? AND task_id = ? AND id = ?"
        of_rows = "cluster_id = ? AND task_id = ? AND run_id = ?"
        self.put_run: Final = f"INSERT INTO {runs} ({_RUN_COLUMNS}) VALUES ({_marks(RestoreRunRow)}) {ever}"  # noqa: S608 - names of ours, no values
        self.put_row: Final = (
            f"INSERT INTO {rows} ({_PROGRESS_COLUMNS}) VALUES ({_marks(RestoreRunProgressRow)}) {ever}"  # noqa: S608
        )
        self.delete_run: Final = f"DELETE FROM {runs} USING TIMESTAMP ? WHERE {of_run}"  # noqa: S608
        self.delete_row: Final = f"DELETE FROM {rows} USING TIMESTAMP ? WHERE {_PROGRESS_KEY}"  # noqa: S608
        self.delete_rows: Final = f"DELETE FROM {rows} USING TIMESTAMP ? WHERE {of_rows}"  # noqa: S608
        self.runs: Final = f"SELECT {_RUN_COLUMNS} FROM {runs} WHERE {of_run}"  # noqa: S608
        self.rows: Final = f"SELECT {_PROGRESS_COLUMNS} FROM {rows} WHERE {of_rows}"  # noqa: S608
        self.run_ids: Final = f"SELECT id FROM {runs} WHERE {of_run}"  # noqa: S608
        self.row_jobs: Final = f"SELECT agent_job_id FROM {rows} WHERE {of_rows}"  # noqa: S608


def place(run: RunKey) -> Ids:
    """Return the partition of a run's rows.

    Raises:
        UnusableLog: its ids are none that Scylla Manager's tables can hold.
    """
    try:
        cluster_id, run_id = UUID(run.cluster_id), UUID(run.run)
    except ValueError as error:
        raise UnusableLog(
            f"run {run.run} of cluster {run.cluster_id}: the ids of its rows are no UUIDs"
        ) from error
    return cluster_id, run_id, run_id


def writes(statements: Statements, changes: Changes, turn: int) -> list[list[Bound]]:
    """Return what makes the changes, in batches of one partition each; all of it is written at ``turn``."""
    runs = [[_run_write(statements, key, row, turn)] for key, row in changes.restore_run.items()]
    return [*runs, *_batches(_row_writes(statements, changes, turn))]


def _run_write(statements: Statements, key: restore_run.Key, row: RestoreRunRow | None, turn: int) -> Bound:
    if row is None:
        return statements.delete_run, (turn, *map(UUID, key))
    return statements.put_run, (*_run_values(row), turn)


def _row_writes(statements: Statements, changes: Changes, turn: int) -> Iterator[tuple[Bound, int]]:
    """Yield each write, and about how many bytes it is."""
    for key, row in changes.restore_run_progress.items():
        if row is None:
            yield (statements.delete_row, (turn, *_key_values(key))), _ROW_BYTES
        else:
            size = _ROW_BYTES + _SSTABLE_BYTES * len(row.sstable_id)
            yield (statements.put_row, (*_row_values(row), turn)), size


def _batches(writes: Iterable[tuple[Bound, int]]) -> Iterator[list[Bound]]:
    batch: list[Bound] = []
    left = _BATCH_BYTES
    for write, size in writes:
        if batch and size > left:
            yield batch
            batch, left = [], _BATCH_BYTES
        batch.append(write)
        left -= size
    if batch:
        yield batch


def _key_values(key: restore_run_progress.Key) -> tuple[Value, ...]:
    return (*map(UUID, key[:3]), *key[3:])


def _run_values(row: RestoreRunRow) -> tuple[Value, ...]:
    units = [
        (
            unit.keyspace_name,
            unit.size,
            [(table.table_name, table.size, table.tombstone_gc) for table in unit.tables],
        )
        for unit in row.units
    ]
    views = [
        (
            view.keyspace_name,
            view.view_name,
            view.base_table,
            view.view_type,
            view.create_stmt,
            view.build_status,
        )
        for view in row.views
    ]
    return (
        UUID(row.cluster_id),
        UUID(row.task_id),
        UUID(row.id),
        _id(row.prev_id),
        row.snapshot_tag,
        row.stage,
        units,
        views,
        _id(row.repair_task_id),
    )


def _row_values(row: RestoreRunProgressRow) -> tuple[Value, ...]:
    return (
        UUID(row.cluster_id),
        UUID(row.task_id),
        UUID(row.run_id),
        row.remote_sstable_dir,
        row.keyspace_name,
        row.table_name,
        row.host,
        row.agent_job_id,
        row.scylla_task_id,
        row.sstable_id,
        row.restore_started_at,
        row.restore_completed_at,
        row.download_started_at,
        row.download_completed_at,
        row.restored,
        row.downloaded,
        row.versioned_downloaded,
        row.failed,
        row.shard_cnt,
        row.error,
    )


def run_row(values: Sequence[Any]) -> RestoreRunRow:
    """Return the row of what was selected."""
    cluster_id, task_id, id_, prev_id, snapshot_tag, stage, units, views, repair_task_id = values
    return RestoreRunRow(
        cluster_id=str(cluster_id),
        task_id=str(task_id),
        id=str(id_),
        prev_id=_text(prev_id),
        snapshot_tag=snapshot_tag,
        stage=stage,
        units=tuple(
            RestoreUnit(
                keyspace_name=unit[0],
                size=unit[1],
                tables=tuple(
                    RestoreTable(table_name=table[0], size=table[1], tombstone_gc=table[2])
                    for table in unit[2] or ()
                ),
            )
            for unit in units or ()
        ),
        views=tuple(
            RestoreView(
                keyspace_name=view[0],
                view_name=view[1],
                base_table=view[2],
                view_type=view[3],
                create_stmt=view[4],
                build_status=view[5],
            )
            for view in views or ()
        ),
        repair_task_id=_text(repair_task_id),
    )


def progress_row(values: Sequence[Any]) -> RestoreRunProgressRow:
    """Return the row of what was selected."""
    fields = dict(zip(RestoreRunProgressRow.__struct_fields__, values, strict=True))
    for name in ("cluster_id", "task_id", "run_id"):
        fields[name] = str(fields[name])
    for name in (
        "restore_started_at",
        "restore_completed_at",
        "download_started_at",
        "download_completed_at",
    ):
        fields[name] = _utc(fields[name])
    fields["sstable_id"] = tuple(fields["sstable_id"] or ())
    return RestoreRunProgressRow(**fields)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _utc(at: datetime | None) -> datetime | None:
    """Return a time as the log has it: the driver leaves the zone out."""
    return None if at is None else at.replace(tzinfo=UTC)


def _marks(row: type[RestoreRunRow] | type[RestoreRunProgressRow]) -> str:
    return ", ".join("?" * len(row.__struct_fields__))
