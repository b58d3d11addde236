"""What records change in a projected table: rows by their keys, as they are now; None for one that is gone."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=tuple[str | int, ...])
Row = TypeVar("Row")


def carry_out(table: dict[Key, Row], changed: Mapping[Key, Row | None]) -> None:
    """Make changes in a table that is kept in memory; deleting what is not there is no error."""
    for key, row in changed.items():
        if row is None:
            table.pop(key, None)
        else:
            table[key] = row
