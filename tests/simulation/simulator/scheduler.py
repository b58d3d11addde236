"""Virtual time: one queue of what happens next, ordered by time and, at the same time, by the seed."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.simulation.simulator.dice import dice

MILLISECOND_US = 1_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
START = datetime(2025, 3, 1, 3, 0, tzinfo=UTC)


class Stuck(AssertionError):
    """Nothing is left to happen, or far too much has happened, and what was waited for did not come."""


class Scheduler:
    """The only source of time and order. Everything that happens in a simulation is an action of its queue."""

    def __init__(self, seed: str) -> None:
        self.random = dice(f"{seed}/scheduler")
        self.now_us = 0
        self.steps = 0
        self._queue: list[tuple[int, float, int, Callable[[], None]]] = []
        self._added = 0

    def now(self) -> datetime:
        """The time of the world, in UTC."""
        return START + timedelta(microseconds=self.now_us)

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        """Let ``action`` happen ``delay_us`` from now."""
        self._added += 1
        entry = (self.now_us + max(0, delay_us), self.random.random(), self._added, action)
        heapq.heappush(self._queue, entry)

    def at(self, time_us: int, action: Callable[[], None]) -> None:
        """Let ``action`` happen at ``time_us``, or at once if that is past."""
        self.after(time_us - self.now_us, action)

    def run(self, until: Callable[[], bool], *, steps: int, time_us: int) -> None:
        """Let things happen until ``until()`` holds.

        Raises:
            Stuck: it did not within so many steps, or so much time from now.
        """
        last_step, last_us = self.steps + steps, self.now_us + time_us
        queue, pop = self._queue, heapq.heappop
        while not until():
            if not queue:
                raise Stuck("nothing is left to happen")
            if self.steps >= last_step:
                raise Stuck(f"not done after {steps} steps")
            at_us, _, _, action = pop(queue)
            if at_us > last_us:
                raise Stuck(f"not done after {time_us // SECOND_US} s of virtual time")
            self.now_us = at_us
            self.steps += 1
            action()
