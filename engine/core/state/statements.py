"""A restore of the schema, as far as it has come."""

import msgspec

from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.schema import SchemaObject
from scylla_restore.events.model.schema_restore import SchemaStatement, SkippedObject


class Statements(msgspec.Struct, kw_only=True):
    """``read`` is what the backup says, all of it once it ``is_read``; ``existing`` is None until the cluster was looked at.

    ``done`` are numbers, ``asked`` is the one under way; ``rolled_back`` counts what was dropped again.
    """

    read: list[SchemaStatement] = []
    is_read: bool = False
    skipped: tuple[SkippedObject, ...] = ()
    existing: tuple[SchemaObject, ...] | None = None
    done: set[int] = set()
    asked: int | None = None
    failure: Failure | None = None
    rolled_back: int = 0
    first_left: int = 0

    @property
    def are_done(self) -> bool:
        """Whether all are carried out."""
        return self.is_read and len(self.done) == len(self.read)

    def finish(self, number: int) -> None:
        """A statement is carried out."""
        self.done.add(number)
        self.asked = None
        while self.first_left in self.done:
            self.first_left += 1

    def take_back(self, number: int) -> None:
        """What a statement had made is dropped again."""
        if number in self.done:
            self.done.discard(number)
            self.rolled_back += 1
        self.first_left = min(self.first_left, number)


def statement_entry(number: int) -> str:
    """The ledger's id for what a statement makes, which ``SchemaStatementRequested`` announces."""
    return f"statement/{number}"


def number_of(entry_id: str) -> int | None:
    """Return the statement's number of a ledger's id, None if it is another's."""
    kind, _, number = entry_id.partition("/")
    return int(number) if kind == "statement" else None
