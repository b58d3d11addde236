"""What people are told, in words that several messages share."""

from collections.abc import Iterable
from typing import Final

_NAMED: Final = 3
"""So many are named; the log has them all."""


def some_of(names: Iterable[str], *, at_most: int = _NAMED) -> str:
    """Return the first names, ``at_most`` so many, and how many more there are."""
    listed = list(names)
    more = len(listed) - at_most
    return ", ".join(listed[:at_most]) + (f" and {more} more" if more > 0 else "")
