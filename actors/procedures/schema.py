"""Reading and altering the target's schema. All of it can be repeated, and is, while there is no answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from scylla_restore.actors.cluster import Cluster
from scylla_restore.actors.procedures.patience import PATIENCE, pauses, until_answered
from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.core.commands import (
    AlterSchema,
    AwaitAgreement,
    LocateTables,
    ReadSchema,
    UndoSchema,
)
from scylla_restore.engine.core.schema_alterations import DISABLED, name_of
from scylla_restore.engine.errors import (
    NodeError,
    NodeUnreachable,
    SchemaDenied,
    SchemaError,
    SchemaObjectMissing,
    SchemaUnavailable,
    StorageUnavailable,
)
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import (
    AlterationMade,
    AlterationUndone,
    SchemaAlteration,
    SchemaObjectCreated,
    TombstoneGcDisabled,
    UndoFailed,
    ViewDropped,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import TableDirectory, TablesResolved
from scylla_restore.events.model.schema import (
    RecordedTable,
    SchemaAgreementAwaited,
    SchemaAnswered,
    SchemaChangeFailed,
    SchemaReadFailed,
    SchemaRecorded,
    SchemaUnanswered,
)

SCHEMA_PATIENCE = timedelta(minutes=5)
"""How long CQL may be away before a change counts as failed."""
AGREEMENT_MAX = timedelta(minutes=15)
"""As long as Scylla Manager waits, too; what is not agreed then is told, and no reason to stop."""
_TARGET_CANNOT_BE = 2
_MOST_OF_A_STATEMENT = 300

T = TypeVar("T")
Port = TypeVar("Port")


class Schema:
    """The cluster's schema, to procedures: ``await schema(lambda gateway: gateway.objects())`` waits for an answer."""

    def __init__(
        self, cluster: Cluster, *, now: Callable[[], datetime], report: Callable[[AnyEvent], None]
    ) -> None:
        self._cluster = cluster
        self.now = now
        self.report = report
        self.patience = SCHEMA_PATIENCE
        self._is_silent = False

    async def open(self) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway, or why there is none.

        Raises:
            NodeError, SchemaError
        """
        return await until_answered(
            lambda: Call(self._cluster, lambda cluster: cluster.schema()),
            now=self.now,
            patience=self.patience,
        )

    async def __call__(self, perform: Callable[[SchemaGateway], T]) -> T:
        """Make a repeatable call until there is an answer.

        Raises:
            NodeError, SchemaError: there was none, or it was no.
        """
        gateway = await self.open()
        if isinstance(gateway, SchemaNotOffered):
            raise SchemaUnavailable(gateway.reason, statement="")
        return await self._ask(lambda: Call(gateway, perform))

    async def _ask(self, make: Callable[[], Call[Port, T]]) -> T:
        answer = await until_answered(make, now=self.now, patience=self.patience, on_silence=self._silent)
        if self._is_silent:
            self._is_silent = False
            self.report(SchemaAnswered())
        return answer

    def _silent(self, error: NodeUnreachable | StorageUnavailable | SchemaUnavailable) -> None:
        """Tell that there is no answer: somebody may be looking, and it can take minutes."""
        if not self._is_silent and isinstance(error, NodeError | SchemaError):
            self._is_silent = True
            self.report(SchemaUnanswered(failure=schema_failure(error, "", None)))


async def read_schema(schema: Schema, command: ReadSchema) -> None:
    """Report how the tables are, and what stands over them."""
    schema.patience = PATIENCE
    try:
        gateway = await schema.open()
        if isinstance(gateway, SchemaNotOffered):
            schema.report(SchemaRecorded(offered=False, reason=gateway.reason))
            return
        tables = await _tables(schema, command.tables)
        restored = {(table.keyspace, table.table) for table in tables}
        keyspaces = frozenset(keyspace for keyspace, _ in restored)
        views = await schema(lambda gateway: gateway.views(keyspaces))
        filled = [f"{t.keyspace}:{t.table}" for t in tables if await _has_rows(schema, t.keyspace, t.table)]
    except (NodeError, SchemaError) as error:
        schema.report(read_failed(error))
        return
    recorded = tuple(view for view in views if (view.keyspace, view.base_table) in restored)
    schema.report(SchemaRecorded(offered=True, tables=tables, views=recorded, filled=tuple(filled)))


async def _has_rows(schema: Schema, keyspace: str, table: str) -> bool:
    """Whether a row is found. A role that restores need not be one that reads: the nodes' disks tell, too."""
    try:
        return await schema(lambda gateway: gateway.has_rows(keyspace, table))
    except SchemaDenied:
        return False


