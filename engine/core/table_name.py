"""A table's full name, in the forms in which others write it."""

from typing import Self

import msgspec


class TableName(msgspec.Struct, frozen=True, order=True):
    """A table, view or index view, as stored: unquoted, case kept."""

    keyspace: str
    table: str

    def __str__(self) -> str:
        return f"{self.keyspace}.{self.table}"

    @property
    def column_family(self) -> str:
        """``<keyspace>:<table>``, as Scylla's REST API writes it."""
        return f"{self.keyspace}:{self.table}"

    @classmethod
    def from_column_family(cls, text: str) -> Self:
        """Read ``<keyspace>:<table>``; a table's name may itself hold colons, a keyspace's cannot."""
        keyspace, _, table = text.partition(":")
        return cls(keyspace, table)
