"""Counting what several threads do at once."""

import threading


class Tally:
    """A number that is counted up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def add(self, count: int = 1) -> None:
        """Count."""
        with self._lock:
            self._count += count

    @property
    def count(self) -> int:
        """How often it was counted."""
        return self._count
