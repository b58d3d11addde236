"""The schema file of a snapshot, ``…_schema_with_internals.json.gz``, as far as a restore of tables needs it."""

import msgspec

from scylla_restore.engine.backup.compressed import decode_json, gunzip
from scylla_restore.engine.core.cql import unquoted
from scylla_restore.engine.core.table_name import TableName

SCHEMA_LIMIT_BYTES = 256 * 1024 * 1024
"""The largest schema that is unpacked."""

_VIEW_TYPES = frozenset({"view", "materialized_view"})
_INDEX_VIEW_SUFFIX = "_index"


class SchemaRow(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the schema. Names are quoted where CQL needs it; what is absent is empty."""

    keyspace: str | None = None
    type: str | None = None
    name: str | None = None
    cql_stmt: str | None = None


_ROWS = msgspec.json.Decoder(tuple[SchemaRow, ...] | None)


def read_schema(data: bytes, *, path: str, limit_bytes: int = SCHEMA_LIMIT_BYTES) -> tuple[SchemaRow, ...]:
    """Read the bytes of a schema object, in the order in which it has to be applied; ``path`` names it in errors.

    Raises:
        BackupError: it is damaged, cut off, too large, or has another shape.
    """
    what = f"schema {path}"
    return decode_json(gunzip(data, what=what, limit_bytes=limit_bytes), _ROWS, what=what) or ()


def views_of(rows: tuple[SchemaRow, ...]) -> frozenset[TableName]:
    """Return the materialized views, and the views behind secondary indexes (``<index>_index``)."""
    views = set()
    for row in rows:
        kind = (row.type or "").lower()
        keyspace, name = unquoted(row.keyspace or ""), unquoted(row.name or "")
        if kind in _VIEW_TYPES:
            views.add(TableName(keyspace, name))
        elif kind == "index":
            views.add(TableName(keyspace, f"{name}{_INDEX_VIEW_SUFFIX}"))
            # Older ScyllaDB describes an index under the name of its view.
            if name.endswith(_INDEX_VIEW_SUFFIX):
                views.add(TableName(keyspace, name))
    return frozenset(views)
