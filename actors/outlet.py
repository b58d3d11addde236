"""What an actor lets out, until it is closed."""

from collections.abc import Callable
from threading import Lock

from scylla_restore.events.model import AnyEvent


class Outlet:
    """Reports events from several lanes; after ``close`` nothing gets out any more.

    A lane that has been abandoned may still be computing. What it would say then is about work that a new actor
    under the old name has begun anew.
    """

    def __init__(self, report: Callable[[AnyEvent], None]) -> None:
        self._report = report
        self._lock = Lock()
        self._is_open = True

    def __call__(self, event: AnyEvent) -> None:
        """Report an event, unless the outlet is closed."""
        with self._lock:
            if self._is_open:
                self._report(event)

    def close(self) -> None:
        """Let nothing out from now on."""
        with self._lock:
            self._is_open = False
