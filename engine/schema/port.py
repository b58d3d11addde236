"""What the engine asks of a cluster's schema, through CQL and Alternator.

Every method may be repeated, has a timeout, and raises only ``SchemaError``s:

* ``SchemaUnavailable``   no answer, or none in time: whether a change was made is unknown
* ``SchemaRefused``       the cluster said no
* ``SchemaDenied``        no, or wrong, credentials, or a role without the right to it
* ``SchemaObjectMissing`` the keyspace, table or view is not there
* ``SchemaObjectExists``  what was to be created is there already
"""

from typing import Protocol

import msgspec

from scylla_restore.events.model.schema import RecordedTable, RecordedView, SchemaObject, TombstoneGc


class SchemaNotOffered(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster's nodes take no CQL connections at all; ``reason`` says how that is known."""

    reason: str


class SchemaGateway(Protocol):
    """A cluster's schema. Names are as stored, neither quoted nor folded; quoting is the gateway's affair."""

    def offers_alternator(self) -> bool:
        """Whether Alternator can be asked; without it, what is Alternator's can be neither described nor altered."""
        ...

    def tables(self, keyspaces: frozenset[str]) -> tuple[RecordedTable, ...]:
        """Return the tables of some keyspaces, views left out."""
        ...

    def views(self, keyspaces: frozenset[str]) -> tuple[RecordedView, ...]:
        """Return the views and indexes of some keyspaces, Alternator's too, each with the statement that creates it."""
        ...

    def has_rows(self, keyspace: str, table: str) -> bool:
        """Whether the table holds any row: one is looked for."""
        ...

    def schema_versions(self) -> frozenset[str]:
        """Return the versions of the schema that the nodes have; they agree where there is one."""
        ...

    def set_tombstone_gc(self, keyspace: str, table: str, options: TombstoneGc) -> None:
        """Set a table's ``tombstone_gc``; no options mean the effective default, ``timeout``."""
        ...

    def drop_view(self, view: RecordedView) -> None:
        """Drop a view or an index; one that is not there is no error."""
        ...

    def create_view(self, view: RecordedView) -> None:
        """Create a view or an index; one that is there is no error."""
        ...

    def objects(self) -> frozenset[SchemaObject]:
        """Return everything that the schema consists of, system keyspaces left out."""
        ...

    def apply(self, statement: str) -> None:
        """Carry out one statement as it is: CQL, or JSON of Alternator's CreateTable or UpdateTimeToLive.

        Raises:
            SchemaObjectExists: what it creates is there already.
        """
        ...

    def drop(self, schema_object: SchemaObject) -> None:
        """Drop an object with all that is in it; one that is not there is no error."""
        ...

    def close(self) -> None:
        """Close connections; calls under way end with ``SchemaUnavailable``."""
        ...
