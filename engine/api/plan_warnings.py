"""What somebody should know before a restore, although it stands in no way."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from scylla_restore.engine.api.disks import Disks
from scylla_restore.engine.core.limits import MIN_FREE_PERCENT
from scylla_restore.engine.core.native import is_native, knows_native, why_not_native
from scylla_restore.engine.core.object_storage import NATIVE_PROVIDERS
from scylla_restore.engine.core.planning import reachable
from scylla_restore.engine.core.rehearsal import Rehearsal
from scylla_restore.engine.core.rules.safety import dangers
from scylla_restore.engine.core.schema_alterations import DISABLED
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.engine.core.words import some_of
from scylla_restore.events.model.target import Method

_SKEW_MS: Final = 30_000


def warnings_of(
    state: RunState, rehearsal: Rehearsal, disks: Disks, *, has_unfinished: bool = False
) -> Iterator[str]:
    """Yield a sentence for each thing that is worth a look.

    Where the cluster ``has_unfinished`` runs, what that run has done is not told of as if it were somebody else's.
    """
    if not has_unfinished:
        yield from (f"{danger.message}; `run` refuses that" for danger in dangers(state))
    yield from _locations(state)
    yield from _mapping(state)
    yield from _idle(state, rehearsal)
    yield from _rate_limits(state)
    yield from _compaction(state)
    yield from _schema(state)
    yield from _native(state)
    yield from _uploads(state)
    yield from _clocks(state)
    yield from _space(state, disks)


def _locations(state: RunState) -> Iterator[str]:
    targets = {target for _, target in state.target.selection.dc_mapping}
    for key, place in state.locations.items():
        eligible = [
            node
            for node in state.nodes.values()
            if place.where.dc in (None, node.dc) and (not targets or node.dc in targets)
        ]
        reaching = [node for node in eligible if key in reachable(state, node)]
        refused = [node for node in eligible if node not in reaching]
        if refused:
            words = next(
                (text for node in refused if (text := _refusal(node, key))), "it is not listed there"
            )
            yield (
                f"{some_of(node.address for node in refused)} cannot read {place.where}, which leaves it to "
                f"{some_of(node.address for node in reaching)}: {words}"
            )
        elif len(reaching) == 1 and len(state.nodes) > 1:
            yield f"{place.where} is left to {reaching[0].address} alone: no other node is in a DC that reads it"


def _refusal(node: NodeState, location: str) -> str:
    return node.joined.unreachable_locations.get(location, "") if node.joined else ""


def _mapping(state: RunState) -> Iterator[str]:
    sources = {source for source, _ in state.target.selection.dc_mapping}
    left_out = sorted({dc for place in state.locations.values() for dc in place.dcs} - sources)
    if sources and left_out:
        yield f"the DC mapping leaves out {some_of(left_out)} of the backup: nothing is restored from there"


def _idle(state: RunState, rehearsal: Rehearsal) -> Iterator[str]:
    idle = [address for address, part in sorted(rehearsal.parts.items()) if not part.batches]
    if idle and not state.target.tuning.parallel:
        yield f"{some_of(idle)} would have nothing to do: there is too little for all nodes, or it is out of their reach"


def _rate_limits(state: RunState) -> Iterator[str]:
    dcs = {node.dc for node in state.nodes.values()}
    for limit in state.target.tuning.rate_limit:
        if limit.dc is not None and limit.dc not in dcs:
            yield f"a rate limit is for DC {limit.dc}, which the cluster does not have: it has {', '.join(sorted(dcs))}"


def _compaction(state: RunState) -> Iterator[str]:
    """Tell of tables that are not compacted now, by the nodes on which that is so: somebody may have forgotten them."""
    tables_of: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for node in state.nodes.values():
        off = (
            tuple(sorted(t for t, on in node.settings.compaction.items() if not on)) if node.settings else ()
        )
        if off:
            tables_of[off].append(node.address)
    for tables, nodes in sorted(tables_of.items()):
        names = some_of(table.replace(":", ".", 1) for table in tables)
        yield (
            f"automatic compaction is off already on {some_of(nodes)} for {names}: "
            "it stays as it is, during the restore and after it"
        )


def _uploads(state: RunState) -> Iterator[str]:
    found = [
        f"{node.address}:data:{path}"
        for node in state.nodes.values()
        if node.inspected
        for path in node.inspected.uploads
    ]
    if found:
        yield (
            f"files of somebody else are in {some_of(found)}: if a load or another restore is at work there, let it end first; "
            "they are set aside for each load, and put back in the end"
        )


def _clocks(state: RunState) -> Iterator[str]:
    for node in state.nodes.values():
        skew_ms = (node.joined.clock_skew_ms if node.joined else None) or 0
        if abs(skew_ms) >= _SKEW_MS:
            yield (
                f"the clock of {node.address} is {abs(skew_ms) // 1000} s {'ahead of' if skew_ms > 0 else 'behind'} this host's: "
                "times will not fit together, and what expires does so by the nodes' clocks"
            )


def _schema(state: RunState) -> Iterator[str]:
    """Tell where views and tombstone_gc are left as they are, and of tables that somebody may have forgotten."""
    recorded = state.schema.recorded
    if recorded is None:
        return
    if not recorded.offered:
        yield f"views and tombstone_gc are left as they are: {recorded.reason}"
    unknown = [table for table in recorded.tables if table.tombstone_gc is None]
    if unknown:
        yield f"the cluster knows no tombstone_gc of {some_of(f'{t.keyspace}.{t.table}' for t in unknown)}: it is passed by"
    kept = [table for table in recorded.tables if dict(table.tombstone_gc or ()).get("mode") == DISABLED]
    if kept:
        yield (
            f"tombstone_gc is disabled already for {some_of(f'{t.keyspace}.{t.table}' for t in kept)}: "
            "it stays as it is, during the restore and after it"
        )


def _native(state: RunState) -> Iterator[str]:
    """Tell of nodes that would download although their Scylla is new enough, or others' restore by themselves."""
    if state.target.tuning.method is Method.RCLONE:
        return
    nodes = state.nodes.values()
    for key, place in state.locations.items():
        is_done = any(is_native(state, node, key) for node in nodes)
        refused = {
            node.address: why
            for node in nodes
            if key in reachable(state, node)
            and (is_done or (knows_native(node) and place.where.provider in NATIVE_PROVIDERS))
            and (why := why_not_native(state, node, key)) is not None
        }
        if refused:
            yield (
                f"{some_of(refused)} would download from {place.where} instead of having Scylla restore it by itself: "
                f"{next(iter(refused.values()))}"
            )


def _space(state: RunState, found: Disks) -> Iterator[str]:
    for node, words in sorted(found.silent.items()):
        yield f"{node} did not tell of its disk: {words}"
    for address, disk in sorted(found.disks.items()):
        if disk.total and disk.free * 100 < disk.total * MIN_FREE_PERCENT:
            yield (
                f"{address} has {disk.free * 100 // disk.total} % of its disk free, and {MIN_FREE_PERCENT} % are kept free: "
                "it would wait for space before its first batch"
            )
    free = sum(disk.free for disk in found.disks.values())
    if len(found.disks) == len(state.nodes) and free < state.workload.size:
        yield (
            f"the nodes have {free:,} bytes free in all, which is less than the {state.workload.size:,} "
            "of the backup, replicas not counted"
        )
