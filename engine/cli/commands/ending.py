"""`pause` and `abort`: end a run, whoever works on it."""

from contextlib import ExitStack

from scylla_restore.engine.cli.asking import ask_owner
from scylla_restore.engine.cli.context import Context, Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.ends import tell_aborted, tell_end
from scylla_restore.engine.cli.engines import engine_for
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.foreground import Events, ForegroundRun, work
from scylla_restore.engine.cli.leases import when_lapsed
from scylla_restore.engine.cli.retyping import command_to_type
from scylla_restore.engine.cli.signals import taken_signals
from scylla_restore.engine.core.state import Status
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.log.port import EventLog, RequestKind
from scylla_restore.events.projections.progress_state import RunState

_NOT_DONE = 1


def pause(run: str, /, *, context: Given) -> int:
    """Ask a running engine to stop cleanly, and wait until it has. A run that is paused already is as it should be.

    Args:
        run: id of the run, or its beginning.
    """
    with context.log() as log:
        run_id = find_run(log, run)
        follower = Follower(log, run_id)
        follower.catch_up()
        if follower.state.state is RunState.PAUSED:
            return _tell(follower, context, wanted=RunState.PAUSED)
        if follower.is_over:
            raise TargetError(f"run {run_id} does not go on: it is {follower.state.state.value}")
        if follower.is_left_alone:
            raise _nobody_at_work(run_id, context)
        if not ask_owner(log, follower, RequestKind.PAUSE, context):
            log.clear_requests(run_id, kinds=(RequestKind.PAUSE,))
            raise _nobody_at_work(run_id, context)
        return _tell(follower, context, wanted=RunState.PAUSED)


def abort(run: str, /, *, context: Given) -> int:
    """Give a run up for good: everything that it altered is undone; what is in the tables stays there.

    Args:
        run: id of the run, or its beginning.
    """
    with context.log() as log:
        run_id = find_run(log, run)
        follower = Follower(log, run_id)
        follower.catch_up()
        if log.is_owned(run_id) and ask_owner(log, follower, RequestKind.ABORT, context):
            return _tell(follower, context, wanted=RunState.ABORTED)
        return _abort_here(log, run_id, context)


def _abort_here(log: EventLog, run: str, context: Context) -> int:
    events = Events()
    with ExitStack() as stack:
        signals = stack.enter_context(taken_signals())
        on_event = stack.enter_context(diagnosed(context, events))
        engine = stack.enter_context(engine_for(context, log, on_event))
        aborted = when_lapsed(lambda: engine.abort(run), context)
        signals.is_counting = True
        foreground = ForegroundRun(aborted, engine, events, context, signals, is_ending=True)
        work(foreground, context)
        outcome = foreground.outcome
        if outcome is None or outcome.status is not Status.ABORTED:
            return tell_end(foreground, context)
        progress = foreground.document(context.clock.now())
        if context.output.is_json:
            context.output.document(progress)
        tell_aborted(progress, context)
        return 0


def _tell(follower: Follower, context: Context, *, wanted: RunState) -> int:
    progress = follower.document(context.clock.now())
    if context.output.is_json:
        context.output.document(progress)
    if progress.state is not wanted:
        error = f": {progress.error}" if progress.error else ""
        context.output.error(
            f"run {progress.run_id} ended before it was asked to: it is {progress.state.value}{error}"
        )
        return _NOT_DONE
    if wanted is RunState.ABORTED:
        tell_aborted(progress, context)
    else:
        again = command_to_type(context, "resume", progress.run_id)
        context.output.note(f"paused: `{again}` carries on")
    return 0


def _nobody_at_work(run: str, context: Context) -> TargetError:
    return TargetError(
        f"no engine is at work on run {run}",
        hint=f"`{command_to_type(context, 'resume', run)}` carries on, "
        f"`{command_to_type(context, 'abort', run)}` gives it up",
    )
