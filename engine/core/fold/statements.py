"""How events about a restore of the schema change the state."""

from typing import assert_never

from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.statements import number_of, statement_entry
from scylla_restore.events.model import SchemaRestoreEvent, schema_restore
from scylla_restore.events.model.alterations import SchemaObjectCreated


def fold_schema_restore(state: RunState, event: SchemaRestoreEvent) -> None:
    """Fold one event about a restore of the schema."""
    statements = state.statements
    match event:
        case schema_restore.SchemaStatementsRead():
            if event.first == 0:
                statements.read.clear()
            statements.read.extend(event.statements)
        case schema_restore.SchemaFileRead():
            statements.is_read, statements.skipped = True, event.skipped
            location = state.locations[event.location]
            location.indexed = location.verified = True
        case schema_restore.SchemaCompared():
            statements.existing = event.existing
        case schema_restore.SchemaStatementRequested():
            statements.asked = event.number
            entry = statement_entry(event.number)
            if entry not in state.ledger.entries:
                state.ledger.open(entry, SchemaObjectCreated(object=event.object), made=False)
            state.ledger.entries[entry].untouched = False
        case schema_restore.SchemaStatementApplied():
            statements.finish(event.number)
            state.ledger.entries[statement_entry(event.number)].made = True
        case schema_restore.SchemaStatementFailed():
            statements.asked, statements.failure = None, event.failure
            state.ledger.refuse(statement_entry(event.number), event.failure)
        case schema_restore.SchemaRolledBack():
            statements.rolled_back = 0
        case _:
            assert_never(event)


def take_back(state: RunState, entry_id: str) -> None:
    """What an entry stands for is undone: if it was made by a statement, that has to be carried out anew."""
    number = number_of(entry_id)
    if number is not None:
        state.statements.take_back(number)


def keep_created(state: RunState) -> None:
    """All of the schema is there: what was made for it is not to be dropped any more."""
    for entry_id in [each for each in state.ledger.entries if number_of(each) is not None]:
        state.ledger.close(entry_id)
