"""A run of this process's own engine, shown until it ends, and stopped when somebody asks for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Protocol

from scylla_restore.engine.api import Outcome, Run
from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.engines import identity
from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.signals import StopSignals
from scylla_restore.engine.cli.waits import Waits
from scylla_restore.engine.cli.watching import REDRAW_S, Display, Watched, drawn, watch, written
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.projections.progress_document import ProgressDocument

_STEP_S = 0.1
"""How soon a signal is answered."""


class Events:
    """What this process's engine records, as it becomes durable: to be given to the engine."""

    def __init__(self) -> None:
        self.waits = Waits()
        self.began = threading.Event()
        """Whether anybody else can find the run by now."""

    def __call__(self, envelope: Envelope) -> None:
        """Take in an event; called in another thread."""
        self.waits.apply(envelope)
        self.began.set()


class Closable(Protocol):
    """An engine, as far as it matters here."""

    def close(self) -> None:
        """Drop everything that is under way."""
        ...


class ForegroundRun:
    """A run to look at whose engine works in this process.

    ``is_ending`` tells that it is being ended already, as by `abort`: a signal then stops the engine at once.
    """

    def __init__(
        self,
        run: Run,
        engine: Closable,
        events: Events,
        context: Context,
        signals: StopSignals,
        *,
        is_ending: bool = False,
    ) -> None:
        self.run = run
        self.outcome: Outcome | None = None
        self.was_cut_off = False
        self._engine = engine
        self._events = events
        self._context = context
        self._signals = signals
        self._patience = 0 if is_ending else 1
        self._is_announced = not context.output.is_json
        self._stopping: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the engine has nothing more to do."""
        return self.was_cut_off or self.outcome is not None

    @property
    def can_be_shown(self) -> bool:
        """Whether there is anything to show: events of this engine, or the lack of them."""
        return self._events.began.is_set() or self.is_over or self.run.log_away is not None

    @property
    def is_left_alone(self) -> bool:
        """Whether the engine has dropped the run."""
        return self.was_cut_off

    def catch_up(self) -> bool:
        """Take in what is new: there nearly always is something."""
        self._announce()
        return True

    def document(self, now: datetime) -> ProgressDocument:
        """Return where the run stands."""
        return self.run.progress(now)

    def elapsed_s(self, now: datetime) -> float | None:
        """Return the time since the run began, breaks included."""
        started_at = self.run.progress(now).started_at
        return None if started_at is None else max((now - started_at).total_seconds(), 0.0)

    def notices(self) -> tuple[str, ...]:
        """Return what the run waits for; nothing any more when it is over."""
        if self.is_over:
            return ()
        away, behind = self.run.log_away, self.run.tables_behind
        return (
            *([self._stopping] if self._stopping and _is_drawn(self._context) else []),
            *([f"the log does not answer, nothing new is started until it does: {away}"] if away else []),
            *(
                [f"the run goes on, but its tables are behind the log: {behind}"]
                if behind and not away
                else []
            ),
            *self._events.waits.lines(),
        )

    def pass_time(self, seconds: float) -> None:
        """Let time pass, but not beyond the run's end; signals are answered meanwhile."""
        for _ in range(max(round(seconds / _STEP_S), 1)):
            self.outcome = self.run.wait(_STEP_S)
            self._announce()
            self._answer_signals()
            if self.is_over:
                return

    def _announce(self) -> None:
        """Tell a program which run it is, as soon as it can be asked about."""
        if not self._is_announced and self._events.began.is_set():
            self._is_announced = True
            self._context.output.document({"run_id": self.run.id})

    def _answer_signals(self) -> None:
        if self.outcome is not None:
            return
        if self._patience and self._signals.count and self._stopping is None:
            # `timeout` and others send a signal to the process and to its group: what came at one time is one.
            self._patience = self._signals.count
            self.run.pause(f"{self._signals.name} to {identity()}")
            self._stopping = (
                f"stopping ({at_text(self._context.clock.now())}): downloads are ended and what they left is removed, "
                "the nodes' settings are put back; once more stops at once"
            )
            if not _is_drawn(self._context):
                self._context.output.say(self._stopping)
        elif self._signals.count > self._patience:
            self._engine.close()
            self.was_cut_off = True


def work(run: ForegroundRun, context: Context) -> None:
    """Show the run until this engine has nothing more to do for it, or is cut off."""
    while not run.can_be_shown:
        run.pass_time(_STEP_S)
    # That nobody reads any more is no reason to stop a restore.
    with suppress(OSError), _display(context) as display:
        watch(run, context, display, pass_time=run.pass_time)
    while not run.is_over:
        run.pass_time(REDRAW_S)


@contextmanager
def _display(context: Context) -> Iterator[Display]:
    output = context.output
    if output.is_quiet:
        yield _nothing
    elif output.is_json:
        yield written(context, output.note)
    elif _is_drawn(context):
        with drawn(context, details=False) as display:
            yield display
    else:
        yield written(context, output.line)


def _is_drawn(context: Context) -> bool:
    """Whether the run is shown on a terminal, where anything that is written beside it would be in its way."""
    output = context.output
    return output.is_terminal and not output.is_json and not output.is_quiet


def _nothing(watched: Watched, *, is_news: bool, is_last: bool) -> None:
    """Show nothing."""
    del watched, is_news, is_last
