"""`run` and `resume`: restore in the foreground."""

from contextlib import ExitStack
from typing import Annotated

from cyclopts import Parameter

from scylla_restore.engine.api import newest_unfinished
from scylla_restore.engine.cli.commands.plan import tell_plan
from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.ends import tell_end
from scylla_restore.engine.cli.engines import engine_for
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.engine.cli.foreground import Events, ForegroundRun, work
from scylla_restore.engine.cli.leases import when_lapsed
from scylla_restore.engine.cli.signals import taken_signals
from scylla_restore.engine.cli.target_options import TargetOptions, TuningOptions
from scylla_restore.engine.core.target import build_tuning
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.log.port import EventLog


def run(
    *,
    options: Annotated[TargetOptions, Parameter(name="*")] = TargetOptions(),  # noqa: B008  # it is frozen
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    show_tables: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> int:
    """Restore in the foreground. Ctrl-C pauses cleanly, a second one stops at once; `resume` carries on.

    Args:
        dry_run: tell what would be done, as `plan` does, and touch nothing.
        show_tables: with --dry-run, list all tables.
    """
    if dry_run:
        tell_plan(options, context, show_tables=show_tables)
        return 0
    if show_tables:
        raise TargetError("--show-tables is for a dry run", hint="add --dry-run, or leave it out")
    target = options.target()
    events = Events()
    with ExitStack() as stack:
        signals = stack.enter_context(taken_signals())
        on_event = stack.enter_context(diagnosed(context, events))
        log = stack.enter_context(context.log(create=True))
        engine = stack.enter_context(engine_for(context, log, on_event))
        started = engine.start(target)
        signals.is_counting = True
        foreground = ForegroundRun(started, engine, events, context, signals)
        work(foreground, context)
        return tell_end(foreground, context)


def resume(
    run: str | None = None,
    /,
    *,
    options: Annotated[TuningOptions, Parameter(name="*")] = TuningOptions(),  # noqa: B008  # it is frozen
    take_over: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> int:
    """Carry on with a run where it stopped.

    Args:
        run: id of the run, or its beginning; by default the unfinished one that was started last.
        take_over: take the run over from an engine that is alive, which stops then.
    """
    flags = options.flags()
    build_tuning(flags)  # what is malformed is refused before anything is opened
    events = Events()
    with ExitStack() as stack:
        signals = stack.enter_context(taken_signals())
        on_event = stack.enter_context(diagnosed(context, events))
        log = stack.enter_context(context.log())
        run_id = _newest_unfinished(log) if run is None else find_run(log, run)
        engine = stack.enter_context(engine_for(context, log, on_event))
        if take_over and log.is_owned(run_id):
            context.output.note(
                f"taking the run over from {log.head(run_id).owner}, which is given time to notice"
            )
        resumed = when_lapsed(lambda: engine.resume(run_id, flags, take_over=take_over), context)
        signals.is_counting = True
        foreground = ForegroundRun(resumed, engine, events, context, signals)
        work(foreground, context)
        return tell_end(foreground, context)


def _newest_unfinished(log: EventLog) -> str:
    run = newest_unfinished(log)
    if run is None:
        raise TargetError(
            "the log holds no run that could be resumed", hint="`scylla-restore runs` lists all runs"
        )
    return run
