"""What somebody should know before a restore, although it stands in no way."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from scylla_restore.engine.api.surroundings import Leftover, Surroundings
from scylla_restore.engine.core.limits import MIN_FREE_PERCENT
from scylla_restore.engine.core.planning import reachable
from scylla_restore.engine.core.rehearsal import Rehearsal
from scylla_restore.engine.core.state import NodeState, RunState

_NAMED: Final = 3


def warnings_of(
    state: RunState, rehearsal: Rehearsal, surroundings: Surroundings, *, known_runs: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each thing that is worth a look; ``known_runs`` are those of the log."""
    yield from _locations(state)
    yield from _mapping(state)
    yield from _idle(state, rehearsal)
    yield from _rate_limits(state)
    yield from _compaction(state)
    yield from _space(state, surroundings)
    yield from _leftovers(surroundings.leftovers, known_runs)
    if surroundings.tables_looked_into < len(state.directories):
        yield (
            f"what other restores have left was looked for in {surroundings.tables_looked_into} of "
            f"{len(state.directories)} tables: there are too many of them"
        )
    for node, words in sorted(surroundings.silent.items()):
        yield f"{node} did not tell of its disk, or of what other restores have left there: {words}"


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
                f"{_some(node.address for node in refused)} cannot read {place.where}, which leaves it to "
                f"{_some(node.address for node in reaching)}: {words}"
            )
        elif len(reaching) == 1 and len(state.nodes) > 1:
            yield f"{place.where} is left to {reaching[0].address} alone: no other node is in a DC that reads it"


def _refusal(node: NodeState, location: str) -> str:
    return node.joined.unreachable_locations.get(location, "") if node.joined else ""


def _mapping(state: RunState) -> Iterator[str]:
    sources = {source for source, _ in state.target.selection.dc_mapping}
    left_out = sorted({dc for place in state.locations.values() for dc in place.dcs} - sources)
    if sources and left_out:
        yield f"the DC mapping leaves out {_some(left_out)} of the backup: nothing is restored from there"


def _idle(state: RunState, rehearsal: Rehearsal) -> Iterator[str]:
    idle = [address for address, part in sorted(rehearsal.parts.items()) if not part.batches]
    if idle and not state.target.tuning.parallel:
        yield f"{_some(idle)} would have nothing to do: there is too little for all nodes, or it is out of their reach"


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
        names = _some(table.replace(":", ".", 1) for table in tables)
        yield (
            f"automatic compaction is off already on {_some(nodes)} for {names}: "
            "it stays as it is, during the restore and after it"
        )


def _space(state: RunState, surroundings: Surroundings) -> Iterator[str]:
    for address, disk in sorted(surroundings.disks.items()):
        if disk.total and disk.free * 100 < disk.total * MIN_FREE_PERCENT:
            yield (
                f"{address} has {disk.free * 100 // disk.total} % of its disk free, and {MIN_FREE_PERCENT} % are kept free: "
                "it would wait for space before its first batch"
            )
    free = sum(disk.free for disk in surroundings.disks.values())
    if len(surroundings.disks) == len(state.nodes) and free < state.workload.size:
        yield (
            f"the nodes have {free:,} bytes free in all, which is less than the {state.workload.size:,} "
            "of the backup, replicas not counted"
        )


def _leftovers(leftovers: Iterable[Leftover], known_runs: Collection[str]) -> Iterator[str]:
    by_run: defaultdict[str, list[Leftover]] = defaultdict(list)
    for leftover in leftovers:
        by_run[leftover.run].append(leftover)
    for run, found in sorted(by_run.items()):
        where = f"on {_some(sorted({leftover.node for leftover in found}))}, such as data:{found[0].path}"
        if run in known_runs:
            yield f"run {run} has left {_directories(len(found))} {where}"
        else:
            yield (
                f"run {run}, of which this log knows nothing, has {_directories(len(found))} {where}: "
                "another engine may be restoring these tables, or has left them"
            )


def _directories(count: int) -> str:
    return "1 directory" if count == 1 else f"{count} directories"


def _some(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
