"""The only source of chance in a simulation: generators that a text decides."""

from random import Random


def dice(seed: str) -> Random:
    """Return a generator whose every number follows from ``seed``."""
    return Random(seed)  # noqa: S311 - repeatable is what it has to be
