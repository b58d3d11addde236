"""Views and indexes over tables, with the server's own words for how they are created."""

from collections.abc import Iterator
from typing import Final

from scylla_restore.engine.core.cql import if_not_exists, quoted, split_statements
from scylla_restore.engine.errors import SchemaObjectMissing, SchemaRefused
from scylla_restore.engine.schema.cql_connection import CqlConnection
from scylla_restore.events.model.schema import RecordedView, ViewKind

_STATEMENT: Final = 3
"""Where DESCRIBE's answer has the statement: after keyspace, kind and name."""


def views_and_indexes(
    connection: CqlConnection, keyspace: str, *, scylla: bool, timeout_s: float
) -> Iterator[RecordedView]:
    """Yield the views, then the indexes of a keyspace. Those that vanish meanwhile are not there.

    Raises:
        SchemaError: see the port.
    """
    views, indexes = names_and_bases(connection, keyspace, scylla=scylla, timeout_s=timeout_s)
    for name, base in views:
        statement = describe(connection, "MATERIALIZED VIEW", keyspace, name, timeout_s=timeout_s)
        if statement is not None:
            yield RecordedView(
                keyspace=keyspace,
                name=name,
                base_table=base,
                kind=ViewKind.MATERIALIZED_VIEW,
                statement=statement,
                build_name=name,
            )
    for name, base in indexes:
        statement = describe(connection, "INDEX", keyspace, name, timeout_s=timeout_s)
        if statement is not None:
            yield RecordedView(
                keyspace=keyspace,
                name=name,
                base_table=base,
                kind=ViewKind.SECONDARY_INDEX,
                statement=statement,
                build_name=view_of_index(name),
            )


def names_and_bases(
    connection: CqlConnection, keyspace: str, *, scylla: bool, timeout_s: float
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (name, base table) of a keyspace's views, without those behind indexes, and of its indexes; both sorted."""
    indexes = connection.execute(
        "SELECT index_name, table_name FROM system_schema.indexes WHERE keyspace_name = %s",
        keyspace,
        timeout_s=timeout_s,
    )
    views = connection.execute(
        "SELECT view_name, base_table_name FROM system_schema.views WHERE keyspace_name = %s",
        keyspace,
        timeout_s=timeout_s,
    )
    # Apache Cassandra keeps indexes in tables that nobody sees: there such a view is somebody's own.
    behind = {(view_of_index(name), base) for name, base in indexes} if scylla else set()
    return sorted({(name, base) for name, base in views} - behind), sorted(
        {(name, base) for name, base in indexes}
    )


def view_of_index(index: str) -> str:
    """Return the name of the view that ScyllaDB keeps an index in."""
    return f"{index}_index"


def describe(
    connection: CqlConnection, kind: str, keyspace: str, name: str, *, timeout_s: float
) -> str | None:
    """Return the statements that create a view or index and may be repeated, each with its semicolon; None if it is gone.

    Raises:
        SchemaRefused: the server answers with nothing that could create it.
    """
    asked = f"DESCRIBE {kind} {quoted(keyspace)}.{quoted(name)}"
    try:
        rows = connection.execute(asked, timeout_s=timeout_s)
    except SchemaObjectMissing:
        return None
    statements = [
        if_not_exists(statement) for row in rows for statement in split_statements(str(row[_STATEMENT] or ""))
    ]
    if not statements:
        raise SchemaRefused(
            f"the cluster does not say how {keyspace}.{name} is created: nothing that is dropped could be put back",
            statement=asked,
        )
    return "\n".join(f"{statement};" for statement in statements)
