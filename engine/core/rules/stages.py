"""How one stage follows another."""

from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import NODE_GIVEN_UP
from scylla_restore.engine.core.planning import Left, may_take_some, what_is_left
from scylla_restore.engine.core.rules.ledger import is_putting_back, put_back
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
"""Scylla Manager's order."""

OF_THE_SCHEMA = frozenset({Stage.DROP_VIEWS, Stage.DISABLE_TGC, Stage.ENABLE_TGC, Stage.RECREATE_VIEWS})
"""Stages that a run passes by where the cluster offers no CQL."""


def complete(state: RunState, stage: Stage) -> Decision:
    """Leave a stage for the next one that can be had."""
    passed_by = frozenset() if state.schema.offered else OF_THE_SCHEMA
    later = ORDER[ORDER.index(stage) + 1 :]
    entered = next(each for each in later if each not in passed_by)
    return Decision(events=(StageCompleted(stage=stage), StageEntered(stage=entered)))


def is_before(state: RunState, stage: Stage) -> bool:
    """Whether a run has not come to a stage yet."""
    return state.stage is None or ORDER.index(state.stage) < ORDER.index(stage)


def tables_are_verified(state: RunState) -> bool:
    """Whether the tables are known to be those into which all was loaded, as far as the cluster offers to tell."""
    return state.schema.verified or not state.schema.offered


def complete_data(state: RunState, _now: datetime) -> Decision | None:
    """All that was selected is in the cluster, and the nodes are set as they were.

    As with Scylla Manager the settings come before the repair: it writes SSTables that want to be compacted, and has
    no use for the agents. What cannot be put back now is tried again in the end, and does not keep the repair waiting.
    """
    if state.stage is not Stage.DATA or state.data_left:
        return None
    stays = {entry.id for entry in state.ledger.of_schema()}
    return put_back(state, tries=1, stays=stays) or (
        None if is_putting_back(state) else complete(state, Stage.DATA)
    )


def wait_for_space(state: RunState, _now: datetime) -> Decision | None:
    """No node has space and nothing is under way that would make some: the run pauses instead of failing."""
    if not state.data_left or state.stage is not Stage.DATA:
        return None
    if not any(state.nodes[address].waits_for_space for address in state.suspended):
        return None
    left = what_is_left(state)
    if any(_may_take_some(state, node, left) for node in state.nodes.values()):
        return None
    reason = "no node has enough free disk space for its next batch"
    return Decision(events=(PauseRequested(requested_by="supervisor", reason=reason),))


def _may_take_some(state: RunState, node: NodeState, left: set[Left]) -> bool:
    """Whether the node does something, or may take something without space being made for it first."""
    if node.busy or node.waits_for_space or node.failures >= NODE_GIVEN_UP:
        return node.busy
    if node.joined is None:
        return node.suspended_until is None and (f"node/{node.address}", Ask.JOIN) in state.asked
    return may_take_some(state, node, left)
