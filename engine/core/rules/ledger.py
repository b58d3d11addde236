"""Working off the undo ledger."""

from collections.abc import Collection

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.state import Entry, Phase, RunState
from scylla_restore.engine.core.state.ledger import staging_entry
from scylla_restore.events.model.alterations import UndoRequested, UploadSetAside


def put_back(state: RunState, *, tries: int, stays: Collection[str] = ()) -> Decision | None:
    """Ask the next node to undo what was altered there, but for the entries that stay; the newest alteration first.

    What has failed ``tries`` times is left alone.
    """
    by_node: dict[str, list[Entry]] = {}
    for entry in reversed(state.ledger.entries.values()):
        if _can_be_undone(state, entry, tries) and entry.id not in stays:
            by_node.setdefault(entry.alteration.node, []).append(entry)
    for address, entries in sorted(by_node.items()):
        return undo(address, entries)
    return None


def undo(node: str, entries: list[Entry]) -> Decision:
    """Announce that a node is to undo some alterations, and ask it to."""
    alterations = tuple((entry.id, entry.alteration) for entry in entries)
    return Decision(
        events=(UndoRequested(ids=tuple(entry_id for entry_id, _ in alterations)),),
        commands=(commands.Undo(node=node, alterations=alterations),),
    )


def is_putting_back(state: RunState) -> bool:
    """Whether anything is being undone on nodes that the cluster has."""
    return any(entry.undoing for entry in of_members(state))


def of_members(state: RunState) -> list[Entry]:
    """Return what is still altered on nodes that the cluster has; what was altered on others went with them."""
    return [entry for entry in state.ledger.entries.values() if state.nodes[entry.alteration.node].member]


def _can_be_undone(state: RunState, entry: Entry, tries: int) -> bool:
    known = state.nodes[entry.alteration.node].member
    return known and not entry.undoing and entry.undo_failures < tries


def kept_for_resume(state: RunState) -> set[str]:
    """Return the ids of what a run that pauses or fails leaves in its staging directories, or where a load may run."""
    kept = state.in_phase(Phase.STAGED, Phase.BLOCKED, Phase.LOADING)
    loading = {batch.node for batch in kept if batch.phase is Phase.LOADING}
    aside = {
        entry.id
        for entry in state.ledger.entries.values()
        if isinstance(entry.alteration, UploadSetAside) and entry.alteration.node in loading
    }
    return aside | {staging_entry(batch.id, batch.attempt) for batch in kept}
