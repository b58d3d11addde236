"""Shows a run's progress while it goes on: redrawn on a terminal, a line at a time on a pipe, documents as JSON."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.view import EVERYTHING, Shape, progress_lines, status_line
from scylla_restore.events.projections.progress import RunState

REDRAW_S = 0.5
_FIXED_LINES = 14
"""What the view takes beside tables and hosts: at most so many lines, and the cursor's."""

Draw = Callable[[list[str]], None]


def shape_for(output: Output, *, details: bool) -> Shape:
    """Return the room that there is: the terminal's, or as much as it takes on a pipe."""
    if not output.is_terminal:
        return Shape(columns=200, tables=EVERYTHING, hosts=EVERYTHING, bars=False)
    columns, lines = shutil.get_terminal_size()
    if details:
        return Shape(columns=columns, tables=EVERYTHING, hosts=EVERYTHING)
    half = max((lines - _FIXED_LINES) // 2, 3)
    return Shape(columns=columns, tables=half, hosts=half)


def show(follower: Follower, context: Context, *, details: bool) -> None:
    """Write where the run stands, once."""
    if context.output.is_json:
        context.output.document(follower.document(context.clock.now()))
        return
    for line in _lines(follower, context, details=details):
        context.output.line(line)


def watch(follower: Follower, context: Context, *, details: bool, is_over: Callable[[], bool]) -> None:
    """Show the progress until ``is_over``, or until the run does not go on any more; the last state is shown, too."""
    with _drawing(context.output) as draw:
        last = ""
        while True:
            ends = is_over()
            follower.catch_up()
            if draw is not None:
                draw(_lines(follower, context, details=details))
            elif context.output.is_json:
                context.output.document(follower.document(context.clock.now()))
            elif (line := status_line(follower.document(context.clock.now()))) != last:
                context.output.line(line)
                last = line
            if ends or follower.state.state is not RunState.RUNNING:
                return
            _wait_for_more(follower, context, is_over, redraws=draw is not None)


def _lines(follower: Follower, context: Context, *, details: bool) -> list[str]:
    now = context.clock.now()
    return progress_lines(
        follower.document(now),
        shape_for(context.output, details=details),
        elapsed_s=follower.elapsed_s(now),
        is_left_alone=follower.is_left_alone,
    )


def _wait_for_more(
    follower: Follower, context: Context, is_over: Callable[[], bool], *, redraws: bool
) -> None:
    """Let time pass; where nothing is redrawn, until there is something new."""
    context.clock.wait(REDRAW_S)
    while not redraws and not is_over() and not follower.catch_up():
        context.clock.wait(REDRAW_S)


@contextmanager
def _drawing(output: Output) -> Iterator[Draw | None]:
    """Yield what draws lines in place of those drawn before; None where that cannot be done."""
    if output.is_json or not output.is_terminal:
        yield None
        return
    from rich.console import Console, Group  # noqa: PLC0415  # slow to import, and not always needed
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Live(console=Console(file=output.stdout), auto_refresh=False, transient=False) as live:

        def draw(lines: list[str]) -> None:
            live.update(Group(*(Text(line, no_wrap=True) for line in lines)), refresh=True)

        yield draw
