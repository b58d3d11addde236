"""What a benchmark yields, and how it takes the time."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One number."""

    metric: str
    value: float
    unit: str
    params: dict[str, str | int | float | bool] = {}

    def __str__(self) -> str:
        params = ", ".join(f"{name} {value}" for name, value in self.params.items())
        return f"{self.metric:32} {self.value:14,.2f} {self.unit:10} {params}"


def best_seconds(action: Callable[[], object], *, times: int) -> float:
    """Return the shortest of several times that an action takes: what is left when others disturb it least."""
    return min(seconds(action) for _ in range(times))


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all are not above."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


@contextmanager
def busy_thread() -> Iterator[None]:
    """Have another thread of this process do nothing but Python while the block runs."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
