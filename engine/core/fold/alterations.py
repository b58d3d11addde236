"""How events about alterations change the ledger."""

from typing import assert_never

from scylla_restore.engine.core.fold.schema import forget_ask, keep_index
from scylla_restore.engine.core.fold.statements import take_back
from scylla_restore.engine.core.state import NodeState, Phase, RunState
from scylla_restore.events.model import AlterationEvent, alterations
from scylla_restore.events.model.alterations import CopiedIntoUpload, UploadSetAside
from scylla_restore.events.model.run import Ask


def fold_alteration(state: RunState, event: AlterationEvent) -> None:
    """Fold one event about the ledger."""
    entries = state.ledger.entries
    of_schema = _is_of_schema(state, event)
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
                entry = entries[entry_id]
                entry.undoing = True
                # whatever comes of it, it is not known any more that it is altered
                entry.made = entry.made and not entry.is_of_schema
        case alterations.AlterationUndone():
            _forget_left(state, event.id)
            state.ledger.close(event.id)
            take_back(state, event.id)
        case alterations.UndoFailed():
            if event.id in entries:
                entries[event.id].undoing = False
                entries[event.id].failure = event.failure
                if not _holds_up(state, event):
                    entries[event.id].undo_failures += 1
        case _:
            assert_never(event)
    if of_schema or _is_of_schema(state, event):
        keep_index(state)


def _forget_left(state: RunState, entry_id: str) -> None:
    """An ended attempt's files are gone from ``upload``."""
    entry = state.ledger.entries.get(entry_id)
    if entry is not None and isinstance(entry.alteration, CopiedIntoUpload):
        node = state.nodes[entry.node]
        node.left = [each for each in node.left if each != entry_id]
        state.index_node(node)


def _holds_up(state: RunState, event: alterations.UndoFailed) -> bool:
    """Whether a node that is to work on has to be asked again, after a rest, to clear ``upload``."""
    node = state.nodes.get(state.ledger.entries[event.id].node)
    if node is None or event.id not in node.left or state.ending is not None:
        return False
    node.failures += 1
    node.unsettled = (event.failure, 1)
    if node.address not in state.unsettled_nodes:
        state.unsettled_nodes.append(node.address)
    return True


def _is_of_schema(state: RunState, event: AlterationEvent) -> bool:
    ids = event.ids if isinstance(event, alterations.UndoRequested) else (event.id,)
    entry = state.ledger.entries.get(ids[0]) if ids else None
    return entry is not None and entry.is_of_schema


def _unblock(state: RunState, node: NodeState) -> None:
    """Somebody sees to what blocks the node's load."""
    state.blocked = [batch for batch in state.blocked if batch not in (node.load, node.download)]


def _clear_for_download(state: RunState, node: NodeState) -> None:
    """What was in the way of a copy into ``upload`` lies elsewhere now."""
    batch = state.batches.get(node.download) if node.download is not None else None
    if batch is not None and batch.phase is Phase.OCCUPIED:
        _unblock(state, node)
        batch.phase = Phase.CLEAR
        state.to_download.append(batch.id)


def _made(state: RunState, entry_id: str) -> None:
    entry = state.ledger.entries[entry_id]
    if entry.is_of_schema:
        if all(other.made for other in state.ledger.of_schema()):
            forget_ask(state, Ask.ALTER_SCHEMA)
        return
    node = state.nodes[entry.node]
    if isinstance(entry.alteration, UploadSetAside):
        batch = state.batches.get(node.load) if node.load is not None else None
        if batch is not None and batch.phase is Phase.BLOCKED:
            _unblock(state, node)
            batch.phase = Phase.STAGED
            node.load = None
            node.staged.insert(0, batch.id)
        _clear_for_download(state, node)
    else:
        node.altered = all(entry.made for entry in state.ledger.settings_of(node.address))
    state.index_node(node)
