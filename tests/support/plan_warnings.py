"""Warnings of plans, but for what every lab without CQL draws."""

from collections.abc import Iterable

WITHOUT_CQL = "views and tombstone_gc are left as they are: no port for CQL is open"


def but_for_cql(warnings: Iterable[str]) -> list[str]:
    """Return the other warnings."""
    return [warning for warning in warnings if not warning.startswith(WITHOUT_CQL)]
