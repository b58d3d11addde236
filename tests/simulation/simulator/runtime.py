"""The actors' runtime under one thread and a virtual clock."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.simulator.network import Defect, Fate, Killed, NotYet, Request, SimPort
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.scheduler import MILLISECOND_US, Scheduler

from scylla_restore.actors.runtime import Address, Behaviour, Call, Lane, Procedure, Sleep, Stopped

ON_THE_WIRE_US = 100 * MILLISECOND_US
"""How long a request of a process that has died may still be on its way."""

OnCrash = Callable[[str, BaseException], None]


class SimActor:
    """A mailbox, emptied letter by letter at moments that the seed chooses."""

    def __init__(
        self, runtime: "SimRuntime", name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash
    ) -> None:
        self.name = name
        self.alive = True
        self._runtime = runtime
        self._build = build
        self._on_crash = on_crash
        self._behaviour: Behaviour[Any] | None = None
        self._mailbox: deque[object] = deque()

    def tell(self, letter: object) -> None:
        """Put a letter into the mailbox; the dead get none."""
        if not self.alive or not self._runtime.process.alive:
            return
        self._mailbox.append(letter)
        if len(self._mailbox) == 1:
            self._next()

    def _next(self) -> None:
        self._runtime.soon(self._receive)

    def _receive(self) -> None:
        if not self.alive:
            return
        try:
            if self._behaviour is None:
                self._behaviour = self._build()
            self._behaviour.receive(self._mailbox[0])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the actor's crash
            self._crash(error)
            return
        self._mailbox.popleft()
        if self._mailbox:
            self._next()

    def _crash(self, error: Exception) -> None:
        self.alive = False
        self._mailbox.clear()
        self._runtime.crashed(self.name, error)
        self._on_crash(self.name, error)


class SimLane:
    """Runs procedures one after another, each effect at a virtual time."""

    def __init__(self, runtime: "SimRuntime", name: str, on_crash: OnCrash) -> None:
        self.name = name
        self._runtime = runtime
        self._on_crash = on_crash
        self._waiting: deque[tuple[Procedure, bool]] = deque()
        """Procedures that have not begun, and whether each was told to stop already."""
        self._running: Procedure | None = None
        self._asleep = False
        self._stop = False
        self._turn = 0
        """Counts what the running procedure was resumed with: an answer of an earlier turn comes too late."""

    def start(self, procedure: Procedure) -> None:
        """Run the procedure when those before it have ended."""
        if not self._runtime.process.alive:
            procedure.close()
            return
        self._waiting.append((procedure, False))
        if self._running is None:
            self._next()

    def stop(self) -> None:
        """Throw ``Stopped`` into every procedure started so far, each at its first effect from now on."""
        self._waiting = deque((procedure, True) for procedure, _ in self._waiting)
        if self._running is None:
            return
        self._stop = True
        if self._asleep:
            turn = self._turn = self._turn + 1
            self._runtime.soon(lambda: self._go_on(turn, None, None))

    def close(self) -> None:
        """End the lane in the middle of whatever it does."""
        self._turn += 1
        while self._waiting:
            self._waiting.popleft()[0].close()
        running, self._running = self._running, None
        if running is not None:
            _close(running)

    def _next(self) -> None:
        if not self._waiting:
            return
        self._running, self._stop = self._waiting.popleft()
        self._asleep = False
        turn = self._turn = self._turn + 1
        self._runtime.soon(lambda: self._go_on(turn, None, None))

    def _go_on(self, turn: int, answer: object, error: BaseException | None) -> None:
        """Resume the procedure with what its effect gave, until it asks for the next effect that takes time."""
        if turn != self._turn or self._running is None:
            return
        if self._asleep and self._stop:
            self._stop, error = False, Stopped()
        self._asleep = False
        procedure = self._running
        try:
            effect = procedure.throw(error) if error is not None else procedure.send(answer)
            if self._stop:
                self._stop = False
                effect = procedure.throw(Stopped())
        except (StopIteration, Stopped):
            self._ended(turn)
            return
        except Exception as crash:  # noqa: BLE001 - whatever it is, it is the procedure's crash
            self._ended(turn)
            self._runtime.crashed(self.name, crash)
            self._on_crash(self.name, crash)
            return
        if turn != self._turn:
            return
        turn = self._turn = self._turn + 1
        if isinstance(effect, Sleep):
            self._asleep = True
            delay_us = int(effect.duration.total_seconds() * 1_000_000)
            self._runtime.after(delay_us, lambda: self._go_on(turn, None, None))
        else:
            self._runtime.perform(effect, lambda answer, error: self._go_on(turn, answer, error))

    def _ended(self, turn: int) -> None:
        if turn == self._turn:
            self._running = None
            self._turn += 1
            self._next()


def _close(procedure: Procedure) -> None:
    try:
        procedure.close()
    except (RuntimeError, ValueError):
        return  # it awaited something while it was torn down, which a killed process would not do either


class SimRuntime:
    """``actors.runtime.Runtime`` for one process of the simulation."""

    def __init__(self, scheduler: Scheduler, process: Process) -> None:
        self.scheduler = scheduler
        self.process = process
        self._skew = timedelta(microseconds=process.skew_us)
        self._lanes: list[SimLane] = []
        process.at_death(self._dead)

    def now(self) -> datetime:
        """The time as this process's clock shows it."""
        return self.scheduler.now() + self._skew

    def spawn(self, name: str, build: Callable[[], Behaviour[Any]], on_crash: OnCrash) -> Address[Any]:
        """Start an actor."""
        return SimActor(self, name, build, on_crash)

    def lane(self, name: str, on_crash: OnCrash) -> Lane:
        """Make a lane."""
        lane = SimLane(self, name, on_crash)
        self._lanes.append(lane)
        return lane

    def later(self, delay: timedelta, action: Callable[[], None]) -> None:
        """Call ``action`` after ``delay``."""
        self.after(int(delay.total_seconds() * 1_000_000), action)

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        """Let ``action`` happen in this process, if it still lives then."""
        process = self.process

        def act() -> None:
            if process.alive:
                action()

        self.scheduler.after(delay_us, act)

    def soon(self, action: Callable[[], None]) -> None:
        """Let ``action`` happen within the next instants: threads run when they run."""
        self.after(int(self.scheduler.random.random() ** 4 * 2 * MILLISECOND_US), action)

    def crashed(self, name: str, error: BaseException) -> None:
        """Take note of a crash: a planted one is a fault, any other one a defect that checkers report."""
        if not isinstance(error, Defect):
            self.process.crashes.append((name, error))

    def perform(self, call: Call[Any, Any], answer: Callable[[object, BaseException | None], None]) -> None:
        """Send a call into the world, and its answer back to this process."""
        port = call.port
        if not isinstance(port, SimPort):
            self.soon(lambda: answer(call.perform(port), None))
            return
        request = Request(self.process, port.odds.draw(port.random))
        delivery = _Delivery(self, call, port, request, answer)
        if request.fate is Fate.LOST:
            self.after(port.silence_us(), lambda: delivery.arrive(None, port.lost()))
        elif request.fate is Fate.DEFECT:
            self.after(port.latency_us(), lambda: delivery.arrive(None, Defect("a planted defect")))
        else:
            self.scheduler.after(port.latency_us(), delivery.take_effect)

    def _dead(self) -> None:
        self.process.died_us = self.scheduler.now_us
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()