async def locate_tables(schema: Schema, command: LocateTables) -> None:
    """Report the directories of tables: a table that was dropped and made again has another one."""
    try:
        tables = await _tables(schema, command.tables, begun=command.begun)
    except (NodeError, SchemaError) as error:
        schema.report(read_failed(error))
        return
    located = tuple(
        TableDirectory(keyspace=table.keyspace, table=table.table, directory=f"{table.table}-{table.id}")
        for table in tables
    )
    schema.report(TablesResolved(tables=located))


async def await_agreement(schema: Schema, command: AwaitAgreement) -> None:
    """Report that the nodes have one schema, or what they had when the time was over."""
    began = schema.now()
    for pause in pauses(1, 15):
        try:
            versions = await schema(lambda gateway: gateway.schema_versions())
        except (NodeError, SchemaError) as error:
            _report_agreement(schema, command, error.message)
            return
        if len(versions) == 1:
            _report_agreement(schema, command, "")
            return
        if schema.now() + pause > began + AGREEMENT_MAX:
            _report_agreement(schema, command, f"the nodes have {len(versions)} versions of it")
            return
        await Sleep(pause)


def _report_agreement(schema: Schema, command: AwaitAgreement, detail: str) -> None:
    schema.report(SchemaAgreementAwaited(before=command.before, agreed=not detail, detail=detail))


async def alter_schema(schema: Schema, command: AlterSchema) -> None:
    """Make the alterations in turn, reporting each; the first that fails is the last."""
    for identifier, alteration in command.alterations:
        try:
            await _make(schema, alteration)
        except (NodeError, SchemaError) as error:
            failure = schema_failure(error, f"{name_of(alteration)} could not be altered", _hint(alteration))
            schema.report(SchemaChangeFailed(id=identifier, failure=failure))
            return
        schema.report(AlterationMade(id=identifier))


async def undo_schema(schema: Schema, command: UndoSchema) -> None:
    """Undo the alterations in turn, reporting each; one that fails does not keep the others.

    A cluster that does not answer is waited for once, not once for each. A keyspace goes with all that is in it.
    """
    failure: Failure | None = None
    gone: set[str] = set()
    for identifier, alteration in sorted(command.alterations, key=lambda each: not _is_keyspace(each[1])):
        if isinstance(alteration, SchemaObjectCreated) and alteration.object.keyspace in gone:
            schema.report(AlterationUndone(id=identifier))
            continue
        if failure is None or failure.cause is not Cause.UNREACHABLE:
            failure = None
            try:
                await _put_back(schema, alteration, gives_up=command.gives_up)
            except (NodeError, SchemaError) as error:
                words = f"{name_of(alteration)} could not be put back"
                failure = schema_failure(error, words, _hint(alteration))
        if failure is None:
            if isinstance(alteration, SchemaObjectCreated) and _is_keyspace(alteration):
                gone.add(alteration.object.keyspace)
            schema.report(AlterationUndone(id=identifier))
        else:
            schema.report(UndoFailed(id=identifier, failure=failure))


def _is_keyspace(alteration: SchemaAlteration) -> bool:
    return isinstance(alteration, SchemaObjectCreated) and alteration.object.kind == "keyspace"


async def _make(schema: Schema, alteration: SchemaAlteration) -> None:
    match alteration:
        case ViewDropped(view=view):
            await schema(lambda gateway: gateway.drop_view(view))
        case TombstoneGcDisabled(keyspace=keyspace, table=table):
            disabled = (("mode", DISABLED),)
            await schema(lambda gateway: gateway.set_tombstone_gc(keyspace, table, disabled))
        case SchemaObjectCreated():
            raise TypeError("objects are created by their statements")
        case _:
            assert_never(alteration)


