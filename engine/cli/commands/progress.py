"""`runs` and `progress`: where runs stand."""

from typing import Annotated

from cyclopts import Parameter

from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.finding import find_run, newest_run
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.tables import column_lines
from scylla_restore.engine.cli.watching import fitting, show, watch
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.projections.runs import RunOverview, line_of
from scylla_restore.events.tables.listing import list_runs
from scylla_restore.events.tables.opening import tables_beside


def runs(*, context: Given) -> None:
    """List all runs, oldest first."""
    with context.log() as log:
        found = list_runs(log, tables_beside(log))
        left_alone = {
            each.run for each in found if each.state is RunState.RUNNING and not log.is_owned(each.run)
        }
    if context.output.is_json:
        context.output.document([line_of(overview) for overview in found])
    elif not found:
        context.output.note("the log holds no run")
    else:
        header = ("RUN", "CLUSTER", "TAG", "STAGE", "STATE", "PROGRESS", "STARTED", "ENDED")
        for text in column_lines(
            header, [_cells(each, is_left_alone=each.run in left_alone) for each in found]
        ):
            context.output.line(text)


def progress(
    run: str | None = None,
    /,
    *,
    watching: Annotated[bool, Parameter(name="--watch", negative="")] = False,
    details: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> None:
    """Tell where a run stands.

    Args:
        run: id of the run, or its beginning; by default the one that was started last.
        watching: go on until the run ends.
        details: all tables and nodes, however many there are.
    """
    with context.log() as log:
        follower = Follower(log, newest_run(log) if run is None else find_run(log, run))
        follower.catch_up()
        if watching:
            with fitting(context, details=details) as display:
                watch(follower, context, display)
        else:
            show(follower, context, details=details)
        if follower.is_left_alone:
            context.output.note(
                f"no engine is at work on this run: `scylla-restore resume {follower.state.run}` carries on"
            )


def _cells(run: RunOverview, *, is_left_alone: bool) -> tuple[str, ...]:
    state = run.state.value
    if run.is_over and run.state is RunState.FAILED:
        state = "refused"
    elif is_left_alone:
        state = "no engine"
    return (
        run.run,
        run.cluster,
        run.snapshot_tag,
        run.stage.value,
        state,
        f"{run.progress:.1f} %",
        at_text(run.started_at),
        at_text(run.ended_at),
    )
