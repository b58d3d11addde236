"""What was done to the schema: views that went and came back, and statements of a restored schema."""

from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import SchemaEvent, SchemaRestoreEvent, schema, schema_restore
from scylla_restore.events.projections.audit.state import AuditState, OpenAlteration


def apply_schema_event(state: AuditState, event: SchemaEvent, envelope: Envelope) -> None:
    """Fold an event about the schema of tables that are restored."""
    match event:
        case schema.SchemaRecorded(offered=False):
            state.note_action(envelope, f"views and tombstone_gc left as they are: {event.reason}")
        case schema.SchemaRecorded():
            state.note_action(envelope, f"{len(event.views)} views of {len(event.tables)} tables recorded")
        case schema.SchemaAgreementAwaited(agreed=False):
            state.note_action(envelope, f"no schema agreement before {event.before.value}: {event.detail}")
        case (
            schema.SchemaReadFailed()
            | schema.SchemaChangeFailed()
            | schema.ViewBuildFailed()
            | schema.SchemaUnanswered()
        ):
            state.note_failure(envelope, event.failure)
        case schema.ViewBuildProgressed(status=schema.BuildStatus.SUCCESS):
            state.note_action(envelope, f"view {event.keyspace}.{event.view} built")
        case schema.SchemaAgreementAwaited() | schema.ViewBuildProgressed() | schema.SchemaAnswered():
            pass
        case _:
            assert_never(event)


def apply_schema_restore_event(state: AuditState, event: SchemaRestoreEvent, envelope: Envelope) -> None:
    """Fold an event about a schema that is itself restored."""
    match event:
        case schema_restore.SchemaFileRead():
            files = ", ".join(f"{event.location}/{file.path} (sha256 {file.sha256})" for file in event.files)
            state.note_action(envelope, f"schema of {event.statements} statements read: {files}")
        case schema_restore.SchemaStatementRequested():
            made = event.object
            entry = OpenAlteration(
                id=_statement_id(event.number),
                kind="schema_object",
                node="",
                what=f"{made.kind} {made.keyspace}.{made.name} created",
                made=False,
            )
            state.enter(entry)
        case schema_restore.SchemaStatementApplied():
            closed = state.alterations.pop(_statement_id(event.number), None)
            if closed is not None:
                words = f": {event.left_out}" if event.left_out else ""
                state.note_action(envelope, f"statement {event.number} applied, {closed.what}{words}")
        case schema_restore.SchemaStatementFailed():
            state.note_failure(envelope, event.failure)
        case schema_restore.SchemaRolledBack():
            state.note_action(envelope, f"what {event.statements} statements had created was dropped again")
        case schema_restore.SchemaStatementsRead() | schema_restore.SchemaCompared():
            pass
        case _:
            assert_never(event)


def _statement_id(number: int) -> str:
    return f"statement/{number}"
