"""What of a backup's schema is applied to a cluster, in which order, and what is not, and why."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from scylla_restore.engine.backup.alternator import BackedUpTable, create_table, update_time_to_live
from scylla_restore.engine.backup.schema import SchemaRow
from scylla_restore.engine.core.cql import split_statements, unquoted
from scylla_restore.engine.core.system_keyspaces import ALTERNATOR_PREFIX, SYSTEM_KEYSPACES
from scylla_restore.events.model.schema import SchemaObject
from scylla_restore.events.model.schema_restore import SchemaStatement, SkippedObject

_AUDIT: Final = "audit"
_PAXOS: Final = "$paxos"
_OVERLOADED: Final = frozenset({"function", "aggregate"})
_KINDS: Final = {"materialized_view": "view"}
"""Apache Cassandra's words for ScyllaDB's."""


class RestorableSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Statements in the order in which they are applied."""

    statements: tuple[SchemaStatement, ...] = ()
    skipped: tuple[SkippedObject, ...] = ()


def statements_to_apply(
    rows: Sequence[SchemaRow], alternator_tables: Sequence[BackedUpTable]
) -> RestorableSchema:
    """Return Alternator's tables, then all that DESCRIBE said, in its order; what makes one object may be several statements."""
    statements = [statement for table in alternator_tables for statement in _statements_of_alternator(table)]
    alternator = {
        f"{ALTERNATOR_PREFIX}{table.describe.table_name}"
        for table in alternator_tables
        if table.describe is not None
    }
    skipped = []
    for row in rows:
        described = _object(row)
        reason = _why_not(described, alternator)
        found = split_statements(row.cql_stmt or "")
        if reason is None and not found:
            reason = "the backup does not say how it is created"
        if reason is not None:
            skipped.append(SkippedObject(object=described, reason=reason))
        else:
            statements += [SchemaStatement(object=described, statement=statement) for statement in found]
    return RestorableSchema(statements=tuple(statements), skipped=tuple(skipped))


def _statements_of_alternator(table: BackedUpTable) -> Iterator[SchemaStatement]:
    described = table.describe
    if described is None:
        return
    name = described.table_name
    made = SchemaObject(keyspace=f"{ALTERNATOR_PREFIX}{name}", kind="table", name=name)
    yield SchemaStatement(object=made, statement=create_table(described, table.tags or ()))
    attribute = table.ttl.attribute if table.ttl is not None else None
    if attribute is not None:
        yield SchemaStatement(object=made, statement=update_time_to_live(name, attribute), required=False)


def _object(row: SchemaRow) -> SchemaObject:
    kind = (row.type or "").lower()
    kind = _KINDS.get(kind, kind)
    name = row.name or ""
    if kind in _OVERLOADED:
        name = _without_arguments(name)
    return SchemaObject(keyspace=unquoted(row.keyspace or ""), kind=kind, name=unquoted(name))


def _without_arguments(name: str) -> str:
    """Return ``f`` of ``f(int, text)``; a quoted name may itself hold a bracket."""
    start = name.rfind('"') + 1
    return name[:start] + name[start:].partition("(")[0]


def _why_not(described: SchemaObject, alternator: set[str]) -> str | None:
    """Return why an object is not restored, None if it is."""
    if not described.keyspace:
        return "roles, grants and service levels are not restored"
    if described.keyspace in SYSTEM_KEYSPACES:
        return "the keyspace is the system's own"
    if described.keyspace == _AUDIT:
        return "the nodes make the keyspace of audit themselves"
    if described.kind == "table" and described.name.endswith(_PAXOS):
        return "the nodes make tables of conditional writes themselves"
    if described.keyspace in alternator:
        return "it is made through Alternator"
    return None
