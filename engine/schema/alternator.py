"""What of a cluster's schema is Alternator's: tables, and the indexes over them."""

from collections.abc import Iterator
from typing import Final

import msgspec

from scylla_restore.engine.backup.alternator import Description, Index, create_index
from scylla_restore.engine.core.cql import presentable
from scylla_restore.engine.core.system_keyspaces import ALTERNATOR_PREFIX
from scylla_restore.engine.errors import SchemaObjectMissing, SchemaRefused, SchemaUnavailable
from scylla_restore.engine.schema.alternator_client import AlternatorAccess, AlternatorClient
from scylla_restore.events.model.schema import RecordedView, ViewKind

_DELETING: Final = "DELETING"
_TTL: Final = "TimeToLiveSpecification"
_TTL_ON: Final = frozenset({"ENABLED", "ENABLING"})
_MOST_PAGES: Final = 10_000

_Arguments = dict[str, object]


class AlternatorSchema:
    """Tables are named as Alternator does; those of keyspace ``alternator_T`` are the one table ``T``."""

    def __init__(self, access: AlternatorAccess) -> None:
        self._client = AlternatorClient(access)

    def table_names(self) -> frozenset[str]:
        """Return the names of all tables.

        Raises:
            SchemaError: see the port.
        """
        names: set[str] = set()
        position: _Arguments = {}
        for _ in range(_MOST_PAGES):
            page = msgspec.convert(self._client.call("list_tables", **position), _Page)
            names |= set(page.names)
            if page.last is None:
                break
            position = {"ExclusiveStartTableName": page.last}
        return frozenset(names)

    def views(self, table: str) -> tuple[RecordedView, ...]:
        """Return the indexes over a table, none if there is no such table.

        Raises:
            SchemaError: see the port.
        """
        described = self._describe(table)
        return () if described is None else tuple(_views(described))

    def drop_view(self, view: RecordedView) -> None:
        """Drop a global index; one that is not there is no error.

        Raises:
            SchemaRefused: it is a local one, which comes and goes with its table.
            SchemaError: see the port.
        """
        if view.kind is not ViewKind.ALTERNATOR_GSI:
            raise SchemaRefused(
                f"local indexes of alternator cannot be dropped: {view.base_table}.{view.name}",
                statement=f"drop {view.name}",
            )
        described = self._describe(view.base_table)
        if described is None or _global_index(described, view.name) is None:
            return
        self._client.call(
            "update_table",
            TableName=view.base_table,
            GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": view.name}}],
        )

    def create_view(self, view: RecordedView) -> None:
        """Create a global index; one that is there is no error. A local one can only be there.

        Raises:
            SchemaError: see the port; ``SchemaUnavailable`` while the table has another index made or dropped.
        """
        described = self._describe(view.base_table)
        if described is None:
            raise SchemaObjectMissing(
                f"alternator has no table {view.base_table}", statement=presentable(view.statement)
            )
        if view.kind is not ViewKind.ALTERNATOR_GSI:
            if view.name not in {index.index_name for index in described.local_secondary_indexes or ()}:
                raise SchemaRefused(
                    f"local indexes of alternator come with their table: {view.base_table}.{view.name}",
                    statement=f"create {view.name}",
                )
            return
        known = _global_index(described, view.name)
        if known is None:
            self._client.call("update_table", **_arguments(view.statement))
        elif known.index_status == _DELETING:
            raise SchemaUnavailable(
                f"the index {view.base_table}.{view.name} is still being dropped",
                statement=presentable(view.statement),
            )

    def apply(self, statement: str) -> None:
        """Carry out the JSON of a CreateTable, or of an UpdateTimeToLive.

        Raises:
            SchemaError: see the port.
        """
        arguments = _arguments(statement)
        if _TTL not in arguments:
            self._client.call("create_table", **arguments)
        elif not self._expires(str(arguments.get("TableName")), arguments[_TTL]):
            self._client.call("update_time_to_live", **arguments)

    def drop_table(self, table: str) -> None:
        """Delete a table with its indexes; one that is not there is no error.

        Raises:
            SchemaError: see the port.
        """
        try:
            described = self._describe(table)
            if described is not None and described.deletion_protection_enabled:
                self._client.call("update_table", TableName=table, DeletionProtectionEnabled=False)
            if described is not None:
                self._client.call("delete_table", TableName=table)
        except SchemaObjectMissing:
            return

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _describe(self, table: str) -> Description | None:
        try:
            answer = self._client.call("describe_table", TableName=table)
        except SchemaObjectMissing:
            return None
        try:
            return msgspec.convert(answer, _Described).table
        except msgspec.ValidationError as error:
            raise SchemaRefused(
                f"alternator describes {table} in a way that is not known: {error}",
                statement=f"describe_table {table}",
            ) from error

    def _expires(self, table: str, wanted: object) -> bool:
        """Whether items of a table expire as it is wanted."""
        answer = self._client.call("describe_time_to_live", TableName=table)
        told = msgspec.convert(answer, _Expiring).told
        attribute = msgspec.convert(wanted, _Expiry).attribute
        return told.status in _TTL_ON and told.attribute == attribute


class _Page(msgspec.Struct, frozen=True):
    names: tuple[str, ...] = msgspec.field(name="TableNames", default=())
    last: str | None = msgspec.field(name="LastEvaluatedTableName", default=None)


class _Described(msgspec.Struct, frozen=True):
    table: Description = msgspec.field(name="Table")


class _Expiry(msgspec.Struct, frozen=True):
    status: str | None = msgspec.field(name="TimeToLiveStatus", default=None)
    attribute: str | None = msgspec.field(name="AttributeName", default=None)


class _Expiring(msgspec.Struct, frozen=True):
    told: _Expiry = msgspec.field(name="TimeToLiveDescription", default=_Expiry())


def _arguments(statement: str) -> _Arguments:
    try:
        return msgspec.json.decode(statement, type=_Arguments)
    except msgspec.DecodeError as error:
        raise SchemaRefused(f"not a call of alternator: {error}", statement=presentable(statement)) from error


def _global_index(described: Description, name: str) -> Index | None:
    found = (index for index in described.global_secondary_indexes or () if index.index_name == name)
    return next(found, None)


def _views(described: Description) -> Iterator[RecordedView]:
    table = described.table_name
    for index in described.global_secondary_indexes or ():
        if index.index_status != _DELETING:
            yield RecordedView(
                keyspace=f"{ALTERNATOR_PREFIX}{table}",
                name=index.index_name,
                base_table=table,
                kind=ViewKind.ALTERNATOR_GSI,
                statement=create_index(described, index),
                build_name=f"{table}:{index.index_name}",
            )
    for index in described.local_secondary_indexes or ():
        yield RecordedView(
            keyspace=f"{ALTERNATOR_PREFIX}{table}",
            name=index.index_name,
            base_table=table,
            kind=ViewKind.ALTERNATOR_LSI,
            statement="",
            build_name=f"{table}!:{index.index_name}",
        )
