"""What a restore would do, found out without doing it."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from scylla_restore.engine.api.disks import Disks
from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.core.alterations import wanted_transfers
from scylla_restore.engine.core.native import is_native, why_not_native
from scylla_restore.engine.core.planning import reachable
from scylla_restore.engine.core.rate_limit import rate_limit_for
from scylla_restore.engine.core.rehearsal import Part, Rehearsal
from scylla_restore.engine.core.state import Directory, LocationState, NodeState, RunState
from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import Method, RestoreTarget


class PlannedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table that would be restored; ``size`` in bytes. ``source`` is what the backup calls it, if that differs."""

    table: str
    source: str | None = None
    size: int
    sstables: int


class PlannedKeyspace(msgspec.Struct, frozen=True, kw_only=True):
    """A keyspace of the cluster, and its tables that would be restored, by name; ``size`` in bytes."""

    keyspace: str
    size: int
    sstables: int
    tables: tuple[PlannedTable, ...]


class PlannedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view that would be dropped, and made again in the end; a local index only waits for that."""

    keyspace: str
    view: str
    type: str
    base_table: str
    create_statement: str


class PlannedLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where data would come from: clusters and DCs that were backed up there, and the hosts that would read it."""

    location: str
    cluster_ids: tuple[str, ...]
    dcs: tuple[str, ...]
    manifests: int
    size: int
    sstables: int
    hosts: tuple[str, ...]


class PlannedNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node and its part. ``seconds`` is when it would be done; ``rate_limit`` is MiB/s, 0 for none.

    ``unreachable`` maps locations that it cannot list to what its agent says; ``disk_…`` are bytes, None if unknown.
    ``native`` are locations that its Scylla would read by itself; ``not_native`` maps others to why it would not.
    """

    host: str
    dc: str
    rack: str
    shards: int
    scylla_version: str
    agent_version: str
    locations: tuple[str, ...]
    unreachable: dict[str, str]
    native: tuple[str, ...]
    not_native: dict[str, str]
    batches: int
    sstables: int
    size: int
    seconds: float
    transfers: int
    rate_limit: int
    disk_total: int | None
    disk_free: int | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole restore, as it would be. ``bytes`` and ``sstables`` are sums over ``units``.

    ``estimate`` is what ``estimated_seconds`` rests on, in words. ``target`` is what was asked for. A restore of the schema
    has ``statements``, and neither SSTables nor batches.
    """

    cluster: str
    cluster_id: str
    snapshot_tag: str
    target: RestoreTarget
    units: tuple[PlannedKeyspace, ...]
    views: tuple[PlannedView, ...]
    locations: tuple[PlannedLocation, ...]
    nodes: tuple[PlannedNode, ...]
    batches: int
    bytes: int
    sstables: int
    skipped: tuple[SkippedTable, ...]
    warnings: tuple[str, ...]
    estimated_seconds: float
    estimate: str
    statements: int = 0


def make_plan(
    state: RunState,
    rehearsal: Rehearsal,
    found: Disks,
    *,
    warnings: tuple[str, ...],
    estimate: str,
) -> Plan:
    """Return the plan of a run that is prepared, and was rehearsed."""
    directories = tuple(state.workload.directories.values())
    return Plan(
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        snapshot_tag=state.target.selection.snapshot_tag,
        target=state.target,
        units=_units(directories),
        views=_views(state),
        locations=tuple(_location(state, place, directories) for place in state.locations.values()),
        nodes=tuple(
            _node(state, node, rehearsal.parts[node.address], found)
            for node in sorted(state.nodes.values(), key=lambda node: (node.dc, node.address))
        ),
        batches=rehearsal.batches,
        bytes=state.workload.size,
        sstables=state.workload.sstables,
        skipped=_skipped(state.locations.values()) + _skipped_objects(state),
        warnings=warnings,
        estimated_seconds=round(rehearsal.seconds, 1),
        estimate=estimate,
        statements=len(state.statements.read),
    )


