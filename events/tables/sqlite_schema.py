"""The tables in SQLite: Scylla Manager's columns and keys; lists and user-defined types are JSON, times are text."""

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from scylla_restore.events.projections.restore_run import RestoreRunRow
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressRow
from scylla_restore.events.projections.runs import RunOverview

Value = str | int | float | bytes | None
Row = TypeVar("Row", bound=msgspec.Struct)

SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS restore_run (
        cluster_id TEXT NOT NULL,
        task_id TEXT NOT NULL,
        id TEXT NOT NULL,
        prev_id TEXT,
        snapshot_tag TEXT NOT NULL,
        stage TEXT NOT NULL,
        units TEXT NOT NULL,
        views TEXT NOT NULL,
        repair_task_id TEXT,
        PRIMARY KEY (cluster_id, task_id, id DESC)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS restore_run_progress (
        cluster_id TEXT NOT NULL,
        task_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        remote_sstable_dir TEXT NOT NULL,
        keyspace_name TEXT NOT NULL,
        table_name TEXT NOT NULL,
        host TEXT NOT NULL,
        agent_job_id INTEGER NOT NULL,
        scylla_task_id TEXT NOT NULL,
        sstable_id TEXT NOT NULL,
        restore_started_at TEXT,
        restore_completed_at TEXT,
        download_started_at TEXT,
        download_completed_at TEXT,
        restored INTEGER NOT NULL,
        downloaded INTEGER NOT NULL,
        versioned_downloaded INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        shard_cnt INTEGER NOT NULL,
        error TEXT,
        PRIMARY KEY (
            cluster_id, task_id, run_id,
            remote_sstable_dir, keyspace_name, table_name, host, agent_job_id, scylla_task_id
        )
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS run_overview (
        run TEXT PRIMARY KEY,
        cluster TEXT NOT NULL,
        cluster_id TEXT NOT NULL,
        snapshot_tag TEXT NOT NULL,
        stage TEXT NOT NULL,
        state TEXT NOT NULL,
        is_over INTEGER NOT NULL,
        progress REAL NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        version INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL
    ) WITHOUT ROWID
    """,
)
"""``run_overview`` is the table of all runs: it also tells up to which record the rows of each are made."""

_ROWS_PER_STATEMENT: Final = 40
"""Python gives its interpreter lock away with each statement. Older SQLite takes no more than 999 values in one."""


class Table(Generic[Row]):
    """How rows of one type lie in a table whose columns have the names of the row's fields, in their order.

    The first three columns of ``key`` (or fewer, if it has fewer) tell which run a row belongs to; statements about
    a run take their values.
    """

    def __init__(self, name: str, row: type[Row], *, key: Sequence[str], json: Sequence[str] = ()) -> None:
        self._row = row
        self._columns = row.__struct_fields__
        self._json = tuple(self._columns.index(column) for column in json)
        columns = ", ".join(self._columns)
        of_run = _equal(key[:3])
        self.select = f"SELECT {columns} FROM {name}"  # noqa: S608 - names of ours are in it, no values
        self.select_run = f"{self.select} WHERE {of_run} ORDER BY {', '.join(key)}"
        self.count_run = f"SELECT count(*) FROM {name} WHERE {of_run}"  # noqa: S608
        self.delete_run = f"DELETE FROM {name} WHERE {of_run}"  # noqa: S608
        self.delete = f"DELETE FROM {name} WHERE {_equal(key)}"  # noqa: S608
        one = f"({', '.join('?' * len(self._columns))})"
        self._inserts = [
            f"INSERT OR REPLACE INTO {name} ({columns}) VALUES {', '.join([one] * rows)}"  # noqa: S608
            for rows in range(_ROWS_PER_STATEMENT + 1)
        ]

    def inserts(self, rows: Sequence[Row]) -> "list[tuple[str, list[Value]]]":
        """Return the statements, with their values, that put rows in place of those with the same keys.

        It goes quicker in the order of the keys.
        """
        statements = []
        for start in range(0, len(rows), _ROWS_PER_STATEMENT):
            some = rows[start : start + _ROWS_PER_STATEMENT]
            statements.append(
                (self._inserts[len(some)], [value for row in some for value in self._values(row)])
            )
        return statements

    def read(self, values: Sequence[Value]) -> Row:
        """Return the row of what was selected.

        Raises:
            ValueError: it is none.
        """
        fields = dict(zip(self._columns, values, strict=True))
        for place in self._json:
            fields[self._columns[place]] = msgspec.json.decode(str(values[place]))
        return msgspec.convert(fields, self._row, strict=False, builtin_types=(bytes,))

    def _values(self, row: Row) -> list[Value]:
        plain: dict[str, Value] = msgspec.to_builtins(row, builtin_types=(bytes,))
        values = list(plain.values())
        for place in self._json:
            values[place] = msgspec.json.encode(values[place]).decode()
        return values


def _equal(columns: Sequence[str]) -> str:
    return " AND ".join(f"{column} = ?" for column in columns)


class StoredOverview(RunOverview, frozen=True, kw_only=True):
    """A row of ``run_overview``: how far the run's rows go, and what made them (``version``), beside the overview."""

    version: int
    seq: int
    hash: bytes


RESTORE_RUN: Final = Table(
    "restore_run", RestoreRunRow, key=("cluster_id", "task_id", "id"), json=("units", "views")
)
RESTORE_RUN_PROGRESS: Final = Table(
    "restore_run_progress",
    RestoreRunProgressRow,
    key=(
        "cluster_id",
        "task_id",
        "run_id",
        "remote_sstable_dir",
        "keyspace_name",
        "table_name",
        "host",
        "agent_job_id",
        "scylla_task_id",
    ),
    json=("sstable_id",),
)
RUN_OVERVIEW: Final = Table("run_overview", StoredOverview, key=("run",))
