"""Where somebody insists on native restores: what Scylla could not restore by itself."""

from scylla_restore.engine.core.native import is_native, why_not_native
from scylla_restore.engine.core.planning import Left, pools, what_is_left
from scylla_restore.engine.core.state import Directory, RunState
from scylla_restore.engine.core.state.workload import location_of
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.target import Method

_HINT = "`--method auto` downloads what Scylla cannot restore by itself"


def native_obstacle(state: RunState) -> Failure | None:
    """Return why not all of a backup can be restored as somebody insists, once all nodes have joined."""
    if state.target.tuning.method is not Method.NATIVE:
        return None
    for left in sorted(what_is_left(state)):
        if not left.restorable or not _readers(state, left):
            return not_restorable(state, left)
    return None


def not_restorable(state: RunState, left: Left) -> Failure:
    """Return what there is to say of SSTables that nobody may download, and Scylla cannot restore."""
    location = location_of(left.pool)
    if not left.restorable:
        message = _of_their_kind(state, left)
    else:
        reasons = [
            f"{node.address}: {why}"
            for node in state.nodes.values()
            if left.pool in pools(state, node) and (why := why_not_native(state, node, location))
        ]
        more = f" (and {len(reasons) - 1} more nodes)" if len(reasons) > 1 else ""
        message = f"no node's Scylla can restore from {location} by itself: {reasons[0]}{more}"
    return Failure(cause=Cause.REFUSED, message=message, hint=_HINT)


def _readers(state: RunState, left: Left) -> list[str]:
    location = location_of(left.pool)
    return [
        node.address
        for node in state.nodes.values()
        if left.pool in pools(state, node) and is_native(state, node, location)
    ]


def _of_their_kind(state: RunState, left: Left) -> str:
    found = state.workload.largest(left.pool, restorable=False)
    if found is not None:
        directory, segment = found
        position, count = segment.first, segment.left
    else:
        batch = next(
            state.batches[b]
            for b in state.returned
            if not state.batches[b].restorable
            and state.workload.directories[state.batches[b].directory].pool == left.pool
        )
        directory = state.workload.directories[batch.directory]
        position, count = batch.positions[0], len(batch.positions)
    return (
        f"Scylla cannot restore {count} SSTables of {directory.keyspace}.{directory.table} in {directory.location} "
        f"by itself: {_why(directory, position)}"
    )


def _why(directory: Directory, position: int) -> str:
    sstable = directory.ids[position]
    if sstable in directory.suffixes:
        return "they are kept under names with a snapshot tag"
    if sstable.isdecimal():
        return "they have integer ids, and it takes UUIDs only"
    return "they have no TOC in the backup"
