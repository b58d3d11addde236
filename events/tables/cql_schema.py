"""The tables in Cassandra or Scylla: Scylla Manager's columns, types and keys, and nothing that expires."""

from typing import Final
from uuid import UUID, uuid5

from scylla_restore.events.errors import UnusableLog
from scylla_restore.events.log.cql.schema import SchemaServer

MANAGER: Final = "scylla_manager"
"""The keyspace that Scylla Manager has unless it was told otherwise."""

_MARK: Final = "scylla-restore projection, version 1"
_NAMESPACE: Final = UUID("2f4f6c0e-1d0b-4a37-9d3c-6a8a5f6d5e01")

TYPES: Final = {
    "restore_table": "(table_name text, size bigint, tombstone_gc text)",
    "restore_unit": "(keyspace_name text, size bigint, tables set<frozen<restore_table>>)",
    "restore_view": "(keyspace_name text, view_name text, base_table text, view_type text, create_stmt text, "
    "build_status text)",
}
TABLES: Final = {
    "restore_run": """(
        cluster_id uuid, task_id uuid, id uuid, prev_id uuid, snapshot_tag text, stage text,
        units list<frozen<restore_unit>>, views list<frozen<restore_view>>, repair_task_id uuid,
        PRIMARY KEY ((cluster_id, task_id), id)
    ) WITH CLUSTERING ORDER BY (id DESC) AND""",
    "restore_run_progress": """(
        cluster_id uuid, task_id uuid, run_id uuid,
        remote_sstable_dir text, keyspace_name text, table_name text, host text, agent_job_id bigint,
        scylla_task_id text, sstable_id list<text>,
        restore_started_at timestamp, restore_completed_at timestamp,
        download_started_at timestamp, download_completed_at timestamp,
        restored bigint, downloaded bigint, versioned_downloaded bigint, failed bigint, shard_cnt bigint, error text,
        PRIMARY KEY (
            (cluster_id, task_id, run_id),
            remote_sstable_dir, keyspace_name, table_name, host, agent_job_id, scylla_task_id
        )
    ) WITH""",
}
OVERVIEW: Final = {
    "run_overview": """(
        run text PRIMARY KEY, turn bigint, version int, seq bigint, hash blob,
        cluster text, cluster_id text, snapshot_tag text, stage text, state text, is_over boolean, progress double,
        started_at text, ended_at text
    ) WITH"""
}
"""The table of all runs, which always lies beside the log; it tells how far the rows of each go."""


def are_there(server: SchemaServer, keyspace: str) -> bool:
    """Whether the table of all runs lies in the log's keyspace: it is made last."""
    return "run_overview" in (server.tables(keyspace) or {})


def ensure_tables(server: SchemaServer, *, log_keyspace: str, keyspace: str) -> None:
    """Make what is missing of types and tables: Scylla Manager's in ``keyspace``, the one of all runs beside the log.

    A ``keyspace`` other than the log's is one that somebody has named, so what is there is taken as it is.

    Raises:
        UnusableLog: a table in the log's keyspace is another program's, or there is no ``keyspace``.
        LogUnavailable: the server does not answer.
    """
    found = server.tables(keyspace)
    if found is None:
        raise UnusableLog(f"there is no keyspace {keyspace} for the tables", hint="make it, or name another")
    if keyspace == log_keyspace:
        _check(keyspace, {name: comment for name, comment in found.items() if name in TABLES})
    if any(name not in found for name in TABLES):
        for name, fields in TYPES.items():
            server.alter(f'CREATE TYPE IF NOT EXISTS "{keyspace}".{name} {fields}')
    for name in TABLES:
        if name not in found:
            server.alter(_create(keyspace, name, TABLES[name]))
    for name, columns in OVERVIEW.items():
        server.alter(_create(log_keyspace, name, columns))


def _create(keyspace: str, name: str, columns: str) -> str:
    # Two engines that make a table at one time through two nodes would make two tables, were it not for the id.
    table_id = uuid5(_NAMESPACE, f"{keyspace}.{name}")
    return (
        f'CREATE TABLE IF NOT EXISTS "{keyspace}".{name} {columns} '
        f"id = {table_id} AND comment = '{_MARK}' AND default_time_to_live = 0"
    )


def _check(keyspace: str, found: dict[str, str]) -> None:
    foreign = [name for name, comment in found.items() if comment != _MARK]
    if foreign:
        raise UnusableLog(
            f"the keyspace {keyspace} has a table {foreign[0]} of another program, as Scylla Manager's has",
            hint="name another keyspace with --log; where Scylla Manager's own tables are meant, name its keyspace "
            "with the option tables=… of --log",
        )
