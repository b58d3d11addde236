"""What the state's indexes have to be: each is made anew from what it is an index of."""

from scylla_restore.engine.core.schema_alterations import is_altered
from scylla_restore.engine.core.state import NodeState, Phase, RunState
from scylla_restore.engine.core.state.batch import DOWNLOAD_LANE, LOAD_LANE


def assert_indexes_fit(state: RunState) -> None:
    """Compare every index of a state with what it stands for, and batches with the lanes that hold them."""
    assert sorted(state.failed) == sorted(b.id for b in state.in_phase(Phase.FAILED))
    assert sorted(state.returned) == sorted(b.id for b in state.in_phase(Phase.RETURNED))
    assert set(state.to_load) <= {b.id for b in state.in_phase(Phase.IN_UPLOAD)}
    assert set(state.blocked) <= {b.id for b in state.in_phase(Phase.BLOCKED)}
    assert state.suspended == {a for a, n in state.nodes.items() if n.suspended_until is not None}
    for node in state.nodes.values():
        _assert_lanes_fit(state, node)
        rests = node.suspended_until is not None
        downloads = _set_up(node) and not rests and node.download is None
        loads = _set_up(node) and not rests and node.load is None
        assert (node.address in state.downloads_idle) == downloads
        assert (node.address in state.loads_idle) == (loads and bool(node.staged))
        native = node.joined is not None and bool(node.joined.native_endpoints)
        assert (node.address in state.natives_idle) == (loads and native and not node.staged)
    _assert_rest_fits(state)
    assert state.schema.altered == (not state.schema.offered or is_altered(state))


def _assert_lanes_fit(state: RunState, node: NodeState) -> None:
    held = [b for b in state.batches.values() if b.node == node.address]
    assert [b.id for b in held if b.phase in DOWNLOAD_LANE] == ([node.download] if node.download else [])
    assert [b.id for b in held if b.phase in LOAD_LANE] == ([node.load] if node.load else [])
    assert sorted(b.id for b in held if b.phase is Phase.STAGED) == sorted(node.staged)


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
