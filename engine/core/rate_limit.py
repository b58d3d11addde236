"""Rate limits as people write them: ``[<dc>:]<MiB/s>``."""

import re
from collections.abc import Iterable

from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import RateLimit

_LIMIT = re.compile(r"(?:([a-zA-Z0-9_.-]+):)?([0-9]{1,9})")


def parse_rate_limits(texts: Iterable[str]) -> tuple[RateLimit, ...]:
    """Read limits that are given one by one, separated by commas, or both.

    Raises:
        TargetError: one is malformed, or a DC (or the limit for all) has two.
    """
    limits: dict[str | None, RateLimit] = {}
    for text in texts:
        for part in text.split(","):
            match = _LIMIT.fullmatch(part.strip())
            if match is None:
                raise TargetError(
                    f"{part.strip()!r} is not a rate limit",
                    hint="write [<dc>:]<MiB/s>, such as 100 or dc1:50,dc2:0; 0 is no limit",
                )
            dc, number = match.groups()
            if dc in limits:
                raise TargetError(f"two rate limits are given for {f'DC {dc}' if dc else 'all DCs'}")
            limits[dc] = RateLimit(mib_per_second=int(number), dc=dc)
    return tuple(limits.values())


def rate_limit_for(limits: Iterable[RateLimit], dc: str) -> int:
    """Return the limit in MiB/s of a node in ``dc``: its DC's own, else the one for all, else 0 (none)."""
    by_dc = {limit.dc: limit.mib_per_second for limit in limits}
    return by_dc.get(dc, by_dc.get(None, 0))
