"""One call's way from a procedure into the world, and its answer's way back."""

from collections.abc import Callable
from typing import Any

from tests.simulation.simulator.network import Fate, Killed, NotYet, Request, SimPort
from tests.simulation.simulator.scheduler import MILLISECOND_US, Scheduler

from scylla_restore.actors.runtime import Call

After = Callable[[int, Callable[[], None]], None]
ON_THE_WIRE_US = 100 * MILLISECOND_US
"""How long a request of a process that has died may still be on its way."""


class Delivery:
    """One call's way into the world and back."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        after: After,
        call: Call[Any, Any],
        port: SimPort,
        request: Request,
        answer: Callable[[object, BaseException | None], None],
    ) -> None:
        self._scheduler = scheduler
        self._after = after
        self._call = call
        self._port = port
        self._request = request
        self._answer = answer
        self._lost_already = False

    def take_effect(self) -> None:
        """Carry the request out. That of a process that died since may have left it, or not."""
        request, port, process = self._request, self._port, self._request.process
        if not process.alive and (request.begun or self._scheduler.now_us > process.died_us + ON_THE_WIRE_US):
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
        elif error is not None and isinstance(error, type(port.lost())):
            self._after(port.silence_us(), lambda: self.arrive(None, error))
        else:
            self._after(port.latency_us(), lambda: self.arrive(answer, error))

    def _wait(self, until_us: int) -> None:
        """The call blocks. An answer that will be lost may be given up on long before."""
        scheduler = self._scheduler
        if self._request.fate is Fate.ANSWER_LOST:
            patience_us = max(0, until_us - scheduler.now_us)
            self._lose(int(self._port.random.random() * patience_us))
        scheduler.at(until_us, self.take_effect)

    def _lose(self, delay_us: int) -> None:
        if not self._lost_already:
            self._lost_already = True
            self._after(delay_us, lambda: self.arrive(None, self._port.lost()))

    def arrive(self, answer: object, error: BaseException | None) -> None:
        """Hand the answer to whoever asked."""
        self._port.answered(self._request, error)
        self._answer(answer, error)
