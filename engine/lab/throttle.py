"""Speed limits."""

import threading
import time


class Throttle:
    """A pipe that several threads push bytes through, at a rate that may change at any time."""

    def __init__(self) -> None:
        self._free_at_s = 0.0
        self._lock = threading.Lock()

    def push(self, size: int, rate: float | None, interrupted: threading.Event) -> bool:
        """Wait until ``size`` bytes at ``rate`` bytes a second have gone through, after those of others.

        Returns whether it was not interrupted. Without a rate there is no wait.
        """
        if rate is None:
            return not interrupted.is_set()
        with self._lock:
            now = time.monotonic()
            self._free_at_s = max(now, self._free_at_s) + size / rate
            wait_s = self._free_at_s - now
        return not interrupted.wait(wait_s)
