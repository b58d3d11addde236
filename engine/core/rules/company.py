"""One run at a time in a cluster: whoever begins looks for others once more when it is in the log itself.

    run A    recorded ────────── looks ── alters
    run B         recorded ── looks ── alters

Whoever looks second finds the other one, since that was recorded before it looked itself. Both may look when both are
recorded: both withdraw then, and never do both go on. ``test_core_company.py`` tries every order.
"""

from datetime import datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.rules.asking import SUPERVISOR, ask, is_asked
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import Ask, FailureDeclared
from scylla_restore.events.model.stages import Stage


def seek_other_runs(state: RunState, _now: datetime) -> Decision | None:
    """Have the log searched, unless nothing will be altered, or all is altered already."""
    if state.stage is not Stage.INIT or state.dry_run or state.others is not None:
        return None
    if is_asked(state, SUPERVISOR, Ask.SEEK_OTHER_RUNS):
        return None
    command = commands.SeekOtherRuns(run=state.run, cluster_id=state.cluster_id)
    return ask(SUPERVISOR, Ask.SEEK_OTHER_RUNS, command)


def withdraw(state: RunState, _now: datetime) -> Decision | None:
    """Another run is in the log, too: this one has altered nothing, and ends."""
    if state.stage is not Stage.INIT or not state.others:
        return None
    other = state.others[0]
    failure = Failure(
        cause=Cause.REFUSED,
        message=f"cluster {state.cluster} has another run that was started at the same time: {other.run}, "
        f"snapshot {other.snapshot_tag}",
        hint="this run has withdrawn, and that one may have, too: `scylla-restore runs` shows whether it goes on; "
        "if it does not, start again",
    )
    return Decision(events=(FailureDeclared(failure=failure, resumable=False, exit_code=2),))


def may_alter(state: RunState) -> bool:
    """Whether it is known that no other run is at work, as far as this log can tell."""
    return state.dry_run or state.others == ()
