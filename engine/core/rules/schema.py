"""The stages around DATA and REPAIR: views are dropped and made again, and tombstones are kept meanwhile.

    DROP_VIEWS       AlterSchema(views)
    DISABLE_TGC      agreement ── AlterSchema(tombstone_gc) ── agreement
    DATA, REPAIR     whatever was put back between two engines is altered once more, before anything else
    ENABLE_TGC       agreement ── UndoSchema(tombstone_gc)
    RECREATE_VIEWS   UndoSchema(views) ── AwaitViews

All of it can be repeated: what an engine before this one has asked for, and nobody knows of, is asked for again.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.rules.asking import SUPERVISOR, ask, is_asked
from scylla_restore.engine.core.rules.ledger import undo_schema
from scylla_restore.engine.core.rules.stages import complete, is_before, tables_are_verified
from scylla_restore.engine.core.schema_alterations import missing_alterations, name_of
from scylla_restore.engine.core.state import Entry, RunState
from scylla_restore.engine.core.state.ledger import of_schema
from scylla_restore.events.model.alterations import (
    AlterationIntended,
    TombstoneGcDisabled,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import ActorAsked, Ask, FailureDeclared
from scylla_restore.events.model.stages import Stage

_PUTTING_BACK: Final = frozenset({Stage.ENABLE_TGC, Stage.RECREATE_VIEWS})


def read_schema(state: RunState, _now: datetime) -> Decision | None:
    """See how the restored tables and their views are, once, before anything is altered."""
    if state.stage is not Stage.INIT or state.schema.recorded is not None or not state.rediscovered:
        return None
    if not state.workload.tables or not all(place.indexed for place in state.locations.values()):
        return None
    if is_asked(state, SUPERVISOR, Ask.READ_SCHEMA):
        return None
    command = commands.ReadSchema(tables=tuple(sorted(state.workload.tables)))
    return ask(SUPERVISOR, Ask.READ_SCHEMA, command)


def give_up_schema(state: RunState, _now: datetime) -> Decision | None:
    """The schema could not be altered, or not put back: somebody has to look."""
    failure = state.schema.failure
    if failure is None and state.stage in _PUTTING_BACK:
        failure = next((entry.failure for entry in state.ledger.of_schema() if entry.undo_failures), None)
    return None if failure is None else _declare(failure)


def verify_tables(state: RunState, _now: datetime) -> Decision | None:
    """All is loaded: see whether the tables are still those into which it was, before anybody calls that complete."""
    if state.stage is not Stage.REPAIR and state.stage not in _PUTTING_BACK:
        return None
    if tables_are_verified(state) or not state.rediscovered or is_asked(state, SUPERVISOR, Ask.VERIFY_TABLES):
        return None
    command = commands.LocateTables(tables=tuple(sorted(state.workload.tables)), begun=True)
    return ask(SUPERVISOR, Ask.VERIFY_TABLES, command)


def refuse_replaced_tables(state: RunState, _now: datetime) -> Decision | None:
    """A table that was made again lacks what was restored into the one before it: nobody may call that complete."""
    if not state.schema.replaced or not state.resolved:
        return None
    name = state.schema.replaced[0].replace(":", ".", 1)
    failure = Failure(
        cause=Cause.REFUSED,
        message=f"table {name} is not the one that the run began with: it was dropped and made again, "
        "and what had been restored into it is gone",
        hint=f"`scylla-restore abort` gives the run up, then restore the table anew (-K '{name}'); "
        f"or create it with the id that it had, if its data is there (WITH ID = {_id_of(state, name)}), and resume",
    )
    return _declare(failure)


def await_agreement(state: RunState, _now: datetime) -> Decision | None:
    """As Scylla Manager does: before tombstone_gc is disabled, before data comes, and before tombstone_gc is put back."""
    before = _agreement_wanted(state)
    if before is None or is_asked(state, SUPERVISOR, Ask.AWAIT_AGREEMENT):
        return None
    return ask(SUPERVISOR, Ask.AWAIT_AGREEMENT, commands.AwaitAgreement(before=before))


def alter_schema(state: RunState, _now: datetime) -> Decision | None:
    """Drop views and disable tombstone_gc; the ledger knows each change before it is made."""
    if state.schema.altered or not _can_alter(state) or _agreement_wanted(state) is not None:
        return None
    if is_asked(state, SUPERVISOR, Ask.ALTER_SCHEMA):
        return None
    fresh = tuple(
        (f"{name_of(alteration)}/{state.ledger.intended + number}", alteration)
        for number, alteration in enumerate(missing_alterations(state))
    )
    intended = (AlterationIntended(id=each, alteration=alteration) for each, alteration in fresh)
    unmade = of_schema(entry for entry in state.ledger.of_schema() if not entry.made)
    command = commands.AlterSchema(alterations=unmade + fresh)
    asked = ActorAsked(actor=SUPERVISOR, ask=Ask.ALTER_SCHEMA)
    return Decision(events=(*intended, asked), commands=(command,))


def put_schema_back(state: RunState, _now: datetime) -> Decision | None:
    """Have tombstones collected as before, then make the views again."""
    if state.stage not in _PUTTING_BACK or not state.rediscovered or _agreement_wanted(state) is not None:
        return None
    if not tables_are_verified(state):
        return None
    entries = [entry for entry in _to_put_back(state) if not entry.undoing and not entry.undo_failures]
    return undo_schema(entries, gives_up=False) if entries else None


def await_views(state: RunState, _now: datetime) -> Decision | None:
    """Wait until the cluster has built what was made again, and local indexes, which had to stay."""
    if state.stage is not Stage.RECREATE_VIEWS or not state.rediscovered or _to_put_back(state):
        return None
    recorded = state.schema.recorded
    left = (
        tuple(v for v in recorded.views if (v.keyspace, v.name) not in state.schema.built) if recorded else ()
    )
    if not left or is_asked(state, SUPERVISOR, Ask.AWAIT_VIEWS):
        return None
    return ask(SUPERVISOR, Ask.AWAIT_VIEWS, commands.AwaitViews(views=left))


def complete_schema_stage(state: RunState, _now: datetime) -> Decision | None:
    """Go on where the schema is as the stage wants it."""
    stage = state.stage
    if stage is None or not state.rediscovered or _agreement_wanted(state) is not None:
        return None
    if stage in _PUTTING_BACK and not tables_are_verified(state):
        return None
    match stage:
        case Stage.DROP_VIEWS | Stage.DISABLE_TGC:
            is_done = _can_alter(state) and state.schema.altered
        case Stage.ENABLE_TGC:
            is_done = not _to_put_back(state)
        case Stage.RECREATE_VIEWS:
            is_done = not _to_put_back(state) and _all_built(state)
        case _:
            return None
    return complete(state, stage) if is_done else None


def _id_of(state: RunState, name: str) -> str:
    """Return the id of a table (``<keyspace>.<table>``) when the run began, as CQL writes it."""
    tables = state.schema.recorded.tables if state.schema.recorded else ()
    return next((str(UUID(table.id)) for table in tables if f"{table.keyspace}.{table.table}" == name), "…")


def _can_alter(state: RunState) -> bool:
    if (
        not state.schema.offered
        or state.stage in _PUTTING_BACK
        or state.stage in (None, Stage.INIT, Stage.DONE)
    ):
        return False
    # once all is loaded nobody looks at the backup any more
    return state.prepared if is_before(state, Stage.REPAIR) else state.rediscovered


def _agreement_wanted(state: RunState) -> Stage | None:
    """Return the stage before which the nodes have to agree now, if any."""
    agreed = state.schema.agreed
    match state.stage:
        case Stage.DISABLE_TGC if _can_alter(state):
            if not state.schema.altered:
                return None if Stage.DISABLE_TGC in agreed else Stage.DISABLE_TGC
            return None if Stage.DATA in agreed else Stage.DATA
        case Stage.ENABLE_TGC if state.rediscovered and _to_put_back(state):
            return None if Stage.ENABLE_TGC in agreed else Stage.ENABLE_TGC
        case _:
            return None


def _to_put_back(state: RunState) -> list[Entry]:
    """Return what the present stage puts back."""
    entries = state.ledger.of_schema()
    if state.stage is Stage.ENABLE_TGC:
        return [entry for entry in entries if isinstance(entry.alteration, TombstoneGcDisabled)]
    return entries


def _all_built(state: RunState) -> bool:
    recorded = state.schema.recorded
    return recorded is None or all((v.keyspace, v.name) in state.schema.built for v in recorded.views)


def _declare(failure: Failure) -> Decision:
    return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))
