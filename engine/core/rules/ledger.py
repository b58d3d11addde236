"""Working off the undo ledger."""

from collections.abc import Collection
from datetime import datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.batch_commands import own_files
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.state import Ending, Entry, Phase, RunState
from scylla_restore.engine.core.state.ledger import of_nodes, of_schema, staging_entry
from scylla_restore.events.model.alterations import (
    AlterationUndone,
    CopiedIntoUpload,
    UndoRequested,
    UploadSetAside,
)


def put_back(state: RunState, *, tries: int, stays: Collection[str] = ()) -> Decision | None:
    """Ask the next node to undo what was altered there, but for the entries that stay; the newest alteration first.

    What was altered in the schema is undone like what was altered on a node. What has failed ``tries`` times is left
    alone.
    """
    by_node: dict[str, list[Entry]] = {}
    for entry in reversed(state.ledger.entries.values()):
        if _can_be_undone(state, entry, tries) and entry.id not in stays:
            by_node.setdefault(entry.node, []).append(entry)
    for address, entries in sorted(by_node.items()):
        gives_up = state.ending is Ending.ABORT
        return undo(state, address, entries) if address else undo_schema(entries, gives_up=gives_up)
    return None


def undo(state: RunState, node: str, entries: list[Entry]) -> Decision:
    """Announce that a node is to undo some alterations, and ask it to."""
    copied = ((e.id, e.alteration) for e in entries if isinstance(e.alteration, CopiedIntoUpload))
    files = {entry_id: own_files(state, alteration) for entry_id, alteration in copied}
    command = commands.Undo(node=node, alterations=of_nodes(entries), files=files)
    return Decision(events=(_announced(entries),), commands=(command,))


def undo_schema(entries: list[Entry], *, gives_up: bool) -> Decision:
    """Announce that alterations of the schema are to be undone, and ask for it."""
    return Decision(
        events=(_announced(entries),),
        commands=(commands.UndoSchema(alterations=of_schema(entries), gives_up=gives_up),),
    )


def strike_untouched(state: RunState, _now: datetime) -> Decision | None:
    """What never came to be needs no undoing: to ask for it could be refused for the very reason, or drop what others made."""
    entries = state.ledger.untouched()
    if not entries:
        return None
    undone = (AlterationUndone(id=entry.id) for entry in entries)
    return Decision(events=(_announced(entries), *undone))


def is_putting_back(state: RunState) -> bool:
    """Whether anything is being undone in the schema, or on nodes that the cluster has."""
    return any(entry.undoing for entry in of_members(state))


def of_members(state: RunState) -> list[Entry]:
    """Return what is still altered in the schema, and on nodes that the cluster has; the rest went with its nodes."""
    return [entry for entry in state.ledger.entries.values() if _is_there(state, entry)]


def kept_for_resume(state: RunState) -> set[str]:
    """Return the ids of what a run that pauses or fails leaves in its staging directories, or where a load may run."""
    kept = state.in_phase(Phase.STAGED, Phase.BLOCKED, Phase.LOADING)
    loading = {batch.node for batch in kept if batch.phase is Phase.LOADING}
    aside = {
        entry.id
        for entry in state.ledger.entries.values()
        if isinstance(entry.alteration, UploadSetAside) and entry.node in loading
    }
    return aside | {staging_entry(batch.id, batch.attempt) for batch in kept}


def _announced(entries: list[Entry]) -> UndoRequested:
    return UndoRequested(ids=tuple(entry.id for entry in entries))


def _can_be_undone(state: RunState, entry: Entry, tries: int) -> bool:
    if isinstance(entry.alteration, UploadSetAside) and state.nodes[entry.node].left:
        # files of others come back when nothing of ours is in their way, which is removed by its names
        return False
    return _is_there(state, entry) and not entry.undoing and entry.undo_failures < tries


def _is_there(state: RunState, entry: Entry) -> bool:
    return entry.is_of_schema or state.nodes[entry.node].member