class _Delivery:
    """One call's way into the world and back."""

    def __init__(
        self,
        runtime: SimRuntime,
        call: Call[Any, Any],
        port: SimPort,
        request: Request,
        answer: Callable[[object, BaseException | None], None],
    ) -> None:
        self._runtime = runtime
        self._call = call
        self._port = port
        self._request = request
        self._answer = answer
        self._lost_already = False

    def take_effect(self) -> None:
        """Carry the request out. That of a process that died since may have left it, or not."""
        request, port, process = self._request, self._port, self._request.process
        if not process.alive and (
            request.begun or self._runtime.scheduler.now_us > process.died_us + ON_THE_WIRE_US
        ):
            return
        request.begun = True
        port.request = request
        answer: object = None
        error: Exception | None = None
        try:
            answer = self._call.perform(port)
        except NotYet as wait:
            self._wait(wait.until_us)
            return
        except Killed:
            return
        except Exception as refused:  # noqa: BLE001 - errors are answers
            error = refused
        finally:
            port.request = None
        if process.alive:
            port.performed()
        if request.fate is Fate.ANSWER_LOST:
            self._lose(port.silence_us())
        elif isinstance(error, type(port.lost())):
            self._runtime.after(port.silence_us(), lambda: self.arrive(None, error))
        else:
            self._runtime.after(port.latency_us(), lambda: self.arrive(answer, error))

    def _wait(self, until_us: int) -> None:
        """The call blocks. An answer that will be lost may be given up on long before."""
        scheduler = self._runtime.scheduler
        if self._request.fate is Fate.ANSWER_LOST:
            patience_us = max(0, until_us - scheduler.now_us)
            self._lose(int(self._port.random.random() * patience_us))
        scheduler.at(until_us, self.take_effect)

    def _lose(self, delay_us: int) -> None:
        if not self._lost_already:
            self._lost_already = True
            self._runtime.after(delay_us, lambda: self.arrive(None, self._port.lost()))

    def arrive(self, answer: object, error: BaseException | None) -> None:
        """Hand the answer to whoever asked."""
        self._port.answered(self._request, error)
        self._answer(answer, error)
