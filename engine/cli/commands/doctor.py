"""`doctor`: what runs have left altered in the cluster, and putting it right."""

from contextlib import ExitStack
from typing import Annotated

from cyclopts import Parameter

from scylla_restore.engine.api.doctor import Checkup, check_all, check_run
from scylla_restore.engine.cli.context import Context, Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.doctor_view import checkup_lines
from scylla_restore.engine.cli.engines import engine_for
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.engine.cli.foreground import Events, ForegroundRun
from scylla_restore.engine.cli.leases import when_lapsed
from scylla_restore.engine.cli.retyping import command_to_type
from scylla_restore.engine.cli.signals import taken_signals
from scylla_restore.events.log.port import EventLog

_LEFT_ALTERED = 1


def doctor(
    run: str | None = None,
    /,
    *,
    fix: Annotated[bool, Parameter(negative="")] = False,
    details: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> int:
    """Tell what a run, or any run, has left altered in the cluster; 1 if something can be put right, and was not.

    Args:
        run: id of the run, or its beginning; all runs without it.
        fix: put it right, where no engine is at work. The run can be resumed afterwards.
        details: all of it, one thing a line.
    """
    with context.log() as log:
        found = [check_run(log, find_run(log, run))] if run is not None else list(check_all(log))
        if fix:
            for checkup in [each for each in found if each.can_be_fixed]:
                _put_right(log, checkup, context)
            found = [check_run(log, checkup.run_id) for checkup in found]
    if context.output.is_json:
        context.output.document(found)
    else:
        _tell(found, context, details=details)
    to_fix = [checkup for checkup in found if checkup.can_be_fixed]
    if to_fix and not fix:
        which = [to_fix[0].run_id] if len(to_fix) == 1 else []
        again = command_to_type(context, "doctor", *which, "--fix")
        context.output.say(f"hint: `{again}` puts it right")
    return _LEFT_ALTERED if to_fix else 0


def _put_right(log: EventLog, checkup: Checkup, context: Context) -> None:
    events = Events()
    with ExitStack() as stack:
        signals = stack.enter_context(taken_signals())
        on_event = stack.enter_context(diagnosed(context, events))
        engine = stack.enter_context(engine_for(context, log, on_event))
        ending = when_lapsed(lambda: engine.put_right(checkup.run_id), context)
        signals.is_counting = True
        foreground = ForegroundRun(ending, engine, events, context, signals, is_ending=True)
        _end(foreground)


def _end(foreground: ForegroundRun) -> None:
    while not foreground.is_over:
        foreground.pass_time(1.0)


def _tell(found: list[Checkup], context: Context, *, details: bool) -> None:
    altered = [checkup for checkup in found if checkup.altered]
    if not altered:
        context.output.line("nothing is left altered")
    for checkup in altered:
        for line in checkup_lines(checkup, details=details):
            context.output.line(line)
