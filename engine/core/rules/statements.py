"""A restore of the schema: INIT finds out what is to be made, and that none of it is there; DATA makes it.

    INIT   ReadSchemaFile ── CompareObjects
    DATA   agreement ── ApplyStatement, one after another ── agreement

A statement that is refused takes all that the run has made with it; one that is not answered waits for `resume`.
"""

from datetime import datetime
from typing import Final

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.rules.asking import SUPERVISOR, ask, is_asked
from scylla_restore.engine.core.rules.company import may_alter
from scylla_restore.engine.core.schema_alterations import object_name
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.statements import statement_entry
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import Ask, FailureDeclared
from scylla_restore.events.model.schema_restore import SchemaStatementRequested
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered

_NAMED: Final = 5


def read_schema_file(state: RunState, _now: datetime) -> Decision | None:
    """Read what the backup says of its schema. It is the same in every location: the first one is asked."""
    key, location = next(iter(state.locations.items()))
    if state.statements.is_read or is_asked(state, f"location/{key}", Ask.READ_SCHEMA_FILE):
        return None
    command = commands.ReadSchemaFile(
        location=key,
        where=location.where,
        via=state.target.tuning.index_via,
        selection=state.target.selection,
    )
    return ask(f"location/{key}", Ask.READ_SCHEMA_FILE, command)


def compare_schema(state: RunState, _now: datetime) -> Decision | None:
    """Look which objects the cluster has already, before anything is made."""
    statements = state.statements
    if state.stage is not Stage.INIT or not statements.is_read or statements.existing is not None:
        return None
    if is_asked(state, SUPERVISOR, Ask.COMPARE_SCHEMA):
        return None
    command = commands.CompareObjects(
        objects=tuple(dict.fromkeys(each.object for each in statements.read)),
        needs_alternator=any(each.statement.startswith("{") for each in statements.read),
    )
    return ask(SUPERVISOR, Ask.COMPARE_SCHEMA, command)


def enter_schema(state: RunState, _now: datetime) -> Decision | None:
    """All is known and nothing is altered: either the schema can be made, or the restore ends here. So does a dry run."""
    statements = state.statements
    if state.stage is not Stage.INIT or not statements.is_read:
        return None
    obstacle = _nothing_to_make(state)
    if obstacle is None and statements.existing is not None:
        obstacle = _exists(state)
    if obstacle is not None:
        return Decision(events=(FailureDeclared(failure=obstacle, resumable=False, exit_code=2),))
    if statements.existing is None or not state.rediscovered or not may_alter(state):
        return None
    next_stage = Stage.DONE if state.dry_run else Stage.DATA
    return Decision(events=(StageCompleted(stage=Stage.INIT), StageEntered(stage=next_stage)))


def give_up_statement(state: RunState, _now: datetime) -> Decision | None:
    """A statement came to nothing: somebody has to look."""
    failure = state.statements.failure
    if failure is None:
        return None
    return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))


def await_schema_agreement(state: RunState, _now: datetime) -> Decision | None:
    """As Scylla Manager does: before the first statement; and after the last one, too."""
    before = _agreement_wanted(state)
    if before is None or is_asked(state, SUPERVISOR, Ask.AWAIT_AGREEMENT):
        return None
    return ask(SUPERVISOR, Ask.AWAIT_AGREEMENT, commands.AwaitAgreement(before=before))


def apply_statement(state: RunState, _now: datetime) -> Decision | None:
    """Have the next statement carried out; the ledger knows what it makes before."""
    statements = state.statements
    if state.stage is not Stage.DATA or not state.rediscovered or _agreement_wanted(state) is not None:
        return None
    if statements.asked is not None or statements.are_done:
        return None
    number = statements.first_left
    statement = statements.read[number]
    command = commands.ApplyStatement(
        number=number,
        object=statement.object,
        statement=statement.statement,
        required=statement.required,
        recovering=statement_entry(number) in state.ledger.entries,
    )
    requested = SchemaStatementRequested(number=number, object=statement.object)
    return Decision(events=(requested,), commands=(command,))


def complete_schema(state: RunState, _now: datetime) -> Decision | None:
    """All of the schema is there."""
    if (
        state.stage is not Stage.DATA
        or not state.statements.are_done
        or Stage.DONE not in state.schema.agreed
    ):
        return None
    return Decision(events=(StageCompleted(stage=Stage.DATA), StageEntered(stage=Stage.DONE)))


def _agreement_wanted(state: RunState) -> Stage | None:
    if state.stage is not Stage.DATA or not state.rediscovered:
        return None
    before = Stage.DONE if state.statements.are_done else Stage.DATA
    return None if before in state.schema.agreed else before


def _nothing_to_make(state: RunState) -> Failure | None:
    if state.statements.read:
        return None
    return Failure(
        cause=Cause.REFUSED,
        message=f"the schema of snapshot {state.target.selection.snapshot_tag} has nothing that can be restored",
        hint="system keyspaces, roles and service levels are never restored",
    )


def _exists(state: RunState) -> Failure | None:
    existing = state.statements.existing
    if not existing:
        return None
    names = [object_name(each) for each in existing]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    count = "an object" if len(names) == 1 else f"{len(names)} objects"
    return Failure(
        cause=Cause.REFUSED,
        message=f"{count} of the backup's schema exist already: {', '.join(names[:_NAMED])}{more}",
        hint="a schema is restored into a cluster without it: drop what is not wanted any more, or restore the tables only",
    )
