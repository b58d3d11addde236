"""A lane as a thread: performs the effects that procedures await, and can be told to stop while one waits.

The thread is a daemon. A call that hangs in somebody else's library must not keep the process from ending.
"""

import threading
from collections import deque
from collections.abc import Callable
from functools import partial

from scylla_restore.actors.runtime import Call, Effect, Procedure, Sleep, Stopped

OnCrash = Callable[[str, BaseException], None]
Resume = Callable[[], Effect]


class _Job:
    """A procedure on its way; ``is_stopped`` until it was told so."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.is_stopped = False


class ThreadLane:
    """A ``Lane`` whose thread begins with its first procedure and ends with ``close``."""

    def __init__(self, name: str, on_crash: OnCrash) -> None:
        self.name = name
        self._on_crash = on_crash
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def start(self, procedure: Procedure) -> None:
        """Run the procedure when those before it have ended; a closed lane drops it."""
        with self._changed:
            if self._is_closed:
                procedure.close()
                return
            self._jobs.append(_Job(procedure))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def stop(self) -> None:
        """Have ``Stopped`` thrown into every procedure started so far."""
        with self._changed:
            for job in self._jobs:
                job.is_stopped = True
            self._changed.notify_all()

    def drain(self, timeout_s: float) -> bool:
        """Wait until every procedure has ended, and return whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs or self._is_closed, timeout=timeout_s)

    def close(self) -> None:
        """Abandon every procedure, and end the thread when the call under way returns."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread of a closed lane, and return whether it has ended."""
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except Stopped:
                # it let the stop through: that is how it ended
                pass
            except BaseException as error:  # noqa: BLE001 - a defect, whatever it is; the lane goes on
                self._on_crash(self.name, error)
            finally:
                with self._changed:
                    self._jobs.popleft()
                    self._changed.notify_all()
        with self._changed:
            for job in self._jobs:
                job.procedure.close()
            self._jobs.clear()

    def _next(self) -> _Job | None:
        """Wait for a procedure. It stays in the queue while it runs, so that a stop finds it."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._is_closed)
            return None if self._is_closed else self._jobs[0]

    def _run(self, job: _Job) -> None:
        """Drive a procedure from effect to effect, until it ends or the lane is closed."""
        resume: Resume = partial(job.procedure.send, None)
        while True:
            try:
                effect = resume()
            except StopIteration:
                return
            if not self._is_closed:
                resume = self._perform(job, effect)
            if self._is_closed:
                job.procedure.close()
                return

    def _perform(self, job: _Job, effect: Effect) -> Resume:
        """Perform an effect, and return how the procedure goes on after it."""
        tell_stop = partial(job.procedure.throw, Stopped())
        if self._takes_stop(job):
            return tell_stop
        match effect:
            case Sleep(duration=duration):
                self._sleep(job, duration.total_seconds())
                return tell_stop if self._takes_stop(job) else partial(job.procedure.send, None)
            case Call(perform=perform, port=port):
                try:
                    return partial(job.procedure.send, perform(port))
                except BaseException as error:  # noqa: BLE001 - whoever awaits the call is to see it
                    return partial(job.procedure.throw, error)

    def _takes_stop(self, job: _Job) -> bool:
        with self._changed:
            is_stopped, job.is_stopped = job.is_stopped, False
            return is_stopped

    def _sleep(self, job: _Job, duration_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: job.is_stopped or self._is_closed, timeout=duration_s)
