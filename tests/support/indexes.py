"""What the state's indexes have to be: each is made anew from what it is an index of."""

from scylla_restore.engine.core.schema_alterations import is_altered
from scylla_restore.engine.core.state import Batch, NodeState, Phase, RunState
from scylla_restore.engine.core.state.batch import COPYING, LOAD_LANE, NOT_COPIED
from scylla_restore.events.model.alterations import CopiedIntoUpload
from scylla_restore.events.model.target import Method, Staging


def assert_indexes_fit(state: RunState) -> None:
    """Compare every index of a state with what it stands for, and batches with the lanes that hold them."""
    assert sorted(state.failed) == sorted(b.id for b in state.in_phase(Phase.FAILED))
    assert sorted(state.returned) == sorted(b.id for b in state.in_phase(Phase.RETURNED))
    assert set(state.to_load) <= {b.id for b in state.in_phase(Phase.IN_UPLOAD)}
    assert set(state.blocked) <= {b.id for b in state.in_phase(Phase.BLOCKED, Phase.OCCUPIED)}
    assert set(state.to_download) <= {b.id for b in state.in_phase(Phase.CLEAR)}
    assert state.suspended == {a for a, n in state.nodes.items() if n.suspended_until is not None}
    for node in state.nodes.values():
        _assert_lanes_fit(state, node)
        rests = node.suspended_until is not None
        is_off = state.target.tuning.staging is Staging.OFF
        is_free = not node.busy if is_off else node.download is None
        downloads = _set_up(node) and not rests and is_free and not node.left
        loads = _set_up(node) and not rests and node.load is None
        assert (node.address in state.downloads_idle) == downloads
        assert (node.address in state.loads_idle) == (loads and bool(node.staged) and not node.left)
        native = node.joined is not None and bool(node.joined.native_endpoints)
        assert (node.address in state.natives_idle) == (loads and native and not node.staged)
        is_here = node.joined is not None and node.attended and not rests
        assert (node.address in state.to_clear) == (is_here and bool(node.left))
    _assert_left_fits(state)
    _assert_rest_fits(state)
    assert state.schema.altered == (not state.schema.offered or is_altered(state))


def _assert_lanes_fit(state: RunState, node: NodeState) -> None:
    held = [b for b in state.batches.values() if b.node == node.address]
    copied = [b.id for b in held if b.phase in COPYING or (b.phase in NOT_COPIED and not _is_native(b))]
    assert copied == ([node.download] if node.download else [])
    loaded = [b.id for b in held if b.phase in LOAD_LANE or (b.phase in NOT_COPIED and _is_native(b))]
    assert loaded == ([node.load] if node.load else [])
    assert sorted(b.id for b in held if b.phase is Phase.STAGED) == sorted(node.staged)


def _is_native(batch: Batch) -> bool:
    return batch.method is Method.NATIVE


def _assert_left_fits(state: RunState) -> None:
    """What is copied into an upload directory is an attempt's that goes on, or is left by one that has ended."""
    held = {
        f"staging/{b.id}/{b.attempt}"
        for b in state.batches.values()
        if b.direct and b.phase not in (Phase.FAILED, Phase.RETURNED)
    }
    copied = {e.id for e in state.ledger.entries.values() if isinstance(e.alteration, CopiedIntoUpload)}
    left = {entry for node in state.nodes.values() for entry in node.left}
    assert copied - held == left
    assert not held & left


def _set_up(node: NodeState) -> bool:
    return node.joined is not None and node.attended and node.altered


def _assert_rest_fits(state: RunState) -> None:
    workload = state.workload
    open_ones = sum(len(batch.positions) for batch in state.batches.values())
    assert workload.left + open_ones + state.restored_sstables == workload.sstables
    segments = [s for d in workload.directories.values() for s in d.segments]
    if not workload.unsorted:
        assert sum(segment.left for segment in segments) == workload.left
        assert sum(segment.left_bytes for segment in segments) == workload.left_bytes
