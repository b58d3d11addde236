"""CQL and Alternator behind one gateway: what is DynamoDB's goes to Alternator, all else to CQL."""

from scylla_restore.engine.core.system_keyspaces import ALTERNATOR_PREFIX
from scylla_restore.engine.schema.alternator import AlternatorSchema
from scylla_restore.engine.schema.port import SchemaGateway
from scylla_restore.events.model.schema import (
    RecordedTable,
    RecordedView,
    SchemaObject,
    TombstoneGc,
    ViewKind,
)

_OF_ALTERNATOR = frozenset({ViewKind.ALTERNATOR_GSI, ViewKind.ALTERNATOR_LSI})


class BothSchemas:
    """The port. Both gateways are its own from now on."""

    def __init__(self, cql: SchemaGateway, alternator: AlternatorSchema) -> None:
        self._cql = cql
        self._alternator = alternator

    def offers_alternator(self) -> bool:
        """See the port."""
        return True

    def tables(self, keyspaces: frozenset[str]) -> tuple[RecordedTable, ...]:
        """See the port."""
        return self._cql.tables(keyspaces)

    def views(self, keyspaces: frozenset[str]) -> tuple[RecordedView, ...]:
        """See the port."""
        tables = self._tables_of(keyspaces)
        plain = keyspaces - {f"{ALTERNATOR_PREFIX}{table}" for table in tables}
        found = list(self._cql.views(plain))
        for table in sorted(tables):
            found += self._alternator.views(table)
        return tuple(found)

    def has_rows(self, keyspace: str, table: str) -> bool:
        """See the port."""
        return self._cql.has_rows(keyspace, table)

    def schema_versions(self) -> frozenset[str]:
        """See the port."""
        return self._cql.schema_versions()

    def set_tombstone_gc(self, keyspace: str, table: str, options: TombstoneGc) -> None:
        """See the port."""
        self._cql.set_tombstone_gc(keyspace, table, options)

    def drop_view(self, view: RecordedView) -> None:
        """See the port."""
        if view.kind in _OF_ALTERNATOR:
            self._alternator.drop_view(view)
        else:
            self._cql.drop_view(view)

    def create_view(self, view: RecordedView) -> None:
        """See the port."""
        if view.kind in _OF_ALTERNATOR:
            self._alternator.create_view(view)
        else:
            self._cql.create_view(view)

    def objects(self) -> frozenset[SchemaObject]:
        """See the port; Alternator's indexes are part of their tables."""
        return frozenset(each for each in self._cql.objects() if not _is_index_of_alternator(each))

    def apply(self, statement: str) -> None:
        """See the port."""
        if statement.lstrip().startswith("{"):
            self._alternator.apply(statement)
        else:
            self._cql.apply(statement)

    def drop(self, schema_object: SchemaObject) -> None:
        """See the port."""
        tables = self._tables_of(frozenset({schema_object.keyspace}))
        if not tables:
            self._cql.drop(schema_object)
        for table in tables:
            self._alternator.drop_table(table)

    def close(self) -> None:
        """See the port."""
        try:
            self._alternator.close()
        finally:
            self._cql.close()

    def _tables_of(self, keyspaces: frozenset[str]) -> frozenset[str]:
        """Return Alternator's tables in some keyspaces; it is not asked where none can be."""
        possible = frozenset(
            keyspace.removeprefix(ALTERNATOR_PREFIX)
            for keyspace in keyspaces
            if keyspace.startswith(ALTERNATOR_PREFIX)
        )
        return possible & self._alternator.table_names() if possible else possible


def _is_index_of_alternator(each: SchemaObject) -> bool:
    if each.kind != "view" or not each.keyspace.startswith(ALTERNATOR_PREFIX):
        return False
    table = each.keyspace.removeprefix(ALTERNATOR_PREFIX)
    return each.name.startswith((f"{table}:", f"{table}!:"))