def _views(state: RunState) -> tuple[PlannedView, ...]:
    recorded = state.schema.recorded
    return tuple(
        PlannedView(
            keyspace=view.keyspace,
            view=view.name,
            type=view.kind.value,
            base_table=view.base_table,
            create_statement=view.statement,
        )
        for view in (recorded.views if recorded is not None else ())
    )


def _units(directories: Iterable[Directory]) -> tuple[PlannedKeyspace, ...]:
    found: defaultdict[str, defaultdict[str, list[Directory]]] = defaultdict(lambda: defaultdict(list))
    for directory in directories:
        found[directory.keyspace][directory.table].append(directory)
    units = []
    for keyspace, by_table in sorted(found.items()):
        tables = tuple(_table(table, parts) for table, parts in sorted(by_table.items()))
        units.append(
            PlannedKeyspace(
                keyspace=keyspace,
                size=sum(table.size for table in tables),
                sstables=sum(table.sstables for table in tables),
                tables=tables,
            )
        )
    return tuple(units)


def _table(table: str, parts: list[Directory]) -> PlannedTable:
    first = parts[0]
    is_renamed = (first.source_keyspace, first.source_table) != (first.keyspace, first.table)
    return PlannedTable(
        table=table,
        source=f"{first.source_keyspace}.{first.source_table}" if is_renamed else None,
        size=sum(sum(directory.sizes) for directory in parts),
        sstables=sum(len(directory.ids) for directory in parts),
    )


def _location(state: RunState, place: LocationState, directories: Iterable[Directory]) -> PlannedLocation:
    key = place.where.key
    manifests = [path for path in map(ManifestPath.parse, place.manifests or ()) if path is not None]
    here = [directory for directory in directories if directory.location == key]
    return PlannedLocation(
        location=str(place.where),
        cluster_ids=tuple(sorted({manifest.cluster_id for manifest in manifests})),
        dcs=tuple(sorted({manifest.dc for manifest in manifests})),
        manifests=len(place.manifests or ()),
        size=sum(sum(directory.sizes) for directory in here),
        sstables=sum(len(directory.ids) for directory in here),
        hosts=tuple(sorted(node.address for node in state.nodes.values() if key in reachable(state, node))),
    )


def _node(state: RunState, node: NodeState, part: Part, found: Disks) -> PlannedNode:
    joined, disk = node.joined, found.disks.get(node.address)
    return PlannedNode(
        host=node.address,
        dc=node.dc,
        rack=node.discovered.rack if node.discovered else "",
        shards=node.shards,
        scylla_version=joined.scylla_version if joined else "",
        agent_version=joined.agent_version if joined else "",
        locations=tuple(str(state.locations[key].where) for key in reachable(state, node)),
        unreachable=joined.unreachable_locations if joined else {},
        native=tuple(key for key in reachable(state, node) if is_native(state, node, key)),
        not_native={
            key: why
            for key in reachable(state, node)
            if (why := why_not_native(state, node, key)) is not None
        }
        if state.target.tuning.method is not Method.RCLONE
        else {},
        batches=part.batches,
        sstables=part.sstables,
        size=part.size,
        seconds=round(part.seconds, 1),
        transfers=wanted_transfers(state, node),
        rate_limit=rate_limit_for(state.target.tuning.rate_limit, node.dc),
        disk_total=disk.total if disk else None,
        disk_free=disk.free if disk else None,
    )


def _skipped_objects(state: RunState) -> tuple[SkippedTable, ...]:
    return tuple(
        SkippedTable(keyspace=each.object.keyspace, table=each.object.name, reason=each.reason)
        for each in state.statements.skipped
    )


def _skipped(locations: Iterable[LocationState]) -> tuple[SkippedTable, ...]:
    found = {
        (table.keyspace, table.table, table.reason): table for place in locations for table in place.skipped
    }
    return tuple(found[key] for key in sorted(found))
