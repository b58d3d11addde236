"""How long to leave somebody alone. Jitter is a hash, so that the same run decides the same again."""

from datetime import timedelta
from zlib import crc32

from scylla_restore.engine.core.limits import SPACE_BASE_S, SUSPEND_BASE_S, SUSPEND_MAX_S


def suspension(seed: int, node: str, failures: int) -> timedelta:
    """Return how long a node is suspended after its ``failures``-th failure in a row (≥ 1): doubled each time, ±20 %."""
    return _backoff(SUSPEND_BASE_S, seed, node, failures)


def space_check(seed: int, node: str, failures: int) -> timedelta:
    """Return when to look again at a disk that was too full."""
    return _backoff(SPACE_BASE_S, seed, node, failures)


def _backoff(base_s: float, seed: int, node: str, failures: int) -> timedelta:
    delay_s = min(SUSPEND_MAX_S, base_s * 2 ** min(max(failures, 1) - 1, 20))
    jitter = 0.8 + 0.4 * (crc32(f"{seed}/{node}/{failures}".encode()) / 0xFFFFFFFF)
    return timedelta(seconds=delay_s * jitter)
