"""A run's progress as its log grows."""

from datetime import datetime

from scylla_restore.engine.cli.waits import Waits
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState, RunState
from scylla_restore.events.tables.seeing import seen_before


class Follower:
    """Folds a run's log, and what is added to it.

    Raises:
        UnknownRun: at the first ``catch_up``, where there is no such run.
    """

    def __init__(self, log: EventLog, run: str) -> None:
        self._log = log
        self._run = run
        self._seq = 0
        self._waits = Waits()
        self.state = ProgressState(run=run)

    def catch_up(self) -> bool:
        """Fold what is new, and return whether there was anything."""
        before = self._seq
        if not before:
            self._take_up()
        for envelope in self._log.read(self._run, from_seq=self._seq + 1):
            progress.apply(self.state, envelope)
            self._waits.apply(envelope)
            self._seq = envelope.seq
        return self._seq > before

    def _take_up(self) -> None:
        """Begin with what an engine has put away, so that a long log need not be read from its start."""
        seen, seq = seen_before(self._log, self._run)
        if seq:
            self.state, self._waits, self._seq = seen.progress, Waits(seen.waits), seq

    @property
    def is_over(self) -> bool:
        """Whether the log says that the run does not go on."""
        return self.state.state is not RunState.RUNNING

    @property
    def is_left_alone(self) -> bool:
        """Whether the log says that the run goes on, but no engine is there to do it."""
        return self.state.state is RunState.RUNNING and not self._log.is_owned(self._run)

    def notices(self) -> tuple[str, ...]:
        """Return what the run waits for."""
        return self._waits.lines()

    def document(self, now: datetime) -> ProgressDocument:
        """Return where the run stands. The clocks of a run that is left alone stand still."""
        return document(self.state, (self.state.last_at or now) if self.is_left_alone else now)

    def elapsed_s(self, now: datetime) -> float | None:
        """Return the seconds from the start to the end, or to ``now`` while the run goes on."""
        if self.state.started_at is None:
            return None
        is_going_on = self.state.state is RunState.RUNNING and not self.is_left_alone
        until = now if is_going_on else self.state.last_at or now
        return max((until - self.state.started_at).total_seconds(), 0.0)
