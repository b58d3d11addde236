"""What a run knows of the target's schema: the restored tables, and the views and indexes over them."""

from enum import StrEnum

import msgspec

TombstoneGc = tuple[tuple[str, str], ...]
"""All options of a table's ``tombstone_gc`` as (name, value), sorted; empty where the table has none of its own."""


class ViewKind(StrEnum):
    """What stands over a table, in Scylla Manager's words."""

    MATERIALIZED_VIEW = "MaterializedView"
    SECONDARY_INDEX = "SecondaryIndex"
    ALTERNATOR_GSI = "AlternatorGlobalSecondaryIndex"
    ALTERNATOR_LSI = "AlternatorLocalSecondaryIndex"


class RecordedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view or index of a restored table. ``name`` is as stored: of an index its own, not its view's.

    ``statement`` creates it where it is not there and can be repeated; it is the server's own DESCRIBE (with ``IF NOT
    EXISTS``), or for Alternator the JSON of an UpdateTable. ``build_name`` is how ``view_build_statuses`` calls it.
    """

    keyspace: str
    name: str
    base_table: str
    kind: ViewKind
    statement: str
    build_name: str


class RecordedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A restored table. ``id`` is 32 hexadecimal digits; ``tombstone_gc`` is None where the cluster knows no such option."""

    keyspace: str
    table: str
    id: str
    tombstone_gc: TombstoneGc | None


class SchemaObject(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that a schema consists of; names as stored, a function's and an aggregate's without its arguments.

    ``kind`` as ScyllaDB's DESCRIBE says: ``keyspace``, ``type``, ``function``, ``aggregate``, ``table``, ``view``, ``index``.
    A keyspace bears its own name. Alternator's table ``T`` is the table ``T`` of the keyspace ``alternator_T``.
    """

    keyspace: str
    kind: str
    name: str
