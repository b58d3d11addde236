"""The views over restored tables and how far they are built, and the tables' ``tombstone_gc``."""

import msgspec

from scylla_restore.events.model.schema import (
    BuildStatus,
    RecordedView,
    SchemaRecorded,
    ViewBuildProgressed,
    ViewKind,
)
from scylla_restore.events.projections.catalogue import TableKey
from scylla_restore.events.projections.words import tombstone_gc_mode


class SeenView(msgspec.Struct, frozen=True, kw_only=True):
    """A view: ``built`` of ``nodes`` nodes are done with it, as far as anybody was told."""

    keyspace: str
    name: str
    base_table: str
    kind: ViewKind
    statement: str
    status: BuildStatus = BuildStatus.UNKNOWN
    built: int = 0
    nodes: int = 0


class SchemaSums(msgspec.Struct, kw_only=True):
    """The fold: views as they were recorded, and the mode that each table's ``tombstone_gc`` gets back in the end.

    ``left_alone`` is why the run does not see to any of that, if it does not.
    """

    left_alone: str = ""
    views: list[SeenView] = msgspec.field(default_factory=list)
    tombstone_gc: dict[TableKey, str] = msgspec.field(default_factory=dict)


def record(sums: SchemaSums, event: SchemaRecorded) -> None:
    """Take note of the schema as it was before the run."""
    sums.left_alone = "" if event.offered else event.reason
    sums.views = [_seen(view) for view in event.views]
    sums.tombstone_gc = {
        TableKey(table.keyspace, table.table): tombstone_gc_mode(table.tombstone_gc)
        for table in event.tables
        if table.tombstone_gc is not None
    }


def progress(sums: SchemaSums, event: ViewBuildProgressed) -> None:
    """Take note of how far a view is."""
    for position, view in enumerate(sums.views):
        if (view.keyspace, view.name) == (event.keyspace, event.view):
            sums.views[position] = msgspec.structs.replace(
                view, status=event.status, built=event.built, nodes=event.nodes
            )


def _seen(view: RecordedView) -> SeenView:
    return SeenView(
        keyspace=view.keyspace,
        name=view.name,
        base_table=view.base_table,
        kind=view.kind,
        statement=view.statement,
    )
