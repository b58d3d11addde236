"""Which SSTables a node is given next.

    what is left, by directory:   A ████████████████   B ███████   C ██
    node asks                     └─ the directory with most bytes left, of what the node may take from:
                                     its next SSTables, big first, in multiples of the node's shards, until
                                     the batch is as large as the node's pace asks for

Batches shrink as the rest does, so that all nodes finish together; a slower node has a smaller share of the rest
(``test_planning.py`` draws both).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from scylla_restore.engine.core.limits import (
    ATTEMPTS_PER_NODE,
    FILES_PER_BATCH,
    SHARE_OF_REST,
    SHARE_OF_WORK,
    STAGED_PER_NODE,
)
from scylla_restore.engine.core.native import is_native, may_take, method_for
from scylla_restore.engine.core.state import Batch, Directory, NodeState, RunState, Segment
from scylla_restore.engine.core.state.workload import location_of, pool_of, upcoming
from scylla_restore.events.model.target import Method


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A batch for a node; ``batch`` is an id that exists already when this is another attempt."""

    batch: int
    attempt: int
    method: Method
    directory: str
    positions: tuple[int, ...]
    size: int


def reachable(state: RunState, node: NodeState) -> list[str]:
    """Return the locations that a node may download from.

    It can list them, their DC is its own or none, and a mapping of DCs, if there is one, names its DC as a target.
    """
    mapping = state.target.selection.dc_mapping
    if node.joined is None or (mapping and not any(target == node.dc for _, target in mapping)):
        return []
    return [
        key
        for key in node.joined.locations
        if key in state.locations and state.locations[key].where.dc in (None, node.dc)
    ]


def pools(state: RunState, node: NodeState) -> list[str]:
    """Return the pools that a node may take from: the locations it reaches, or of these the DCs that are mapped to its."""
    locations = reachable(state, node)
    mapping = state.target.selection.dc_mapping
    if not mapping:
        return locations
    sources = [source for source, target in mapping if target == node.dc]
    return [pool_of(location, source) for location in locations for source in sources]


class Left(NamedTuple):
    """Something is left of a pool that no node has; ``restorable`` if it is such that Scylla could restore it by itself."""

    pool: str
    restorable: bool


def what_is_left(state: RunState) -> set[Left]:
    """Return the pools, and which of their SSTables, of which something is left that no node has."""
    workload = state.workload
    returned = (state.batches[batch] for batch in state.returned)
    fresh = {
        Left(pool, restorable)
        for pool in workload.heaps
        for restorable in (False, True)
        if workload.largest(pool, restorable=restorable) is not None
    }
    return fresh | {Left(workload.directories[b.directory].pool, b.restorable) for b in returned}


def may_take_some(state: RunState, node: NodeState, left: Iterable[Left]) -> bool:
    """Whether anything of what is left is for this node."""
    mine = pools(state, node)
    return any(
        each.pool in mine and may_take(state, node, location_of(each.pool), restorable=each.restorable)
        for each in left
    )


def enough_at_work(state: RunState) -> bool:
    """Whether as many nodes are at work as may be at a time; those that are may go on."""
    parallel = state.target.tuning.parallel
    return bool(parallel) and sum(node.busy for node in state.nodes.values()) >= parallel


def next_batch(state: RunState, node: NodeState, now: datetime) -> Assignment | None:
    """Return the best batch for an idle download lane, or None if there is none for it now.

    What Scylla restores by itself on this node is not downloaded there.
    """
    if len(node.staged) >= STAGED_PER_NODE or (not node.busy and enough_at_work(state)):
        return None
    mine = pools(state, node)
    return _returned_batch(state, node, mine, now, Method.RCLONE) or _new_batch(
        state, node, mine, Method.RCLONE
    )


def next_native_batch(state: RunState, node: NodeState, now: datetime) -> Assignment | None:
    """Return the best batch that Scylla may restore by itself on a node whose load lane is idle, or None."""
    if not node.busy and enough_at_work(state):
        return None
    mine = [pool for pool in pools(state, node) if is_native(state, node, location_of(pool))]
    if not mine:
        return None
    return _returned_batch(state, node, mine, now, Method.NATIVE) or _new_batch(
        state, node, mine, Method.NATIVE
    )


def exhausted(state: RunState, batch: Batch, given_up: int) -> bool:
    """Whether a batch has failed often enough everywhere: on each node that reaches it and still answers.

    As long as a node may still join, that is not known.
    """
    left = (Left(state.workload.directories[batch.directory].pool, batch.restorable),)
    alive = [node for node in state.nodes.values() if node.member and node.failures < given_up]
    if any(node.joined is None for node in alive):
        return False
    nodes = [node for node in alive if may_take_some(state, node, left)]
    if not nodes:
        return bool(batch.failures)
    return all(batch.failures.get(n.address, 0) >= ATTEMPTS_PER_NODE for n in nodes)


