"""Scylla Manager's table ``restore_run``: one row per run."""

from typing import Final

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.locations import DirectoryIndexed, LocationIndexed
from scylla_restore.events.model.run import RunCompleted, RunStarted
from scylla_restore.events.model.schema import SchemaRecorded, ViewBuildProgressed
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections import viewing
from scylla_restore.events.projections.catalogue import Catalogue
from scylla_restore.events.projections.viewing import SchemaSums

Key = tuple[str, str, str]

HEARD: Final = frozenset(
    {
        RunStarted,
        DirectoryIndexed,
        LocationIndexed,
        StageEntered,
        RunCompleted,
        SchemaRecorded,
        ViewBuildProgressed,
    }
)
"""All others change nothing here."""


class RestoreTable(msgspec.Struct, frozen=True, kw_only=True):
    """The user-defined type ``restore_table``; ``size`` in bytes, ``tombstone_gc`` the mode, empty where it has none."""

    table_name: str
    size: int
    tombstone_gc: str


class RestoreUnit(msgspec.Struct, frozen=True, kw_only=True):
    """The user-defined type ``restore_unit``: a keyspace and its tables, by name."""

    keyspace_name: str
    size: int
    tables: tuple[RestoreTable, ...]


class RestoreView(msgspec.Struct, frozen=True, kw_only=True):
    """The user-defined type ``restore_view``."""

    keyspace_name: str
    view_name: str
    base_table: str
    view_type: str
    create_stmt: str
    build_status: str


class RestoreRunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row, columns as Scylla Manager's. Our run is its task, too: ``task_id`` equals ``id``."""

    cluster_id: str
    task_id: str
    id: str
    prev_id: str | None
    snapshot_tag: str
    stage: str
    units: tuple[RestoreUnit, ...]
    views: tuple[RestoreView, ...]
    repair_task_id: str | None

    @property
    def key(self) -> Key:
        """The primary key: partition, then clustering columns."""
        return (self.cluster_id, self.task_id, self.id)


Changed = dict[Key, RestoreRunRow | None]


class RestoreRunState(msgspec.Struct, kw_only=True):
    """The fold."""

    run: str = ""
    cluster_id: str = ""
    snapshot_tag: str = ""
    stage: Stage = Stage.INIT
    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    schema: SchemaSums = msgspec.field(default_factory=SchemaSums)


def apply(state: RestoreRunState, envelope: Envelope, changed: Changed) -> None:
    """Fold one record into ``state``, and put into ``changed`` what it changes in the table."""
    if type(envelope.event) not in HEARD:
        return
    match envelope.event:
        case DirectoryIndexed() as event:
            state.catalogue.add(event)
            return
        case LocationIndexed() as event:
            state.catalogue.complete(event)
        case RunStarted() as event:
            state.run = envelope.run
            state.cluster_id = event.cluster_id
            state.snapshot_tag = event.target.selection.snapshot_tag
        case StageEntered() as event:
            state.stage = event.stage
        case RunCompleted():
            state.stage = Stage.DONE
        case SchemaRecorded() as event:
            viewing.record(state.schema, event)
        case ViewBuildProgressed() as event:
            viewing.progress(state.schema, event)
    row = _row(state)
    changed[row.key] = row


def _row(state: RestoreRunState) -> RestoreRunRow:
    return RestoreRunRow(
        cluster_id=state.cluster_id,
        task_id=state.run,
        id=state.run,
        prev_id=None,
        snapshot_tag=state.snapshot_tag,
        stage=state.stage.value,
        units=_units(state),
        views=tuple(
            RestoreView(
                keyspace_name=view.keyspace,
                view_name=view.name,
                base_table=view.base_table,
                view_type=view.kind.value,
                create_stmt=view.statement,
                build_status=view.status.value,
            )
            for view in state.schema.views
        ),
        repair_task_id=None,
    )


def _units(state: RestoreRunState) -> tuple[RestoreUnit, ...]:
    tables: dict[str, list[RestoreTable]] = {}
    found, modes = state.catalogue.tables, state.schema.tombstone_gc
    for key in sorted(found):
        table = RestoreTable(table_name=key.table, size=found[key].size, tombstone_gc=modes.get(key, ""))
        tables.setdefault(key.keyspace, []).append(table)
    return tuple(
        RestoreUnit(keyspace_name=keyspace, size=sum(table.size for table in of), tables=tuple(of))
        for keyspace, of in tables.items()
    )
