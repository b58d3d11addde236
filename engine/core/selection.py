"""Which tables of a backup are restored into a cluster, and why the others are not."""

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from scylla_restore.engine.core.globs import TableFilter
from scylla_restore.engine.core.mapping import Pairs, renamed
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.locations import SkippedTable

ALWAYS_LOCAL = frozenset({"system", "system_schema", "system_virtual_schema"})
"""Keyspaces of every node's own, even where the cluster does not list them."""

_CDC_SYSTEM_TABLE = re.compile(r"(^|_)cdc(_|$)")
_CDC_LOG_SUFFIX = "_scylla_cdc_log"
_PAXOS_SUFFIX = "$paxos"
_NAMED_IN_MESSAGE = 5


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of each table of a backup, each in the order of the names.

    ``missing`` are tables that would be restored, but that the cluster does not have.
    """

    restored: tuple[TableName, ...]
    skipped: tuple[SkippedTable, ...]
    missing: tuple[TableName, ...]


class ClusterTables(msgspec.Struct, frozen=True, kw_only=True):
    """What a cluster can be restored into.

    ``keyspaces`` are those whose replication is not local, ``user_keyspaces`` those of users; ``tables`` are all
    tables and ``views`` the materialized views and index views among them, or among the backup's.
    """

    keyspaces: Collection[str]
    user_keyspaces: Collection[str]
    tables: frozenset[TableName]
    views: frozenset[TableName] = frozenset()


def select_tables(
    patterns: Sequence[str], backup_tables: Iterable[TableName], cluster: ClusterTables, rename: Pairs = ()
) -> Selected:
    """Decide about each table of a backup.

    Raises:
        TargetError: a pattern is malformed.
    """
    chosen = TableFilter(patterns)
    present = {table.keyspace for table in cluster.tables}
    local = (present - set(cluster.keyspaces)) | ALWAYS_LOCAL
    restored, skipped, missing = [], [], []
    for table in sorted(set(backup_tables)):
        target = renamed(table, rename)
        if not chosen.selects(table):
            reason: str | None = "not selected by --keyspace"
        else:
            reason = _reason_to_skip(table, target, local, cluster)
        if reason is not None:
            skipped.append(SkippedTable(keyspace=table.keyspace, table=table.table, reason=reason))
        elif target in cluster.tables:
            restored.append(table)
        else:
            missing.append(table)
    return Selected(restored=tuple(restored), skipped=tuple(skipped), missing=tuple(missing))


def _reason_to_skip(
    table: TableName, target: TableName, local: Collection[str], cluster: ClusterTables
) -> str | None:
    is_cluster_owned = table.keyspace in cluster.keyspaces and table.keyspace not in cluster.user_keyspaces
    reasons = {
        "its keyspace is local to each node, or managed by the cluster itself": (
            table.keyspace in local or target.keyspace in local
        ),
        "roles and service levels are not restored with tables": (
            table.keyspace == "system_auth" or table == TableName("system_distributed", "service_levels")
        ),
        "the cluster keeps its own table of CDC streams": (
            is_cluster_owned and _CDC_SYSTEM_TABLE.search(table.table) is not None
        ),
        "CDC logs are not restored: their streams belong to the old cluster": (
            table.table.endswith(_CDC_LOG_SUFFIX)
        ),
        "the state of lightweight transactions is not restored": table.table.endswith(_PAXOS_SUFFIX),
        "a view is rebuilt from its base table, not restored": (
            table in cluster.views or target in cluster.views
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def refuse_impossible(selected: Selected, patterns: Sequence[str]) -> None:
    """Make sure that there is something to restore, and a table for each of it.

    Raises:
        TargetError: the cluster lacks tables, or nothing is selected.
    """
    if selected.missing:
        names = [str(table) for table in selected.missing]
        named = ", ".join(names[:_NAMED_IN_MESSAGE])
        more = f" and {len(names) - _NAMED_IN_MESSAGE} more" if len(names) > _NAMED_IN_MESSAGE else ""
        without = ",".join([*patterns, *(f"!{name}" for name in names[:_NAMED_IN_MESSAGE])])
        raise TargetError(
            f"the backup holds {named}{more}, which the cluster does not have",
            hint=f"restore the schema first (--restore-schema), or leave the tables out (--keyspace '{without}')",
        )
    if not selected.restored:
        reasons = sorted({skipped.reason for skipped in selected.skipped})
        because = f" ({'; '.join(reasons)})" if reasons else ""
        raise TargetError(
            f"no table of the backup is left to restore with --keyspace '{','.join(patterns)}'{because}",
            hint="`backups -L LOCATION --details` lists the tables of a snapshot",
        )
