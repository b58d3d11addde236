"""Everything that a schema consists of, and how it is dropped."""

from typing import Final

from scylla_restore.engine.core.cql import quoted
from scylla_restore.engine.core.system_keyspaces import SYSTEM_KEYSPACES
from scylla_restore.engine.errors import SchemaRefused
from scylla_restore.engine.schema.cql_connection import CqlConnection
from scylla_restore.engine.schema.cql_views import names_and_bases, view_of_index
from scylla_restore.events.model.schema import SchemaObject

_KINDS: Final = (
    ("type", "types", "type_name"),
    ("function", "functions", "function_name"),
    ("aggregate", "aggregates", "aggregate_name"),
    ("table", "tables", "table_name"),
    ("view", "views", "view_name"),
    ("index", "indexes", "index_name"),
)
"""Kind, the table of ``system_schema`` that knows them, and its column for the name."""
_OVERLOADED: Final = frozenset({"function", "aggregate"})
_DROPPED: Final = {"type": "TYPE", "table": "TABLE", "view": "MATERIALIZED VIEW", "index": "INDEX"}


def objects(connection: CqlConnection, *, scylla: bool, timeout_s: float) -> frozenset[SchemaObject]:
    """Return all objects of keyspaces that are not the system's; views behind indexes are none of their own."""
    found = {
        SchemaObject(keyspace=keyspace, kind="keyspace", name=keyspace)
        for (keyspace,) in connection.execute(
            "SELECT keyspace_name FROM system_schema.keyspaces", timeout_s=timeout_s
        )
    }
    for kind, table, column in _KINDS:
        rows = connection.execute(
            f"SELECT keyspace_name, {column} FROM system_schema.{table}",  # noqa: S608 - names of ours
            timeout_s=timeout_s,
        )
        found |= {SchemaObject(keyspace=keyspace, kind=kind, name=name) for keyspace, name in rows}
    if scylla:
        found -= {
            SchemaObject(keyspace=each.keyspace, kind="view", name=view_of_index(each.name))
            for each in found
            if each.kind == "index"
        }
    return frozenset(each for each in found if each.keyspace not in SYSTEM_KEYSPACES)


def drop_statements(
    connection: CqlConnection, schema_object: SchemaObject, *, scylla: bool, timeout_s: float
) -> tuple[str, ...]:
    """Return what drops an object, whether it is there or not.

    Raises:
        SchemaRefused: there is no way to drop such an object.
    """
    keyspace, kind, name = schema_object.keyspace, schema_object.kind, schema_object.name
    if kind == "keyspace":
        return (f"DROP KEYSPACE IF EXISTS {quoted(name)}",)
    full = f"{quoted(keyspace)}.{quoted(name)}"
    if kind in _OVERLOADED:
        rows = connection.execute(
            f"SELECT argument_types FROM system_schema.{kind}s WHERE keyspace_name = %s AND {kind}_name = %s",  # noqa: S608 - one of two words
            keyspace,
            name,
            timeout_s=timeout_s,
        )
        return tuple(
            f"DROP {kind.upper()} IF EXISTS {full} ({', '.join(arguments or ())})" for (arguments,) in rows
        )
    if kind not in _DROPPED:
        raise SchemaRefused(f"nothing drops a {kind}: {keyspace}.{name}", statement="")
    views: tuple[str, ...] = ()
    if kind == "table":
        names = names_and_bases(connection, keyspace, scylla=scylla, timeout_s=timeout_s)
        # A table goes with its indexes, but not with its views.
        views = tuple(
            f"DROP MATERIALIZED VIEW IF EXISTS {quoted(keyspace)}.{quoted(view)}"
            for view, base in names.views
            if base == name
        )
    return (*views, f"DROP {_DROPPED[kind]} IF EXISTS {full}")
