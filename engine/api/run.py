"""A run that this engine works on."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from scylla_restore.engine.core.state import Status
from scylla_restore.engine.errors import EngineCrashed, RestoreError
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import Checkpoint
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.run import RunAborted, RunFailed, RunPaused
from scylla_restore.events.projections.progress import ProgressState
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.putting_away import encode
from scylla_restore.events.projections.seen import CHECKPOINT_NAME, Seen, apply

Subscriber = Callable[[Envelope], None]
EXIT_PAUSED = 3


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine's work on a run ended.

    ``status`` is None when this engine was fenced off or crashed; ``error`` says which. ``paused`` tells what was
    left where; ``failure`` why the run failed, and ``is_over`` that nothing can ever come of it.
    """

    status: Status | None
    exit_code: int
    failure: Failure | None = None
    paused: RunPaused | None = None
    error: LogError | RestoreError | None = None
    is_over: bool = False


class Run:
    """One run, to whoever started or resumed it. Safe to use from several threads."""

    def __init__(
        self,
        run: str,
        seen: ProgressState,
        *,
        request: Callable[[bool, str], None],
        abandon: Callable[[], None],
    ) -> None:
        self.id = run
        self._seen = Seen(progress=seen)
        self._request = request
        self._abandon = abandon
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._subscribers: list[Subscriber] = []
        self._outcome: Outcome | None = None
        self._last: Envelope | None = None
        self._log_away: LogError | None = None
        self._tables_behind: Exception | None = None

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        """Wait until this engine has nothing more to do for the run; None when ``timeout_s`` passed first."""
        self._over.wait(timeout_s)
        return self._outcome

    def pause(self, requested_by: str) -> None:
        """Ask the run to stop cleanly; ``wait`` tells when it has."""
        self._request(False, requested_by)

    def abort(self, requested_by: str) -> None:
        """Give the run up: everything that it altered is undone."""
        self._request(True, requested_by)

    def progress(self, now: datetime) -> ProgressDocument:
        """Return where the run stands."""
        with self._lock:
            seen = self._seen.progress
            return document(seen, max(now, seen.last_at) if seen.last_at else now)

    @property
    def log_away(self) -> LogError | None:
        """What was seen last of a log that does not answer at the moment."""
        return self._log_away

    @property
    def tables_behind(self) -> Exception | None:
        """Why the run's tables are not kept up to its log at the moment; the run goes on all the same."""
        return self._tables_behind

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have every durable event told to ``subscriber``, in the supervisor's thread: it has to return at once."""
        with self._lock:
            self._subscribers.append(subscriber)

    # What the supervisor tells, and whoever keeps the tables.

    def tables_changed(self, trouble: Exception | None) -> None:
        """Remember why the tables are behind, or that they are not any more."""
        self._tables_behind = trouble

    def recorded(self, envelopes: Sequence[Envelope]) -> None:
        """Take in records that are durable."""
        with self._lock:
            for envelope in envelopes:
                apply(self._seen, envelope)
            subscribers = list(self._subscribers)
            self._last = envelopes[-1]
            self._log_away = None
        for envelope in envelopes:
            for subscriber in subscribers:
                subscriber(envelope)

    def snapshot(self) -> bytes:
        """Return the progress as a checkpoint keeps it."""
        with self._lock:
            return msgspec.msgpack.encode(self._seen.progress)

    def put_away(self) -> Checkpoint | None:
        """Return what was seen of the run, to be kept beside its log for whoever looks; None for nothing new."""
        with self._lock:
            last = self._last
            if last is None:
                return None
            state = encode(self._seen)
        return Checkpoint(run=self.id, name=CHECKPOINT_NAME, seq=last.seq, hash=last.hash, state=state)

    def log_went_away(self, error: LogError) -> None:
        """Remember that the log does not answer."""
        self._log_away = error

    def ended(self, error: LogError | None) -> None:
        """Tell whoever waits. An engine that was fenced off sends nothing to any node from here on."""
        if error is not None:
            self._abandon()
        self._finish(_outcome(self._last, error))

    def crashed(self, error: BaseException) -> None:
        """Tell whoever waits that a defect ended the engine, whose actors nobody decides for any more."""
        self._abandon()
        crash = EngineCrashed(
            f"the engine crashed: {type(error).__name__}: {error}",
            hint=f"the log is whole: `scylla-restore resume {self.id}` carries on",
        )
        crash.__cause__ = error
        self._finish(Outcome(status=None, exit_code=crash.exit_code, error=crash))

    def _finish(self, outcome: Outcome) -> None:
        if self._outcome is None:
            self._outcome = outcome
        self._over.set()


def _outcome(last: Envelope | None, error: LogError | None) -> Outcome:
    if error is not None or last is None:
        return Outcome(status=None, exit_code=error.exit_code if error else 1, error=error)
    match last.event:
        case RunFailed() as failed:
            return Outcome(
                status=Status.FAILED,
                exit_code=failed.exit_code,
                failure=failed.failure,
                is_over=not failed.resumable,
            )
        case RunPaused() as paused:
            return Outcome(status=Status.PAUSED, exit_code=EXIT_PAUSED, paused=paused)
        case RunAborted():
            return Outcome(status=Status.ABORTED, exit_code=1, is_over=True)
        case _:
            return Outcome(status=Status.DONE, exit_code=0, is_over=True)
