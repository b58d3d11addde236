"""Ctrl-C and its kin, as something to be asked about instead of something that happens in the middle of anything."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts signals that ask the program to stop, once ``is_counting``; before, they end it. ``name`` is the last."""

    def __init__(self) -> None:
        self.is_counting = False
        self.count = 0
        self.name = ""

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal. Nothing else is safe here: the program may be holding any lock.

        Raises:
            KeyboardInterrupt: they are not counted yet.
        """
        if not self.is_counting:
            raise KeyboardInterrupt
        self.count += 1
        self.name = signal.Signals(number).name


@contextmanager
def taken_signals() -> Iterator[StopSignals]:
    """Take SIGINT, SIGTERM, and SIGHUP unless it is being ignored, as under nohup.

    Outside the main thread, where Python takes no signals, nothing is ever counted.
    """
    signals = StopSignals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {}
    try:
        for number in _ASKING:
            # Shells have background jobs ignore SIGINT, which is no reason to be deaf to `kill -INT`.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, signals.take)
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