async def _put_back(schema: Schema, alteration: SchemaAlteration, *, gives_up: bool) -> None:
    try:
        match alteration:
            case ViewDropped(view=view):
                await schema(lambda gateway: gateway.create_view(view))
            case TombstoneGcDisabled(keyspace=keyspace, table=table, before=before):
                await schema(lambda gateway: gateway.set_tombstone_gc(keyspace, table, before))
            case SchemaObjectCreated(object=created):
                await schema(lambda gateway: gateway.drop(created))
            case _:
                assert_never(alteration)
    except SchemaObjectMissing:
        if not gives_up or await _is_there(schema, *_table_of(alteration)):
            raise


async def _is_there(schema: Schema, keyspace: str, table: str) -> bool:
    tables = await schema(lambda gateway: gateway.tables(frozenset({keyspace})))
    return any((found.keyspace, found.table) == (keyspace, table) for found in tables)


def _table_of(alteration: SchemaAlteration) -> tuple[str, str]:
    match alteration:
        case ViewDropped(view=view):
            return view.keyspace, view.base_table
        case TombstoneGcDisabled():
            return alteration.keyspace, alteration.table
        case SchemaObjectCreated(object=created):
            return created.keyspace, created.name


async def _tables(
    schema: Schema, names: tuple[str, ...], *, begun: bool = False
) -> tuple[RecordedTable, ...]:
    """Return the tables (``<keyspace>:<table>``) in the order of their names.

    Raises:
        SchemaObjectMissing: one is not there.
    """
    keyspaces = frozenset(name.partition(":")[0] for name in names)
    found = await schema(lambda gateway: gateway.tables(keyspaces))
    by_name = {f"{table.keyspace}:{table.table}": table for table in found}
    missing = [name.replace(":", ".", 1) for name in names if name not in by_name]
    if missing and begun:
        raise SchemaObjectMissing(
            f"since the run began {'table' if len(missing) == 1 else 'tables'} {', '.join(missing)} "
            f"{'was' if len(missing) == 1 else 'were'} dropped, with whatever had been restored",
            statement="",
            hint="`scylla-restore abort` gives the run up; then restore the schema (--restore-schema) and the tables anew, "
            "or leave out what is not wanted any more (--keyspace)",
        )
    if missing:
        raise SchemaObjectMissing(
            f"{', '.join(missing)} of the backup is missing in the cluster",
            statement="SELECT … FROM system_schema.tables",
            hint="restore the schema first (--restore-schema), or leave it out with --keyspace",
        )
    return tuple(by_name[name] for name in names)


def read_failed(error: NodeError | SchemaError) -> SchemaReadFailed:
    """Return an error before anything was altered as an event: CQL that is offered and cannot be had is exit code 2."""
    exit_code = _TARGET_CANNOT_BE if isinstance(error, SchemaError) else error.exit_code
    return SchemaReadFailed(failure=schema_failure(error, "", None), exit_code=exit_code)


def schema_failure(error: NodeError | SchemaError, doing: str, hint: str | None) -> Failure:
    """Return an error as a failure: what was to be done, and the cluster's own words."""
    message = f"{doing}: {error.message}" if doing else error.message
    if isinstance(error, NodeError):
        cause = Cause.UNREACHABLE if isinstance(error, NodeUnreachable) else Cause.REFUSED
        return Failure(
            cause=cause, message=message, node=error.node, call=error.call, hint=error.hint or hint
        )
    cause = Cause.UNREACHABLE if isinstance(error, SchemaUnavailable) else Cause.REFUSED
    if isinstance(error, SchemaDenied) and not error.hint:
        hint = "give the role the right to alter it, then `scylla-restore resume`"
    call = error.statement[:_MOST_OF_A_STATEMENT] or None
    return Failure(cause=cause, message=message, call=call, hint=error.hint or hint)


def _hint(alteration: SchemaAlteration) -> str:
    keyspace, table = _table_of(alteration)
    return (
        f"see to it that CQL answers and {keyspace}.{table} is as it was when the run began, "
        "then `scylla-restore resume`; `scylla-restore abort` gives the run up"
    )
