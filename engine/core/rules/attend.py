"""Nodes that are about to work: take up what an engine before us left in flight, then set them up."""

from datetime import datetime
from typing import assert_never

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.alterations import unwanted_alterations, wanted_alterations
from scylla_restore.engine.core.batch_commands import (
    download_command,
    load_command,
    move_command,
    native_command,
)
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import UNDO_ATTEMPTS
from scylla_restore.engine.core.rules.asking import actor_of
from scylla_restore.engine.core.rules.ledger import undo
from scylla_restore.engine.core.state import Batch, NodeState, Phase, RunState
from scylla_restore.engine.core.state.ledger import of_nodes
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import AlterationIntended
from scylla_restore.events.model.batches import BatchReturned, LoadStarted, NativeRestoreRequested
from scylla_restore.events.model.run import ActorAsked, Ask
from scylla_restore.events.model.stages import Stage


def recover_node(state: RunState, _now: datetime) -> Decision | None:
    """Ask the world what became of what is open in the log, instead of starting over."""
    for node in state.nodes.values():
        if node.attended or not (node.joined or state.ending):
            continue
        events: list[AnyEvent] = [ActorAsked(actor=actor_of(node), ask=Ask.RECOVER)]
        sent: list[commands.Command] = []
        for batch_id in (node.download, node.load):
            if batch_id is not None:
                event, command = _recover(state, state.batches[batch_id])
                events += [event] if event else []
                sent += [command] if command else []
        return Decision(events=tuple(events), commands=tuple(sent))
    return None


def _recover(  # noqa: C901, PLR0911 - one return a phase
    state: RunState, batch: Batch
) -> tuple[AnyEvent | None, commands.Command | None]:
    match batch.phase:
        case Phase.LOOKING | Phase.OCCUPIED | Phase.CHECKING | Phase.CLEAR:
            reason = "its download had not begun"
            return BatchReturned(batch=batch.id, attempt=batch.attempt, reason=reason), None
        case Phase.REQUESTED:
            reason = "nobody knows whether the agent took the request for its download"
            return BatchReturned(batch=batch.id, attempt=batch.attempt, reason=reason), None
        case Phase.DOWNLOADING:
            return None, download_command(state, batch)
        case Phase.MOVING | Phase.BLOCKED:
            return None, move_command(state, batch, recovering=True)
        case Phase.IN_UPLOAD:
            started = LoadStarted(batch=batch.id, attempt=batch.attempt)
            return started, load_command(state, batch, recovering=False)
        case Phase.LOADING:
            return None, load_command(state, batch, recovering=True)
        case Phase.ASKED if state.ending:
            reason = "nobody knows whether Scylla took the request to restore it"
            return BatchReturned(batch=batch.id, attempt=batch.attempt, reason=reason), None
        case Phase.ASKED:
            # if Scylla took the request, it is asked again when that restore has ended
            requested = NativeRestoreRequested(batch=batch.id, attempt=batch.attempt)
            return requested, native_command(state, batch)
        case Phase.RESTORING:
            return None, native_command(state, batch)
        case Phase.STAGED | Phase.FAILED | Phase.RETURNED:
            return None, None
        case _:
            assert_never(batch.phase)


def clear_upload(state: RunState, _now: datetime) -> Decision | None:
    """What attempts without staging have left in ``upload`` is removed before anything else comes there."""
    if state.stage is not Stage.DATA or not state.prepared:
        return None
    for address in sorted(state.to_clear):
        entries = [state.ledger.entries[entry_id] for entry_id in state.nodes[address].left]
        if not any(entry.undoing for entry in entries):
            return undo(state, address, entries)
    return None


def put_back_unwanted(state: RunState, _now: datetime) -> Decision | None:
    """Settings that were changed on resume may want less altered than there is."""
    if state.stage is not Stage.DATA or not state.prepared or not state.data_left:
        return None
    for node in state.nodes.values():
        if not _can_be_altered(state, node):
            continue
        entries = [
            entry
            for entry in unwanted_alterations(state, node)
            if not entry.undoing and entry.undo_failures < UNDO_ATTEMPTS
        ]
        if entries:
            return undo(state, node.address, entries)
    return None


def alter_node(state: RunState, _now: datetime) -> Decision | None:
    """Set a node up for the restore; the ledger knows each change before it is made."""
    if state.stage is not Stage.DATA or not state.prepared or not state.data_left or not state.schema.altered:
        return None
    for node in state.nodes.values():
        if not _can_be_altered(state, node):
            continue
        settings = state.ledger.settings_of(node.address)
        if any(entry.undoing for entry in settings):
            continue
        fresh = tuple(
            (f"{kind}/{node.address}/{state.ledger.intended + number}", alteration)
            for number, (kind, alteration) in enumerate(wanted_alterations(state, node))
        )
        intended = (AlterationIntended(id=each, alteration=alteration) for each, alteration in fresh)
        entries = of_nodes(settings) + fresh
        asked = ActorAsked(actor=actor_of(node), ask=Ask.ALTER)
        command = commands.Alter(node=node.address, alterations=entries)
        return Decision(events=(*intended, asked), commands=(command,) if entries else ())
    return None


def _can_be_altered(state: RunState, node: NodeState) -> bool:
    return (
        not node.altered
        and node.joined is not None
        and node.settings is not None
        and node.suspended_until is None
        and (actor_of(node), Ask.ALTER) not in state.asked
    )
