"""The actors' runtime under one thread and a virtual clock."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.simulator.delivery import Delivery
from tests.simulation.simulator.network import Defect, Fate, Odds, Request, SimPort
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.scheduler import MILLISECOND_US, MINUTE_US, Scheduler

from scylla_restore.actors.letters import Reported
from scylla_restore.actors.runtime import Address, Behaviour, Call, Lane, Procedure, Sleep, Stopped
from scylla_restore.events.model.batches import UploadOccupied


def may_come_again(letter: object) -> bool:
    """Whether a letter that comes twice can be told from two letters: an attempt may truly find upload occupied twice."""
    return (
        isinstance(letter, Reported)
        and letter.actor.startswith("node/")
        and not isinstance(letter.event, UploadOccupied)
    )


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
        """Put a letter into the mailbox; the dead get none. A node's report may come once more, much later."""
        if may_come_again(letter) and self._runtime.comes_again():
            self._runtime.after(self._runtime.much_later_us(), lambda: self._put(letter))
        self._put(letter)

    def _put(self, letter: object) -> None:
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

    def __init__(self, scheduler: Scheduler, process: Process, odds: Odds | None = None) -> None:
        self.scheduler = scheduler
        self.odds = odds or Odds()
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

    def comes_again(self) -> bool:
        """Whether a letter is delivered twice."""
        return self.scheduler.random.random() < self.odds.lost

    def much_later_us(self) -> int:
        """Choose when a letter comes for the second time."""
        return int(self.scheduler.random.random() ** 3 * MINUTE_US)

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
        delivery = Delivery(
            scheduler=self.scheduler, after=self.after, call=call, port=port, request=request, answer=answer
        )
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
