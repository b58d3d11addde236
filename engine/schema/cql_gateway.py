"""A cluster's schema through CQL: ScyllaDB's, and Apache Cassandra's as far as it has the same."""

from typing import Final

from scylla_restore.engine.core.cql import presentable, quoted, split_statements
from scylla_restore.engine.core.system_keyspaces import ALTERNATOR_PREFIX
from scylla_restore.engine.errors import SchemaObjectMissing, SchemaRefused
from scylla_restore.engine.schema import cql_objects
from scylla_restore.engine.schema.cql_connection import CqlConnection
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.schema.cql_views import views_and_indexes
from scylla_restore.engine.schema.tombstone_gc import EXTENSION, decode_tombstone_gc, tombstone_gc_literal
from scylla_restore.events.model.schema import (
    RecordedTable,
    RecordedView,
    SchemaObject,
    TombstoneGc,
    ViewKind,
)

READ_S: Final = 30.0
"""How long the schema may take to be read, a statement."""
CHANGE_S: Final = 120.0
"""How long a change may take: ScyllaDB makes them one after another for the whole cluster."""
LOOK_S: Final = 10.0
"""How long a row is looked for."""

_DROPPED: Final = {ViewKind.MATERIALIZED_VIEW: "MATERIALIZED VIEW", ViewKind.SECONDARY_INDEX: "INDEX"}


class CqlSchema:
    """The port, without what is Alternator's."""

    def __init__(self, access: CqlAccess) -> None:
        self._connection = CqlConnection(access)
        self._is_scylla: bool | None = None
        self._has_peers_v2: bool | None = None

    def offers_alternator(self) -> bool:
        """See the port."""
        return False

    def tables(self, keyspaces: frozenset[str]) -> tuple[RecordedTable, ...]:
        """See the port."""
        found = []
        for keyspace in sorted(keyspaces):
            statement = "SELECT table_name, id, extensions FROM system_schema.tables WHERE keyspace_name = %s"
            for table, table_id, extensions in self._connection.execute(
                statement, keyspace, timeout_s=READ_S
            ):
                stored: bytes | None = dict(extensions or {}).get(EXTENSION)
                found.append(
                    RecordedTable(
                        keyspace=keyspace,
                        table=table,
                        id=table_id.hex,
                        tombstone_gc=self._tombstone_gc(keyspace, table, stored),
                    )
                )
        return tuple(found)

    def views(self, keyspaces: frozenset[str]) -> tuple[RecordedView, ...]:
        """See the port."""
        scylla = self._scylla()
        found = [
            view
            for keyspace in sorted(keyspaces)
            for view in views_and_indexes(self._connection, keyspace, scylla=scylla, timeout_s=READ_S)
        ]
        for view in found:
            if view.keyspace.startswith(ALTERNATOR_PREFIX) and ":" in view.name:
                raise SchemaRefused(
                    f"{view.keyspace}.{view.name} is an index of alternator, which no node offers: CQL could drop it, "
                    "but not create it again",
                    statement=presentable(view.statement),
                    hint="switch alternator on on the nodes, or leave its tables out",
                )
        return tuple(found)

    def has_rows(self, keyspace: str, table: str) -> bool:
        """See the port."""
        columns = self._connection.execute(
            "SELECT position, column_name FROM system_schema.columns"
            " WHERE keyspace_name = %s AND table_name = %s AND kind = 'partition_key' ALLOW FILTERING",
            keyspace,
            table,
            timeout_s=READ_S,
        )
        key = ", ".join(quoted(name) for _, name in sorted(columns))
        # The token is small whatever the key and the row are.
        statement = f"SELECT token({key}) FROM {_full_name(keyspace, table)} LIMIT 1"  # noqa: S608 - all names are quoted
        if not key:
            raise SchemaObjectMissing(f"there is no table {keyspace}.{table}", statement=statement)
        # A single replica may lack what was written while it was away.
        return bool(self._connection.execute(statement, timeout_s=LOOK_S, quorum=True))

    def schema_versions(self) -> frozenset[str]:
        """See the port."""
        rows = self._connection.execute("SELECT schema_version FROM system.local", timeout_s=READ_S)
        if self._has_peers_v2 is None:
            self._has_peers_v2 = self._has_table("system", "peers_v2")
        peers = "peers_v2" if self._has_peers_v2 else "peers"
        rows += self._connection.execute(
            f"SELECT schema_version FROM system.{peers}",  # noqa: S608 - one of two names
            timeout_s=READ_S,
        )
        return frozenset(str(version) for (version,) in rows if version is not None)

    def set_tombstone_gc(self, keyspace: str, table: str, options: TombstoneGc) -> None:
        """See the port."""
        self.apply(
            f"ALTER TABLE {_full_name(keyspace, table)} WITH tombstone_gc = {tombstone_gc_literal(options)}"
        )

    def drop_view(self, view: RecordedView) -> None:
        """See the port."""
        what = _DROPPED.get(view.kind)
        statement = f"DROP {what} IF EXISTS {_full_name(view.keyspace, view.name)}"
        if what is None:
            raise SchemaRefused(
                f"{view.keyspace}.{view.name} is Alternator's and CQL cannot drop it", statement=statement
            )
        self._drop(statement)

    def create_view(self, view: RecordedView) -> None:
        """See the port."""
        if view.kind not in _DROPPED:
            raise SchemaRefused(
                f"{view.keyspace}.{view.name} is Alternator's and CQL cannot create it",
                statement=view.statement,
            )
        for statement in split_statements(view.statement):
            self.apply(statement)

    def objects(self) -> frozenset[SchemaObject]:
        """See the port."""
        return cql_objects.objects(self._connection, scylla=self._scylla(), timeout_s=READ_S)

    def apply(self, statement: str) -> None:
        """See the port."""
        if statement.lstrip().startswith("{"):
            raise SchemaRefused(
                "the cluster does not offer Alternator: it cannot create a table of it",
                statement=presentable(statement),
                hint="switch Alternator on on the nodes, or leave its tables out",
            )
        self._connection.execute(statement, timeout_s=CHANGE_S)

    def drop(self, schema_object: SchemaObject) -> None:
        """See the port."""
        statements = cql_objects.drop_statements(
            self._connection, schema_object, scylla=self._scylla(), timeout_s=READ_S
        )
        for statement in statements:
            self._drop(statement)

    def close(self) -> None:
        """See the port."""
        self._connection.close()

    def _drop(self, statement: str) -> None:
        try:
            self.apply(statement)
        except SchemaObjectMissing:
            return  # some servers say so where the whole keyspace is missing, IF EXISTS or not

    def _scylla(self) -> bool:
        if self._is_scylla is None:
            self._is_scylla = self._has_table("system_schema", "scylla_tables")
        return self._is_scylla

    def _has_table(self, keyspace: str, table: str) -> bool:
        return bool(
            self._connection.execute(
                "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s AND table_name = %s",
                keyspace,
                table,
                timeout_s=READ_S,
            )
        )

    def _tombstone_gc(self, keyspace: str, table: str, stored: bytes | None) -> TombstoneGc | None:
        if not self._scylla():
            return None
        if stored is None:
            return ()
        try:
            return decode_tombstone_gc(stored)
        except ValueError as error:
            # What cannot be read cannot be put back.
            raise SchemaRefused(
                f"tombstone_gc of {keyspace}.{table} is stored in a way that is not known: {error}",
                statement="SELECT extensions FROM system_schema.tables",
            ) from error


def _full_name(keyspace: str, name: str) -> str:
    return f"{quoted(keyspace)}.{quoted(name)}"
