"""The undo ledger: what the run has altered in the cluster and not put back yet."""

import msgspec

from scylla_restore.events.model.alterations import Alteration, StagingCreated, UploadSetAside


class Entry(msgspec.Struct, kw_only=True):
    """One alteration.

    ``made`` is false while only its intent is known, or nobody has looked since another engine made it; ``undoing``
    is true while its undo is under way.
    """

    id: str
    alteration: Alteration
    made: bool = False
    undoing: bool = False
    undo_failures: int = 0


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
            if entry.alteration.node == node
            and not isinstance(entry.alteration, StagingCreated | UploadSetAside)
        ]

    def distrust_settings_of(self, node: str) -> None:
        """Forget that a node's settings were altered: its actor has to make sure."""
        for entry in self.settings_of(node):
            entry.made = False


def staging_entry(batch: int, attempt: int) -> str:
    """The ledger's id for an attempt's staging directory, which ``DownloadRequested`` announces."""
    return f"staging/{batch}/{attempt}"
