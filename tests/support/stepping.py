"""A runtime for tests: one thread, one effect at a time, a clock that moves only when everybody sleeps."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from scylla_restore.actors.runtime import Behaviour, Effect, Procedure, Sleep, Stopped

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

OnCrash = Callable[[str, BaseException], None]
STEPS_MAX = 100_000


class SteppingRuntime:
    """Implements ``Runtime``; ``run`` goes on until nobody has anything left to do."""

    def __init__(self) -> None:
        self.time = START
        self.lanes: list[SteppingLane] = []
        self.mailboxes: list[SteppingMailbox] = []
        self.timers: list[tuple[datetime, Callable[[], None]]] = []

    def now(self) -> datetime:
        return self.time

    def spawn(self, name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash) -> "SteppingMailbox":
        self.mailboxes.append(SteppingMailbox(name, build, on_crash))
        return self.mailboxes[-1]

    def lane(self, name: str, on_crash: OnCrash) -> "SteppingLane":
        self.lanes.append(SteppingLane(name, on_crash, self))
        return self.lanes[-1]

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        self.timers.append((self.time + delay, action))

    def drive(self, procedure: Procedure) -> "SteppingLane":
        """Run one procedure to its end, and raise what it raises."""

        def crashed(_name: str, error: BaseException) -> None:
            raise error

        lane = self.lane("test", crashed)
        lane.start(procedure)
        self.run()
        return lane

    def run(self) -> None:
        for _ in range(STEPS_MAX):
            if not self._step():
                return
        raise AssertionError("this never ends")

    def _step(self) -> bool:
        if any(mailbox.step() for mailbox in self.mailboxes) or any(lane.step() for lane in self.lanes):
            return True
        wake_times = [lane.wake_at for lane in self.lanes if lane.wake_at is not None]
        if not wake_times:
            return False
        self.time = max(self.time, min(wake_times))
        return True


class SteppingMailbox:
    def __init__(self, name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash) -> None:
        self.name = name
        self.letters: deque[object] = deque()
        self.is_dead = False
        self._build = build
        self._on_crash = on_crash
        self._behaviour: Behaviour[Any] | None = None

    def tell(self, letter: object) -> None:
        if not self.is_dead:
            self.letters.append(letter)

    def step(self) -> bool:
        if self.is_dead or not self.letters:
            return False
        try:
            self._behaviour = self._behaviour or self._build()
            self._behaviour.receive(self.letters.popleft())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash
            self.is_dead = True
            self._on_crash(self.name, error)
        return True


class _Job:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.effect: Effect | None = None
        self.is_begun = False
        self.is_stopped = False


class SteppingLane:
    def __init__(self, name: str, on_crash: OnCrash, runtime: SteppingRuntime) -> None:
        self.name = name
        self.wake_at: datetime | None = None
        self.is_closed = False
        self._on_crash = on_crash
        self._runtime = runtime
        self._jobs: deque[_Job] = deque()

    def start(self, procedure: Procedure) -> None:
        if self.is_closed:
            procedure.close()
        else:
            self._jobs.append(_Job(procedure))

    def stop(self) -> None:
        for job in self._jobs:
            job.is_stopped = True

    def close(self) -> None:
        self.is_closed = True
        self.wake_at = None
        for job in self._jobs:
            job.procedure.close()
        self._jobs.clear()

    def step(self) -> bool:
        if not self._jobs:
            return False
        job = self._jobs[0]
        if job.is_begun and job.is_stopped:
            job.is_stopped = False
            return self._resume(job, lambda: job.procedure.throw(Stopped()))
        if isinstance(job.effect, Sleep):
            return self._sleep(job, job.effect)
        if job.effect is None:
            return self._resume(job, lambda: job.procedure.send(None))
        try:
            answer = job.effect.perform(job.effect.port)
        except Exception as failure:  # noqa: BLE001 - whoever awaits the call is to see it
            error = failure
            return self._resume(job, lambda: job.procedure.throw(error))
        return self._resume(job, lambda: job.procedure.send(answer))

    def _sleep(self, job: _Job, sleep: Sleep) -> bool:
        if self.wake_at is None:
            self.wake_at = self._runtime.time + sleep.duration
        if self.wake_at > self._runtime.time:
            return False
        return self._resume(job, lambda: job.procedure.send(None))

    def _resume(self, job: _Job, resume: Callable[[], Effect]) -> bool:
        self.wake_at = None
        job.is_begun = True
        try:
            job.effect = resume()
        except (StopIteration, Stopped):
            self._end(job)
        except Exception as error:  # noqa: BLE001 - a defect of the procedure
            self._end(job)
            self._on_crash(self.name, error)
        return True

    def _end(self, job: _Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
