"""Views and indexes over tables, with the server's own words for how they are created."""

from collections.abc import Iterator
from typing import Final

import msgspec

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
    names = names_and_bases(connection, keyspace, scylla=scylla, timeout_s=timeout_s)
    for name, base in names.views:
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
    for name, base in names.indexes:
        statement = describe(connection, "INDEX", keyspace, name, timeout_s=timeout_s)
        if statement is not None:
            yield RecordedView(
                keyspace=keyspace,
                name=name,
                base_table=base,
                kind=ViewKind.SECONDARY_INDEX,
                statement=statement,
                build_name=view_of_index(name) if name in names.built else "",
            )


class NamesAndBases(msgspec.Struct, frozen=True, kw_only=True):
    """What stands over a keyspace's tables as (name, base table), sorted; views without those behind indexes.

    ``built`` are the indexes that are built as views are: of vectors, for one, ScyllaDB keeps none.
    """

    views: tuple[tuple[str, str], ...]
    indexes: tuple[tuple[str, str], ...]
    built: frozenset[str]


def names_and_bases(
    connection: CqlConnection, keyspace: str, *, scylla: bool, timeout_s: float
) -> NamesAndBases:
    """Read what stands over a keyspace's tables.

    Raises:
        SchemaError: see the port.
    """
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
    own = {(name, base) for name, base in views}
    # Apache Cassandra keeps indexes in tables that nobody sees: there such a view is somebody's own.
    behind = {(view_of_index(name), base) for name, base in indexes} & own if scylla else set()
    return NamesAndBases(
        views=tuple(sorted(own - behind)),
        indexes=tuple(sorted((name, base) for name, base in indexes)),
        built=frozenset(
            name for name, base in indexes if not scylla or (view_of_index(name), base) in behind
        ),
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
