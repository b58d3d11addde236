"""How events about the target's schema change the state."""

from typing import assert_never

from scylla_restore.engine.core.schema_alterations import is_altered, table_of
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model import SchemaEvent, schema
from scylla_restore.events.model.run import Ask
from scylla_restore.events.model.schema import BuildStatus


def fold_schema(state: RunState, event: SchemaEvent) -> None:
    """Fold one event about the schema."""
    match event:
        case schema.SchemaRecorded():
            state.schema.recorded = event
        case schema.SchemaReadFailed():
            state.refusal = (event.failure, event.exit_code)
        case schema.SchemaUnanswered() | schema.SchemaAnswered():
            pass
        case schema.SchemaAgreementAwaited():
            state.schema.agreed.add(event.before)
            forget_ask(state, Ask.AWAIT_AGREEMENT)
        case schema.SchemaChangeFailed():
            state.schema.failure = event.failure
            state.ledger.refuse(event.id, event.failure)
        case schema.ViewBuildFailed():
            state.schema.failure = event.failure
        case schema.ViewBuildProgressed():
            if event.status is BuildStatus.SUCCESS:
                state.schema.built.add((event.keyspace, event.view))
        case _:
            assert_never(event)


def locate_tables(state: RunState, found: dict[str, str]) -> None:
    """Take in the tables' directories. Of a table that has another one than before nobody knows that it is altered.

    One that something was restored into before keeps the directory that it had: what was restored is not in the other.
    """
    changed = {
        table for table, directory in found.items() if state.directories.get(table, directory) != directory
    }
    lost = {table for table in changed if state.workload.is_begun(table)}
    state.directories = found | {table: state.directories[table] for table in lost}
    state.schema.replaced = tuple(sorted(lost))
    for entry in state.ledger.of_schema():
        if table_of(entry.alteration) in changed:
            entry.made = False
    keep_index(state)


def keep_index(state: RunState) -> None:
    """See anew whether all is altered that the present stage wants to be."""
    state.schema.altered = not state.schema.offered or is_altered(state)


def forget_ask(state: RunState, what: Ask) -> None:
    """The supervisor's own lanes may be asked for it once more."""
    state.asked.discard(("supervisor", what))
