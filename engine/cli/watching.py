"""Shows a run's progress while it goes on: redrawn on a terminal, lines on a pipe, documents as JSON."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.view import EVERYTHING, Shape, progress_lines, status_line
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress_document import ProgressDocument
from scylla_restore.events.projections.progress_state import RunState

REDRAW_S = 0.5
LINE_EVERY_S = 10.0
"""A pipe gets a line when a run's stage or state changes, and else as seldom as this."""


class Watched(Protocol):
    """A run to look at."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        ...

    @property
    def is_left_alone(self) -> bool:
        """Whether no engine is at work although the run has not ended."""
        ...

    def catch_up(self) -> bool:
        """Take in what is new, and return whether there was anything."""
        ...

    def document(self, now: datetime) -> ProgressDocument:
        """Return where the run stands."""
        ...

    def elapsed_s(self, now: datetime) -> float | None:
        """Return how long it has been going on."""
        ...

    def notices(self) -> tuple[str, ...]:
        """Return what a person should know of the present moment, a line each."""
        ...


class Display(Protocol):
    """Shows how a run stands."""

    def __call__(self, watched: Watched, *, is_news: bool, is_last: bool) -> None:
        """Show it; ``is_news`` tells whether anything has happened since the last time."""
        ...


def shape_for(output: Output, *, details: bool) -> Shape:
    """Return the room that there is: the terminal's, or as much as it takes on a pipe."""
    if not output.is_terminal:
        return Shape(columns=200, tables=EVERYTHING, hosts=EVERYTHING, bars=False)
    columns, lines = shutil.get_terminal_size()
    if details:
        return Shape(columns=columns, tables=EVERYTHING, hosts=EVERYTHING)
    return Shape(columns=columns, lines=lines)


def show(watched: Watched, context: Context, *, details: bool) -> None:
    """Write where the run stands, once."""
    if context.output.is_json:
        context.output.document(watched.document(context.clock.now()))
        return
    for line in _lines(watched, context, details=details):
        context.output.line(line)


def watch(
    watched: Watched,
    context: Context,
    display: Display,
    *,
    pass_time: Callable[[float], object] | None = None,
) -> None:
    """Show the progress until it is over, the last state included. ``pass_time`` takes seconds."""
    pass_time = pass_time or context.clock.wait
    is_first = True
    while True:
        is_over = watched.is_over
        is_news = watched.catch_up() or is_first
        is_over = is_over or watched.is_over
        display(watched, is_news=is_news, is_last=is_over)
        if is_over:
            return
        is_first = False
        pass_time(REDRAW_S)


@contextmanager
def drawn(context: Context, *, details: bool) -> Iterator[Display]:
    """Lend a display for the terminal, redrawn in place."""
    from rich.console import Console, Group  # noqa: PLC0415  # slow to import, and not always needed
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Live(console=Console(file=context.output.stdout), auto_refresh=False, transient=False) as live:

        def draw(watched: Watched, *, is_news: bool, is_last: bool) -> None:
            del is_news, is_last  # clocks run on, and a terminal shows them
            lines = _lines(watched, context, details=details)
            live.update(Group(*(Text(line, no_wrap=True) for line in lines)), refresh=True)

        yield draw


def written(context: Context, write: Callable[[str], None]) -> Display:
    """Return a display for a pipe: a line when something has happened that is worth one."""
    told: frozenset[str] = frozenset()
    last: tuple[str, ...] = ()
    line, at = "", context.clock.now()

    def tell(watched: Watched, *, is_news: bool, is_last: bool) -> None:
        nonlocal told, last, line, at
        del is_news
        now = context.clock.now()
        notices = watched.notices()
        for notice in notices:
            if notice not in told:
                write(notice)
        told = frozenset(notices)
        progress = watched.document(now)
        where = (progress.state.value, progress.stage.value)
        new = status_line(progress)
        # That a run was refused, and why, is told by the error alone.
        was_refused = progress.state is RunState.FAILED and progress.stage is Stage.INIT
        is_due = where != last or is_last or (now - at).total_seconds() >= LINE_EVERY_S
        is_due = is_due and not was_refused
        if is_due and new != line:
            write(new)
            last, line, at = where, new, now

    return tell


def documents(context: Context) -> Display:
    """Return a display for programs: a document for each change."""

    def tell(watched: Watched, *, is_news: bool, is_last: bool) -> None:
        del is_last
        if is_news:
            context.output.document(watched.document(context.clock.now()))

    return tell


@contextmanager
def fitting(context: Context, *, details: bool) -> Iterator[Display]:
    """Lend the display that suits standard output."""
    if context.output.is_json:
        yield documents(context)
    elif context.output.is_terminal:
        with drawn(context, details=details) as display:
            yield display
    else:
        yield written(context, context.output.line)


def _lines(watched: Watched, context: Context, *, details: bool) -> list[str]:
    now = context.clock.now()
    return progress_lines(
        watched.document(now),
        shape_for(context.output, details=details),
        elapsed_s=watched.elapsed_s(now),
        is_left_alone=watched.is_left_alone,
        notices=watched.notices(),
    )
