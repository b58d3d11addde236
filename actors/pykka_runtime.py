"""The runtime of production: mailboxes are pykka's, lanes and timers are threads of our own.

Only ``tell`` is used between actors. Pykka drops an actor that raised, and its letters, without a word to anyone but
its standard logger; here each crash is told to whoever spawned the actor. Every thread is a daemon: a program that
forgets ``shutdown`` can still end.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

import pykka

from scylla_restore.actors.lanes import OnCrash, ThreadLane
from scylla_restore.actors.runtime import Address, Behaviour, Lane
from scylla_restore.actors.timers import Timers

SHUTDOWN_TIMEOUT_S = 5.0


def utc_now() -> datetime:
    """Return the system's time."""
    return datetime.now(UTC)


class _Worker(Protocol):
    """Something with a thread."""

    name: str

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end, and return whether it has come."""
        ...


class PykkaRuntime:
    """A ``Runtime`` on threads. Several may live in one process; each ends with its own ``shutdown``.

    ``clock`` returns the time in UTC; delays are real ones, whatever it says.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._mailboxes: list[_Mailbox] = []
        self._lanes: list[ThreadLane] = []
        self._timers = Timers("timers")
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._clock()

    def spawn(self, name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash) -> Address[Any]:
        """Start an actor; after ``shutdown`` began, one that never hears a letter."""
        mailbox = _Mailbox(name, build, on_crash)
        with self._lock:
            if self._is_closed:
                mailbox.close()
            else:
                self._mailboxes.append(mailbox)
                mailbox.open()
        return mailbox

    def lane(self, name: str, on_crash: OnCrash) -> Lane:
        """Make a lane; after ``shutdown`` began, a closed one."""
        lane = ThreadLane(name, on_crash)
        with self._lock:
            if self._is_closed:
                lane.close()
            else:
                self._lanes.append(lane)
        return lane

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Call ``action`` after ``delay``, in the timers' thread, unless the runtime is shut down before."""
        self._timers.add(delay.total_seconds(), action)

    def drain(self, timeout_s: float) -> bool:
        """Wait until the lanes have nothing left to do, and return whether that is so."""
        until = monotonic() + timeout_s
        with self._lock:
            lanes = list(self._lanes)
        drained = [lane.drain(max(0.0, until - monotonic())) for lane in lanes]
        return all(drained)

    def abandon(self) -> None:
        """Let nothing more happen: no effect is performed, no answer and no letter delivered. Returns at once.

        Calls under way go on until they return. Whoever can cut them off does so after this, so that no actor takes
        the cut for a failure of the other side.
        """
        with self._lock:
            self._is_closed = True
        self._timers.close()
        for mailbox in self._mailboxes:
            mailbox.close()
        for lane in self._lanes:
            lane.close()

    def shutdown(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> tuple[str, ...]:
        """Abandon everything and wait for the threads, the youngest actor's first; may be repeated.

        Returns the names of the threads that have not ended after ``timeout_s``: calls hang there, and end nothing
        but themselves when they return.
        """
        self.abandon()
        until = monotonic() + timeout_s
        workers: list[_Worker] = [*reversed(self._mailboxes), *reversed(self._lanes), self._timers]
        return tuple(worker.name for worker in workers if not worker.join(max(0.0, until - monotonic())))


class _Mailbox:
    """An actor's address: keeps pykka's reference, and drops letters once it is closed."""

    def __init__(self, name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash) -> None:
        self.name = name
        self.build = build
        self.on_crash = on_crash
        self.is_closed = False
        self.thread: threading.Thread | None = None
        self._has_thread = threading.Event()
        self._actor: pykka.ActorRef[_Actor] | None = None

    def open(self) -> None:
        """Start the actor."""
        self._actor = _Actor.start(self)

    def enter(self, thread: threading.Thread) -> None:
        """Take note of the actor's thread, from within."""
        thread.name = self.name
        self.thread = thread
        self._has_thread.set()

    def tell(self, letter: object) -> None:
        """Put a letter into the mailbox; one to a dead actor is lost."""
        if self._actor is None or self.is_closed:
            return
        try:
            self._actor.tell(letter)
        except pykka.ActorDeadError:
            # recovery rests on the log and on timers, never on delivery
            return

    def close(self) -> None:
        """Drop every letter from now on, and end the actor when it has dealt with the present one."""
        self.is_closed = True
        if self._actor is not None and self._actor.is_alive():
            self._actor.stop(block=False)

    def join(self, timeout_s: float) -> bool:
        """Wait for the closed actor's thread, and return whether it has ended."""
        if self._actor is None:
            return True
        until = monotonic() + timeout_s
        if not self._has_thread.wait(timeout_s) or self.thread is None:
            return False
        if self.thread is threading.current_thread():
            return True
        self.thread.join(max(0.0, until - monotonic()))
        return not self.thread.is_alive()


class _Actor(pykka.ThreadingActor):
    """A behaviour as pykka runs it. It is built at the first letter: pykka tells nobody of a failed start."""

    use_daemon_thread: ClassVar[bool] = True

    def __init__(self, mailbox: _Mailbox) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._behaviour: Behaviour[Any] | None = None

    def on_start(self) -> None:
        self._mailbox.enter(threading.current_thread())

    def on_receive(self, message: Any) -> None:  # noqa: ANN401 - pykka's signature
        if self._mailbox.is_closed:
            return
        try:
            if self._behaviour is None:
                self._behaviour = self._mailbox.build()
            self._behaviour.receive(message)
        except Exception:
            raise
        except BaseException as error:
            # pykka answers a SystemExit by stopping every actor of the process, also those of other runtimes
            raise _ExitedError(error) from error

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del exception_type, traceback
        if exception_value is not None and not self._mailbox.is_closed:
            error = exception_value.error if isinstance(exception_value, _ExitedError) else exception_value
            self._mailbox.on_crash(self._mailbox.name, error)


class _ExitedError(Exception):
    """Something that is no ``Exception`` ended an actor."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(repr(error))
        self.error = error
