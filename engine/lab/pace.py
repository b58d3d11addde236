"""How fast a node downloads: its own speed, the agent's bandwidth limit, and faults."""

from collections.abc import Callable

from scylla_restore.engine.lab.jobs import Job
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.throttle import Throttle

MIB = 1 << 20
_SUFFIXES = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_SLOW_DIVISOR = 10
_UNLIMITED_COUNTS_AS = 100.0 * MIB
_SMALLEST_PIECE = 16 << 10
_PIECES_A_SECOND = 20


def slowed(rate: float | None) -> float:
    """Return a tenth of a rate in bytes a second; no limit counts as 100 MiB/s."""
    return (rate or _UNLIMITED_COUNTS_AS) / _SLOW_DIVISOR


def parse_bandwidth(text: str) -> int:
    """Return a limit such as ``100M`` in bytes a second, 0 for none.

    Raises:
        CallRefused: it is not a limit, in the words of ``core/bwlimit``.
    """
    lowered = text.strip().lower()
    if lowered in ("off", ""):
        return 0
    suffix = lowered[-1]
    number, factor = (
        (lowered, 1 << 10) if suffix.isdigit() or suffix == "." else (lowered[:-1], _SUFFIXES.get(suffix))
    )
    if factor is None:
        raise CallRefused(f"bad bwlimit: bad suffix '{text.strip()[-1]}'")
    try:
        value = float(number)
    except ValueError:
        raise CallRefused(f'bad bwlimit: strconv.ParseFloat: parsing "{number}": invalid syntax') from None
    return max(0, int(value * factor))


def bandwidth_text(rate: int) -> str:
    """Return a limit in the agent's text: ``off``, ``100M``, ``1.500G``."""
    if rate <= 0:
        return "off"
    for suffix, factor in (("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)):
        if rate >= factor:
            scaled = rate / factor
            return f"{scaled:.0f}{suffix}" if scaled == int(scaled) else f"{scaled:.3f}{suffix}"
    return str(rate)


class Pace:
    """The pipe through which all copies of an agent go. ``is_slow`` tells of faults set while copies run."""

    def __init__(self, node_rate: float | None, is_slow: Callable[[], bool]) -> None:
        self._node_rate = node_rate
        self._is_slow = is_slow
        self._throttle = Throttle()
        self.bandwidth = 0

    def rate(self, job: Job) -> float | None:
        """Return the bytes a second that all copies together may make now, None for no limit."""
        limits = [float(limit) for limit in (self._node_rate, self.bandwidth) if limit]
        rate = min(limits) if limits else None
        return slowed(rate) if job.slow or self._is_slow() else rate

    def piece(self, rate: float | None) -> int:
        """Return how many bytes to move at a time."""
        return MIB if rate is None else int(max(_SMALLEST_PIECE, min(MIB, rate / _PIECES_A_SECOND)))

    def push(self, size: int, rate: float | None, job: Job) -> bool:
        """Wait for ``size`` bytes to pass; return whether the job goes on."""
        return self._throttle.push(size, rate, job.interrupted)
