"""Timers: one thread for all of them, started with the first."""

import heapq
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic

from loguru import logger


class Timers:
    """Calls actions at their times, one after another. They have to be quick: each holds up those behind it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def add(self, delay_s: float, action: Callable[[], None]) -> None:
        """Call ``action`` after ``delay_s`` seconds, unless the timers are closed before."""
        with self._changed:
            if self._is_closed:
                return
            heapq.heappush(self._due, (monotonic() + delay_s, next(self._order), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what is not due yet, and end the thread."""
        with self._changed:
            self._is_closed = True
            self._due.clear()
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread of closed timers, and return whether it has ended."""
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:  # noqa: BLE001 - one bad action must not silence all others
                logger.exception("a timer's action failed")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next action that is due; None when the timers are closed."""
        with self._changed:
            while not self._is_closed:
                wait_s = self._due[0][0] - monotonic() if self._due else None
                if wait_s is not None and wait_s <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(timeout=wait_s)
        return None
