"""A run that this engine works on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from loguru import logger

from scylla_restore.engine.core.state import Status
from scylla_restore.engine.errors import EngineCrashed, RestoreError
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import Checkpoint, EventLog
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.run import RunAborted, RunFailed, RunPaused
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.putting_away import encode
from scylla_restore.events.projections.seen import CHECKPOINT_NAME, Seen, apply

Subscriber = Callable[[Envelope], None]
EXIT_PAUSED = 3


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine's work on a run ended.

    ``status`` is None when this engine was fenced off or crashed; ``error`` says which. ``paused`` and ``failed`` tell
    what was left where; ``failure`` why the run failed, and ``is_over`` that nothing can ever come of it.
    """

    status: Status | None
    exit_code: int
    failure: Failure | None = None
    failed: RunFailed | None = None
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
        log: EventLog | None = None,
    ) -> None:
        self.id = run
        self._log = log
        seen.run = run  # a run can be asked for its progress before anything of it is recorded
        self._seen = Seen(progress=seen)
        self._request = request
        self._abandon = abandon
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._subscribers: list[Subscriber] = []
        self._ends: list[Callable[[], None]] = []
        self._outcome: Outcome | None = None
        self._last: Envelope | None = None
        self._log_away: LogError | None = None
        self._tables_behind: Exception | None = None

    def wait(self, timeout_s: float | None = None) -> Outcome | None:
        """Wait until this engine has nothing more to do for the run; None when ``timeout_s`` passed first."""
        self._over.wait(timeout_s)
        return self._outcome

    @property
    def is_over(self) -> bool:
        """Whether this engine has nothing more to do for the run."""
        return self._over.is_set()

    def when_over(self, action: Callable[[], None]) -> None:
        """Have ``action`` called once, when this engine has nothing more to do for the run: at once if that is so.

        It may be called in the thread that decides for the run, and has to return at once.
        """
        with self._lock:
            if self._outcome is None:
                self._ends.append(action)
                return
        action()

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
    def schema_left_alone(self) -> str:
        """Why views and ``tombstone_gc`` are left as they are; empty where they are seen to."""
        with self._lock:
            return self._seen.progress.schema.left_alone

    @property
    def log_away(self) -> LogError | None:
        """What was seen last of a log that does not answer at the moment."""
        return self._log_away

    @property
    def tables_behind(self) -> Exception | None:
        """Why the run's tables are not kept up to its log at the moment; the run goes on all the same."""
        return self._tables_behind

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have every durable event told to ``subscriber`` from now on, and return what ends that.

        It is called in the thread that decides for the run and has to return at once. One that raises is told no more:
        the run goes on, and the exception is logged.
        """
        with self._lock:
            self._subscribers.append(subscriber)
        return lambda: self._forget(subscriber)

    def _forget(self, subscriber: Subscriber) -> None:
        with self._lock, suppress(ValueError):
            self._subscribers.remove(subscriber)

    def events(self, *, since: int = 1) -> Iterator[Envelope]:
        """Yield the run's events from record ``since`` on, those to come included, until its work here is over.

        They come from the log, so that whoever is slow holds nothing up.

        Raises:
            LogError: the log cannot be read.
        """
        news = threading.Event()
        unsubscribe = self.subscribe(lambda _envelope: news.set())
        self.when_over(news.set)
        try:
            while True:
                is_over = self.is_over
                news.clear()
                for envelope in self.recorded_since(since):
                    yield envelope
                    since = envelope.seq + 1
                if is_over:
                    return
                if not self.is_over:
                    news.wait()
        finally:
            unsubscribe()

    def recorded_since(self, since: int) -> Iterator[Envelope]:
        """Yield what the log has of the run by now, from record ``since`` on.

        Raises:
            LogError: the log cannot be read.
        """
        if self._log is None or self._last is None:
            return
        yield from self._log.read(self.id, from_seq=since)

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
        for subscriber in subscribers:
            try:
                for envelope in envelopes:
                    subscriber(envelope)
            except Exception as error:  # noqa: BLE001  # somebody else's code, which is no reason to stop a restore
                self._forget(subscriber)
                logger.bind(run=self.id).opt(exception=error).error("a subscriber failed and is told no more")

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
        with self._lock:
            if self._outcome is None:
                self._outcome = outcome
            ends, self._ends = self._ends, []
        self._over.set()
        for action in ends:
            action()


def _outcome(last: Envelope | None, error: LogError | None) -> Outcome:
    if error is not None or last is None:
        return Outcome(status=None, exit_code=error.exit_code if error else 1, error=error)
    match last.event:
        case RunFailed() as failed:
            return Outcome(
                status=Status.FAILED,
                exit_code=failed.exit_code,
                failure=failed.failure,
                failed=failed,
                is_over=not failed.resumable,
            )
        case RunPaused() as paused:
            return Outcome(status=Status.PAUSED, exit_code=EXIT_PAUSED, paused=paused)
        case RunAborted():
            return Outcome(status=Status.ABORTED, exit_code=1, is_over=True)
        case _:
            return Outcome(status=Status.DONE, exit_code=0, is_over=True)
