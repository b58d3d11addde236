"""DATA has come to a standstill: what is left is beyond every node, and somebody has to look."""

from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import NODE_GIVEN_UP
from scylla_restore.engine.core.planning import Left, exhausted, may_take_some, pools, what_is_left
from scylla_restore.engine.core.rules.failures import worn_out
from scylla_restore.engine.core.rules.native import not_restorable
from scylla_restore.engine.core.rules.prepare import unreached
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.model.run import FailureDeclared
from scylla_restore.events.model.stages import Stage


def impasse(state: RunState, _now: datetime) -> Decision | None:
    """Nobody is at work, and a location or a batch is left that no node can take, nor one that may still join."""
    if state.stage is not Stage.DATA or not state.prepared or any(n.busy for n in state.nodes.values()):
        return None
    for left in sorted(what_is_left(state)):
        if not any(_may_take(state, node, left) for node in state.nodes.values()):
            reached = any(left.pool in pools(state, node) for node in state.nodes.values())
            failure = not_restorable(state, left) if reached else unreached(state, left.pool)
            return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))
    for batch_id in state.returned:
        batch = state.batches[batch_id]
        if batch.failure is not None and exhausted(state, batch, NODE_GIVEN_UP):
            return Decision(events=(worn_out(state, batch, batch.failure),))
    return None


def _may_take(state: RunState, node: NodeState, left: Left) -> bool:
    if node.joined is None:
        return node.member and node.failures < NODE_GIVEN_UP
    return may_take_some(state, node, (left,))
