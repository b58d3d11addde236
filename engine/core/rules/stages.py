"""How one stage follows another."""

from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model.run import PauseRequested
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
    joined = [node for node in state.nodes.values() if node.joined is not None]
    if state.stage is not Stage.DATA or not joined:
        return None
    if any(node.busy or not node.waits_for_space for node in joined):
        return None
    reason = "no node has enough free disk space for its next batch"
    return Decision(events=(PauseRequested(requested_by="supervisor", reason=reason),))