def _returned_batch(
    state: RunState, node: NodeState, own_pools: list[str], now: datetime, method: Method
) -> Assignment | None:
    for batch_id in state.returned:
        batch = state.batches[batch_id]
        directory = state.workload.directories[batch.directory]
        if directory.pool not in own_pools or (batch.not_before and batch.not_before > now):
            continue
        if method_for(state, node, batch) is not method:
            continue
        mine = batch.failures.get(node.address, 0)
        if mine >= ATTEMPTS_PER_NODE or (mine and mine > _fewest_failures(state, batch, directory.pool)):
            continue
        return Assignment(
            batch=batch.id,
            attempt=batch.attempt + 1,
            method=method,
            directory=batch.directory,
            positions=tuple(batch.positions),
            size=batch.size,
        )
    return None


def _fewest_failures(state: RunState, batch: Batch, pool: str) -> int:
    """How often the batch failed where it failed least, among nodes that could take it now."""
    left = (Left(pool, batch.restorable),)
    return min(
        (
            batch.failures.get(other.address, 0)
            for other in state.nodes.values()
            if other.suspended_until is None and may_take_some(state, other, left)
        ),
        default=0,
    )


def _new_batch(state: RunState, node: NodeState, own_pools: list[str], method: Method) -> Assignment | None:
    found = (
        state.workload.largest(pool, restorable=_kind_for(state, node, pool, method))
        for pool in own_pools
        if method is Method.NATIVE or state.target.tuning.method is not Method.NATIVE
    )
    candidates = [each for each in found if each is not None]
    if not candidates:
        return None
    directory, segment = max(candidates, key=lambda c: (c[1].left_bytes, c[1].left, c[0].id))
    positions = _grow(state, node, directory, segment, method)
    return Assignment(
        batch=state.last_batch + 1,
        attempt=1,
        method=method,
        directory=directory.id,
        positions=tuple(positions),
        size=sum(directory.sizes[p] for p in positions),
    )


def _kind_for(state: RunState, node: NodeState, pool: str, method: Method) -> bool | None:
    """Which SSTables of a pool a node may be given to restore by a method: those that Scylla restores, others, or any."""
    if method is Method.NATIVE:
        return True
    return False if is_native(state, node, location_of(pool)) else None


def _grow(
    state: RunState, node: NodeState, directory: Directory, segment: Segment, method: Method
) -> list[int]:
    shards = node.shards
    components = max(len(shape.components) for shape in directory.shapes)
    most = max(shards, FILES_PER_BATCH // max(1, components))
    # as with Scylla Manager: Scylla goes through all of a table's ranges for each batch, so that small ones are dear
    batch_size = 0 if method is Method.NATIVE else state.target.tuning.batch_size
    if batch_size:
        most = min(most, batch_size * shards)
    positions = upcoming(segment, most - most % shards)
    if not batch_size:
        positions = _up_to(positions, directory, shards, _wanted_bytes(state, node))
    if segment.left - len(positions) < shards and not batch_size:
        positions = upcoming(segment, segment.left)
    return positions


def _up_to(positions: list[int], directory: Directory, shards: int, wanted: float) -> list[int]:
    """Keep whole groups of ``shards`` SSTables until their bytes reach ``wanted``; the first group always."""
    size = 0
    for start in range(0, len(positions), shards):
        if start and size >= wanted:
            return positions[:start]
        size += sum(directory.sizes[p] for p in positions[start : start + shards])
    return positions


def _wanted_bytes(state: RunState, node: NodeState) -> float:
    """How large a batch should be for this node, by its pace among the nodes that take part."""
    peers = [n for n in state.nodes.values() if n.joined is not None and n.suspended_until is None]
    paces = {n.address: _pace(n) for n in peers}
    known = [pace for pace in paces.values() if pace is not None]
    per_shard = sum(known) / sum(n.shards for n in peers if paces[n.address] is not None) if known else 1.0
    weights = {n.address: paces[n.address] or per_shard * n.shards for n in peers}
    share = weights.get(node.address, per_shard * node.shards) / max(sum(weights.values()), 1e-9)
    return min(state.workload.size * share * SHARE_OF_WORK, state.workload.left_bytes * share * SHARE_OF_REST)


def _pace(node: NodeState) -> float | None:
    """Bytes per second that the node was seen to restore, over both lanes."""
    return node.moved_bytes / node.moved_s if node.moved_bytes and node.moved_s else None
