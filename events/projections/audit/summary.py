"""The summary of an audit, in the shape in which it is printed."""

from datetime import datetime

import msgspec

from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import RestoreTarget
from scylla_restore.events.projections.audit.state import (
    Action,
    AuditState,
    FailureRecord,
    ManifestRecord,
    NodeRecord,
    OpenAlteration,
    TableRecord,
)
from scylla_restore.events.projections.catalogue import Extent
from scylla_restore.events.projections.progress_state import RunState


class LocationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A location and the manifests that were restored from."""

    location: str
    manifests: tuple[ManifestRecord, ...]


class TableSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A table: what the backup holds of it, and what of that is in the cluster. Sizes are bytes."""

    keyspace: str
    table: str
    sstables: int
    size: int
    restored_sstables: int
    restored_size: int
    batches: int
    failures: int


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """All failures by number, and the first of them."""

    total: int
    first: tuple[FailureRecord, ...]


class Alterations(msgspec.Struct, frozen=True, kw_only=True):
    """What the run altered in the cluster, and what of that is not as it was before."""

    made: int
    undone: int
    open: tuple[OpenAlteration, ...]


class AuditSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did. Sizes are bytes, times in UTC; ``target`` is what was asked for, as it was recorded."""

    run_id: str
    cluster: str
    cluster_id: str
    target_cluster: str
    state: RunState
    started_by: str
    started_at: datetime | None
    ended_at: datetime | None
    engine_versions: tuple[str, ...]
    target: RestoreTarget | None
    sstables: int
    size: int
    restored_sstables: int
    restored_size: int
    batches: int
    locations: tuple[LocationSummary, ...]
    tables: tuple[TableSummary, ...]
    nodes: tuple[NodeRecord, ...]
    skipped: tuple[SkippedTable, ...]
    actions: tuple[Action, ...]
    actions_untold: int
    failures: Failures
    alterations: Alterations


def summary(state: AuditState) -> AuditSummary:
    """Return the summary of what is folded so far; what it holds is not changed by folding on."""
    return AuditSummary(
        run_id=state.run,
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        target_cluster=state.target_cluster,
        state=state.state,
        started_by=state.started_by,
        started_at=state.started_at,
        ended_at=state.ended_at,
        engine_versions=tuple(state.engine_versions),
        target=state.target,
        sstables=state.catalogue.total.sstables,
        size=state.catalogue.total.size,
        restored_sstables=state.restored.sstables,
        restored_size=state.restored.size,
        batches=state.batches,
        locations=tuple(
            LocationSummary(location=location, manifests=tuple(by_path[path] for path in sorted(by_path)))
            for location, by_path in sorted(state.manifests.items())
        ),
        tables=_tables(state),
        nodes=tuple(msgspec.structs.replace(node) for _, node in sorted(state.nodes.items())),
        skipped=tuple(skipped for _, of in sorted(state.skipped.items()) for skipped in of),
        actions=tuple(state.actions),
        actions_untold=state.actions_untold,
        failures=Failures(total=len(state.failures) + state.failures_untold, first=tuple(state.failures)),
        alterations=Alterations(
            made=state.alterations_made,
            undone=state.alterations_undone,
            open=tuple(state.alterations.values()),
        ),
    )


def _tables(state: AuditState) -> tuple[TableSummary, ...]:
    rows = []
    for key in sorted(state.catalogue.tables):
        selected: Extent = state.catalogue.tables[key]
        restored = state.tables.get(key, TableRecord())
        rows.append(
            TableSummary(
                keyspace=key.keyspace,
                table=key.table,
                sstables=selected.sstables,
                size=selected.size,
                restored_sstables=restored.sstables,
                restored_size=restored.size,
                batches=restored.batches,
                failures=restored.failures,
            )
        )
    return tuple(rows)
