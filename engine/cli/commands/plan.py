"""`plan`: the dry run."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

from cyclopts import Parameter

from scylla_restore.engine.api import MemoryLog
from scylla_restore.engine.cli.context import Context, Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.engines import engine_for
from scylla_restore.engine.cli.finding_out import FindingOut
from scylla_restore.engine.cli.plan_view import plan_lines
from scylla_restore.engine.cli.target_options import TargetOptions
from scylla_restore.events.errors import LogError, LogUnavailable
from scylla_restore.events.log.port import EventLog

_COLUMNS_OF_A_PIPE = 80


def plan(
    *,
    options: Annotated[TargetOptions, Parameter(name="*")] = TargetOptions(),  # noqa: B008  # it is frozen
    dry_run: Annotated[bool, Parameter(negative="", show=False)] = False,
    show_tables: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> None:
    """Tell what `run` with the same flags would do: what, from where, by whom, how long, what is skipped. Touches nothing.

    Args:
        dry_run: what a plan is anyway.
        show_tables: list all tables, not keyspaces alone.
    """
    del dry_run
    tell_plan(options, context, show_tables=show_tables)


def tell_plan(options: TargetOptions, context: Context, *, show_tables: bool) -> None:
    """Print the plan of what the flags ask for.

    Raises:
        TargetError: it cannot be.
        RestoreError: something else stands in its way.
    """
    target = options.target()
    with ExitStack() as stack:
        on_event = stack.enter_context(diagnosed(context, FindingOut(context.output)))
        log = stack.enter_context(_earlier_runs(context))
        engine = stack.enter_context(engine_for(context, log, on_event))
        found = engine.plan(target)
    if context.output.is_json:
        context.output.document(found)
        return
    columns = shutil.get_terminal_size().columns if context.output.is_terminal else _COLUMNS_OF_A_PIPE
    for line in plan_lines(found, columns=max(columns, _COLUMNS_OF_A_PIPE), show_tables=show_tables):
        context.output.line(line)
    context.output.note("nothing was touched; `run` with the same flags does it")


@contextmanager
def _earlier_runs(context: Context) -> Iterator[EventLog]:
    """Lend the log, or an empty one where there is none yet: a plan can do without, and makes none."""
    with ExitStack() as stack:
        log: EventLog
        try:
            log = stack.enter_context(context.log())
        except LogUnavailable as error:
            context.output.warn(f"earlier runs cannot be asked about: {error}")
            log = MemoryLog()
        except LogError as error:
            context.output.note(f"no earlier runs to go by: {error}")
            log = MemoryLog()
        yield log
