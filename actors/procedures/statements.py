"""A restore of the schema: comparing it with what is there, and carrying out its statements."""

from scylla_restore.actors.procedures.schema import Schema, read_failed, schema_failure
from scylla_restore.engine.core.commands import ApplyStatement, CompareObjects
from scylla_restore.engine.core.schema_alterations import object_name
from scylla_restore.engine.errors import NodeError, SchemaError, SchemaObjectExists, SchemaRefused
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model.schema_restore import (
    SchemaCompared,
    SchemaStatementApplied,
    SchemaStatementFailed,
)


async def compare_objects(schema: Schema, command: CompareObjects) -> None:
    """Report which of the objects are there."""
    try:
        gateway = await schema.open()
        if isinstance(gateway, SchemaNotOffered):
            raise SchemaRefused(
                f"a schema is restored through CQL, and the nodes do not offer it: {gateway.reason}",
                statement="",
                hint="let the nodes serve CQL, or name where they do in the configuration",
            )
        if command.needs_alternator and not await schema(lambda gateway: gateway.offers_alternator()):
            raise SchemaRefused(
                "the backup has tables of Alternator, and the cluster does not offer Alternator",
                statement="",
                hint="enable Alternator on the nodes, then restore",
            )
        there = await schema(lambda gateway: gateway.objects())
    except (NodeError, SchemaError) as error:
        schema.report(read_failed(error))
        return
    schema.report(SchemaCompared(existing=tuple(each for each in command.objects if each in there)))


async def apply_statement(schema: Schema, command: ApplyStatement) -> None:
    """Carry a statement out and report it. What an attempt before this one may have made is no error."""
    calls = 0

    def perform(gateway: SchemaGateway) -> None:
        nonlocal calls
        calls += 1
        gateway.apply(command.statement)

    left_out = ""
    try:
        await schema(perform)
    except (NodeError, SchemaError) as error:
        may_be_ours = command.recovering or calls > 1
        if isinstance(error, SchemaRefused) and not command.required:
            left_out = error.message
        elif not (may_be_ours and _is_as_if_done(command.statement, error)):
            failure = schema_failure(
                error,
                f"{object_name(command.object)} could not be created",
                "put the cause right, then `scylla-restore resume`; `scylla-restore abort` gives the restore up",
            )
            schema.report(SchemaStatementFailed(number=command.number, failure=failure))
            return
    schema.report(SchemaStatementApplied(number=command.number, left_out=left_out))


def _is_as_if_done(statement: str, error: NodeError | SchemaError) -> bool:
    """Whether a refusal may come from an earlier attempt's success: only what creates something says so in plain words."""
    if isinstance(error, SchemaObjectExists):
        return True
    creates = statement.startswith("{") or statement[:7].upper() == "CREATE "
    return isinstance(error, SchemaRefused) and not creates
