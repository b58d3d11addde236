"""How events about alterations change the ledger."""

from typing import assert_never

from scylla_restore.engine.core.state import NodeState, Phase, RunState
from scylla_restore.events.model import AlterationEvent, alterations
from scylla_restore.events.model.alterations import UploadSetAside


def fold_alteration(state: RunState, event: AlterationEvent) -> None:
    """Fold one event about the ledger."""
    entries = state.ledger.entries
    match event:
        case alterations.AlterationIntended():
            state.ledger.open(event.id, event.alteration, made=False)
            if isinstance(event.alteration, UploadSetAside):
                _unblock(state, state.nodes[event.alteration.node])
        case alterations.AlterationMade():
            if event.id in entries:
                entries[event.id].made = True
                _made(state, event.id)
        case alterations.UndoRequested():
            for entry_id in event.ids:
                entries[entry_id].undoing = True
        case alterations.AlterationUndone():
            state.ledger.close(event.id)
        case alterations.UndoFailed():
            if event.id in entries:
                entries[event.id].undoing = False
                entries[event.id].undo_failures += 1
        case _:
            assert_never(event)


def _unblock(state: RunState, node: NodeState) -> None:
    """Somebody sees to what blocks the node's load."""
    state.blocked = [batch for batch in state.blocked if batch != node.load]


def _made(state: RunState, entry_id: str) -> None:
    alteration = state.ledger.entries[entry_id].alteration
    node = state.nodes[alteration.node]
    if isinstance(alteration, UploadSetAside):
        batch = state.batches.get(node.load) if node.load is not None else None
        if batch is not None and batch.phase is Phase.BLOCKED:
            _unblock(state, node)
            batch.phase = Phase.STAGED
            node.load = None
            node.staged.insert(0, batch.id)
    else:
        node.altered = all(entry.made for entry in state.ledger.settings_of(node.address))
    state.index_node(node)
