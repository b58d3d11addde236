"""What was altered in the cluster, and what of that was put back."""

from typing import assert_never

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import AlterationEvent, alterations
from scylla_restore.events.model.alterations import node_of
from scylla_restore.events.projections.audit.state import AuditState, OpenAlteration
from scylla_restore.events.projections.words import alteration_in_words, kind_of


def apply_alteration_event(state: AuditState, event: AlterationEvent, envelope: Envelope) -> None:
    """Fold an event about an alteration."""
    match event:
        case alterations.AlterationIntended():
            entry = OpenAlteration(
                id=event.id,
                kind=kind_of(event.alteration),
                node=node_of(event.alteration),
                what=alteration_in_words(event.alteration),
                made=False,
            )
            state.enter(entry)
        case alterations.AlterationMade():
            # Another engine makes sure of what one before it has made: that is the same alteration.
            intended = state.alterations.get(event.id)
            if intended is not None and not intended.made:
                state.enter(msgspec.structs.replace(intended, made=True))
        case alterations.AlterationUndone():
            state.strike_out(event.id)
        case alterations.UndoFailed():
            state.note_failure(envelope, event.failure)
        case alterations.UndoRequested():
            pass
        case _:
            assert_never(event)
