"""What people are told, in words that several messages share."""

from collections.abc import Iterable
from typing import Final

_NAMED: Final = 3
"""So many are named; the log has them all."""


def some_of(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
