"""What an envelope changes in a projected table."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

Key = TypeVar("Key", bound=tuple[str | int, ...])
Row = TypeVar("Row", bound=msgspec.Struct)


class Put(msgspec.Struct, Generic[Key, Row], frozen=True):
    """The row is now the one with this key."""

    key: Key
    row: Row


class Delete(msgspec.Struct, Generic[Key], frozen=True):
    """There is no row with this key any more."""

    key: Key


def carry_out(table: dict[Key, Row], changes: Iterable[Put[Key, Row] | Delete[Key]]) -> None:
    """Make ``changes`` in a table that is kept in memory; deleting what is not there is no error."""
    for change in changes:
        if isinstance(change, Put):
            table[change.key] = change.row
        else:
            table.pop(change.key, None)


def gather(changed: dict[Key, Row | None], changes: Iterable[Put[Key, Row] | Delete[Key]]) -> None:
    """Note ``changes`` by their keys, where the last word counts; None stands for a row that is to go."""
    for change in changes:
        changed[change.key] = change.row if isinstance(change, Put) else None
