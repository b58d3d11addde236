"""What a restore wants otherwise in the target's schema, and for how long."""

from collections.abc import Iterator
from typing import Final

from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model.alterations import (
    Alteration,
    SchemaAlteration,
    SchemaObjectCreated,
    TombstoneGcDisabled,
    ViewDropped,
)
from scylla_restore.events.model.schema import RecordedTable, SchemaObject, ViewKind
from scylla_restore.events.model.stages import Stage

DISABLED: Final = "disabled"
"""The mode of ``tombstone_gc`` in which nothing is collected."""

_WITHOUT_VIEWS: Final = frozenset({Stage.DROP_VIEWS, Stage.DISABLE_TGC, Stage.DATA, Stage.REPAIR})
_WITHOUT_COLLECTION: Final = _WITHOUT_VIEWS - {Stage.DROP_VIEWS}


def name_of(alteration: SchemaAlteration) -> str:
    """Return what is altered, unique among all: ``view <keyspace>.<view>`` or ``tombstone_gc of <keyspace>.<table>``."""
    match alteration:
        case ViewDropped(view=view):
            return f"view {view.keyspace}.{view.name}"
        case TombstoneGcDisabled():
            return f"tombstone_gc of {alteration.keyspace}.{alteration.table}"
        case SchemaObjectCreated():
            return object_name(alteration.object)


def table_of(alteration: Alteration) -> str:
    """Return the table (``<keyspace>:<table>``) that is altered, or that what is altered stands over; else nothing."""
    match alteration:
        case ViewDropped(view=view):
            return f"{view.keyspace}:{view.base_table}"
        case TombstoneGcDisabled():
            return f"{alteration.keyspace}:{alteration.table}"
        case _:
            return ""


def object_name(described: SchemaObject) -> str:
    """Return an object as people call it: ``keyspace ks``, ``table ks.t``."""
    if described.kind == "keyspace":
        return f"keyspace {described.keyspace}"
    return f"{described.kind} {described.keyspace}.{described.name}"


def missing_alterations(state: RunState) -> Iterator[SchemaAlteration]:
    """Yield what the present stage wants altered and the ledger does not know.

    All of it at first; and all of it once more where it was put back between two engines, as a person may ask for.
    """
    known = {
        name_of(e.alteration) for e in state.ledger.of_schema() if isinstance(e.alteration, SchemaAlteration)
    }
    for alteration in _wanted(state):
        if name_of(alteration) not in known:
            yield alteration


def is_altered(state: RunState) -> bool:
    """Whether all is altered that the present stage wants to be; what the fold keeps as an index."""
    return all(entry.made for entry in state.ledger.of_schema()) and not any(missing_alterations(state))


def is_collected(table: RecordedTable) -> bool:
    """Whether tombstones of the table are collected, so that the restore has to see to it that they are not."""
    return table.tombstone_gc is not None and dict(table.tombstone_gc).get("mode") != DISABLED


def _wanted(state: RunState) -> Iterator[SchemaAlteration]:
    recorded = state.schema.recorded
    if recorded is None:
        return
    if state.stage in _WITHOUT_VIEWS:
        for view in recorded.views:
            # a local index cannot be dropped apart from its table
            if view.kind is not ViewKind.ALTERNATOR_LSI:
                yield ViewDropped(view=view)
    if state.stage in _WITHOUT_COLLECTION:
        for table in recorded.tables:
            if table.tombstone_gc is not None and is_collected(table):
                yield TombstoneGcDisabled(
                    keyspace=table.keyspace, table=table.table, before=table.tombstone_gc
                )
