"""How one stage follows another."""

from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import NODE_GIVEN_UP
from scylla_restore.engine.core.planning import pools, pools_left
from scylla_restore.engine.core.rules.prepare import actor_of
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.model.run import Ask, PauseRequested
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered

ORDER = (
    Stage.INIT,
    Stage.DROP_VIEWS,
    Stage.DISABLE_TGC,
    Stage.DATA,
    Stage.REPAIR,
    Stage.ENABLE_TGC,
    Stage.RECREATE_VIEWS,
    Stage.DONE,
)
"""Scylla Manager's order. Stages between INIT, DATA and DONE have their place here and no rules yet."""


def complete_data(state: RunState, _now: datetime) -> Decision | None:
    """All that was selected is in the cluster."""
    if state.stage is not Stage.DATA or state.workload.left or state.batches:
        return None
    return Decision(events=(StageCompleted(stage=Stage.DATA), StageEntered(stage=Stage.DONE)))


def wait_for_space(state: RunState, _now: datetime) -> Decision | None:
    """No node has space and nothing is under way that would make some: the run pauses instead of failing."""
    if state.stage is not Stage.DATA or not any(
        state.nodes[address].waits_for_space for address in state.suspended
    ):
        return None
    left = pools_left(state)
    if any(_may_take_some(state, node, left) for node in state.nodes.values()):
        return None
    reason = "no node has enough free disk space for its next batch"
    return Decision(events=(PauseRequested(requested_by="supervisor", reason=reason),))


def _may_take_some(state: RunState, node: NodeState, left: set[str]) -> bool:
    """Whether the node does something, or may take something without space being made for it first."""
    if node.busy or node.waits_for_space or node.failures >= NODE_GIVEN_UP:
        return node.busy
    if node.joined is None:
        return node.suspended_until is None and (actor_of(node), Ask.JOIN) in state.asked
    return not left.isdisjoint(pools(state, node))
