"""The undo ledger: what the run has altered in the cluster and not put back yet."""

from collections.abc import Iterable
from typing import Final

import msgspec

from scylla_restore.events.model.alterations import (
    Alteration,
    CopiedIntoUpload,
    NodeAlteration,
    SchemaAlteration,
    StagingCreated,
    UploadSetAside,
    node_of,
)
from scylla_restore.events.model.failure import Cause, Failure

_OF_DIRECTORIES: Final = StagingCreated | CopiedIntoUpload | UploadSetAside


class Entry(msgspec.Struct, kw_only=True):
    """One alteration.

    ``made`` is false while only its intent is known, or nobody has looked since another engine made it; ``undoing``
    is true while its undo is under way, ``failure`` is why that failed last. ``fresh`` is whether this engine entered it,
    so that nobody before has asked for it; ``untouched`` whether it is known that it never came to be.
    """

    id: str
    alteration: Alteration
    made: bool = False
    fresh: bool = True
    untouched: bool = False
    undoing: bool = False
    undo_failures: int = 0
    failure: Failure | None = None

    @property
    def node(self) -> str:
        """The node that is altered; empty where it is the whole cluster."""
        return node_of(self.alteration)

    @property
    def is_of_schema(self) -> bool:
        """Whether it is the cluster's schema that is altered."""
        return isinstance(self.alteration, SchemaAlteration)


class Ledger(msgspec.Struct, kw_only=True):
    """Open entries by id, oldest first. ``intended`` counts all there ever were, for ids that are never reused."""

    entries: dict[str, Entry] = {}
    intended: int = 0

    def open(self, entry_id: str, alteration: Alteration, *, made: bool) -> None:
        """Enter an alteration."""
        self.intended += 1
        self.entries[entry_id] = Entry(id=entry_id, alteration=alteration, made=made)

    def close(self, entry_id: str) -> None:
        """Strike an alteration out: it is undone, or never was."""
        self.entries.pop(entry_id, None)

    def settings_of(self, node: str) -> list[Entry]:
        """Open alterations of a node's settings (not of its directories)."""
        return [
            entry
            for entry in self.entries.values()
            if entry.node == node and not isinstance(entry.alteration, _OF_DIRECTORIES)
        ]

    def of_schema(self) -> list[Entry]:
        """Open alterations of the cluster's schema."""
        return [entry for entry in self.entries.values() if entry.is_of_schema]

    def refuse(self, entry_id: str, failure: Failure) -> None:
        """Take note that an alteration of the schema came to nothing.

        What was refused is as it was; those after it were not asked for. What an engine before this one had asked for may
        be altered all the same.
        """
        later = False
        for entry in self.of_schema():
            later = later or entry.id == entry_id
            was_asked = entry.id == entry_id and failure.cause is not Cause.REFUSED
            if later and entry.fresh and not entry.made:
                entry.untouched = not was_asked

    def untouched(self) -> list[Entry]:
        """Return what is in the ledger, and never came to be."""
        return [entry for entry in self.entries.values() if entry.untouched]

    def distrust_settings_of(self, node: str) -> None:
        """Forget that a node's settings were altered: its actor has to make sure."""
        for entry in self.settings_of(node):
            entry.made = False


def of_nodes(entries: Iterable[Entry]) -> tuple[tuple[str, NodeAlteration], ...]:
    """Return ids and alterations of those entries that are about a node."""
    return tuple((e.id, e.alteration) for e in entries if not isinstance(e.alteration, SchemaAlteration))


def of_schema(entries: Iterable[Entry]) -> tuple[tuple[str, SchemaAlteration], ...]:
    """Return ids and alterations of those entries that are about the cluster's schema."""
    return tuple((e.id, e.alteration) for e in entries if isinstance(e.alteration, SchemaAlteration))


def staging_entry(batch: int, attempt: int) -> str:
    """The ledger's id for an attempt's staging directory, or its files in ``upload``, which ``DownloadRequested`` announces."""
    return f"staging/{batch}/{attempt}"
