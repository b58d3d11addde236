"""What a world for the core answers to commands."""

from collections.abc import Sequence

from scylla_restore.engine.core.commands import (
    AlterSchema,
    ApplyStatement,
    AwaitAgreement,
    AwaitViews,
    CheckFiles,
    Command,
    CompareObjects,
    DownloadBatch,
    LoadSSTables,
    LocateTables,
    LookIntoUpload,
    MoveIntoUpload,
    NodeCommand,
    PlanRepair,
    ReadSchema,
    RepairCommand,
    RepairTable,
    ReplaceActor,
    ResolveTables,
    RestoreNatively,
    SchemaCommand,
    SeekOtherRuns,
    Undo,
    UndoSchema,
)
from scylla_restore.events.model import AnyEvent, alterations, batches, nodes, repairs, run
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.schema import (
    BuildStatus,
    SchemaAgreementAwaited,
    SchemaRecorded,
    ViewBuildProgressed,
)
from scylla_restore.events.model.schema_restore import (
    SchemaCompared,
    SchemaFile,
    SchemaFileRead,
    SchemaStatement,
    SchemaStatementApplied,
    SchemaStatementsRead,
)

BatchWork = LookIntoUpload | DownloadBatch | MoveIntoUpload | LoadSSTables | RestoreNatively


def started(command: DownloadBatch) -> batches.DownloadStarted:
    """Tell that a download began."""
    return batches.DownloadStarted(
        batch=command.batch, attempt=command.attempt, jobs=(100 + command.batch,), started_at=("then",)
    )


def beginning_of(command: Command) -> Sequence[AnyEvent]:
    """Tell that something began, if anything is told of that, and nothing else."""
    match command:
        case DownloadBatch():
            return (started(command),)
        case RestoreNatively():
            return (native_started(command),)
        case _:
            return ()


def native_started(command: RestoreNatively) -> batches.NativeRestoreStarted:
    """Tell that Scylla restores a batch by itself."""
    return batches.NativeRestoreStarted(
        batch=command.batch, attempt=command.attempt, task=f"task-{command.batch}-{command.attempt}"
    )


def downloaded(command: DownloadBatch) -> batches.BatchDownloaded:
    """Tell that a download is done."""
    return batches.BatchDownloaded(batch=command.batch, attempt=command.attempt, downloaded=command.size)


def failed(command: Command, cause: Cause, *, staging_left: bool = False) -> AnyEvent:
    """Tell that a batch's download, move or load failed."""
    assert isinstance(command, BatchWork)
    failure = Failure(cause=cause, message=f"the node says {cause}", node=command.node, call="a call")
    is_download = isinstance(command, DownloadBatch | LookIntoUpload)
    event = batches.DownloadFailed if is_download else batches.LoadFailed
    return event(
        batch=command.batch,
        attempt=command.attempt,
        node=command.node,
        failure=failure,
        staging_left=staging_left,
    )


def found(command: CheckFiles) -> tuple[AnyEvent, ...]:
    """Tell that a location has a batch's files."""
    size = sum(sstable.size for sstable in command.sstables)
    return (batches.BatchFilesFound(batch=command.batch, attempt=command.attempt, size=size),)


def missed(command: CheckFiles, cause: Cause) -> tuple[AnyEvent, ...]:
    """Tell that a location lacks a batch's files, or does not answer."""
    failure = Failure(cause=cause, message=f"the location says {cause}")
    return (
        batches.BatchFilesMissed(
            batch=command.batch, attempt=command.attempt, location=command.location, failure=failure
        ),
    )


def repair_started(command: RepairTable, task: str, *, part: int = 0) -> repairs.RepairStarted:
    """Tell that a repair began."""
    return repairs.RepairStarted(
        repair=command.repair, attempt=command.attempt, task=task, part=part, parts=4, ring="ring"
    )


def repair_failed(command: RepairCommand, cause: Cause) -> repairs.RepairFailed:
    """Tell that a repair came to nothing."""
    failure = Failure(cause=cause, message=f"the node says {cause}", node=command.node)
    return repairs.RepairFailed(
        repair=command.repair, attempt=command.attempt, node=command.node, failure=failure
    )


def occupied(command: MoveIntoUpload | LookIntoUpload) -> tuple[AnyEvent, ...]:
    """Tell that somebody else's files are in ``upload``."""
    return (
        batches.UploadOccupied(
            batch=command.batch, attempt=command.attempt, node=command.node, files=2, size=20
        ),
    )


def node_failed(command: NodeCommand, *, exit_code: int = 1) -> tuple[AnyEvent, ...]:
    """Tell that a node did not do what it was asked for."""
    failure = Failure(cause=Cause.UNREACHABLE, message=f"{command.node} does not answer", node=command.node)
    return (nodes.NodeFailed(node=command.node, failure=failure, exit_code=exit_code),)


def undo_failed(command: Undo) -> tuple[AnyEvent, ...]:
    """Tell that nothing could be undone."""
    failure = Failure(cause=Cause.UNREACHABLE, message=f"{command.node} does not answer", node=command.node)
    return tuple(alterations.UndoFailed(id=entry, failure=failure) for entry, _ in command.alterations)


def tables_resolved(command: ResolveTables | LocateTables) -> nodes.TablesResolved:
    """Tell where tables lie."""
    return nodes.TablesResolved(
        tables=tuple(
            nodes.TableDirectory(keyspace=ks, table=name, directory=f"{name}-{'0' * 32}")
            for ks, name in (table.split(":") for table in command.tables)
        )
    )


def schema_answer(command: SchemaCommand, recorded: SchemaRecorded) -> Sequence[AnyEvent]:  # noqa: PLR0911 - one return a command
    """Answer as a cluster does whose schema is ``recorded``."""
    match command:
        case ReadSchema():
            return (recorded,)
        case LocateTables():
            return (tables_resolved(command),)
        case AwaitAgreement():
            return (SchemaAgreementAwaited(before=command.before, agreed=True),)
        case AlterSchema():
            return [alterations.AlterationMade(id=each) for each, _ in command.alterations]
        case UndoSchema():
            return [alterations.AlterationUndone(id=each) for each, _ in command.alterations]
        case CompareObjects():
            return (SchemaCompared(existing=()),)
        case ApplyStatement():
            return (SchemaStatementApplied(number=command.number),)
        case _:
            raise AssertionError(command)


def repair_planned(command: PlanRepair, kind: repairs.RepairKind, replicas: int) -> repairs.RepairPlanned:
    """Tell that everything is repaired in one way."""
    names = [name.split(":") for name, _ in command.tables]
    tables = tuple(
        repairs.TableToRepair(keyspace=keyspace, table=table, kind=kind, nodes=command.members)
        for keyspace, table in names
    )
    return repairs.RepairPlanned(tables=tables, members=command.members, replicas=replicas)


def schema_read(location: str, statements: Sequence[SchemaStatement]) -> Sequence[AnyEvent]:
    """Tell what a backup's schema says."""
    middle = len(statements) // 2
    parts = ((0, tuple(statements[:middle])), (middle, tuple(statements[middle:])))
    return [
        *(
            SchemaStatementsRead(location=location, first=first, statements=some)
            for first, some in parts
            if some
        ),
        SchemaFileRead(
            location=location,
            files=(SchemaFile(path="backup/schema/x", sha256="ab" * 32),),
            statements=len(statements),
        ),
    ]


def views_built(command: AwaitViews) -> Sequence[AnyEvent]:
    """Tell that views are built."""
    return [
        ViewBuildProgressed(
            keyspace=view.keyspace, view=view.name, status=BuildStatus.SUCCESS, built=3, nodes=3
        )
        for view in command.views
    ]


def answer_of_nobody(command: NodeCommand) -> Sequence[AnyEvent]:
    """Answer for a node that is not there."""
    match command:
        case Undo():
            return undo_failed(command)
        case DownloadBatch() | MoveIntoUpload() | LoadSSTables() | RestoreNatively():
            return (failed(command, Cause.UNREACHABLE, staging_left=True),)
        case RepairCommand():
            return (repair_failed(command, Cause.UNREACHABLE),)
        case _:
            return node_failed(command)


def other_answer(command: Command) -> Sequence[AnyEvent]:
    """Answer what is asked of the engine itself: nobody else restores into the cluster."""
    if isinstance(command, SeekOtherRuns):
        return (run.OtherRunsSought(),)
    assert isinstance(command, ReplaceActor)
    return ()


def batch_answer(command: Command) -> Sequence[AnyEvent]:  # noqa: PLR0911 - one return a command
    """Answer that a batch has come a step further."""
    match command:
        case CheckFiles():
            return found(command)
        case LookIntoUpload():
            return (batches.UploadFoundEmpty(batch=command.batch, attempt=command.attempt),)
        case DownloadBatch():
            beginning = () if command.jobs else (started(command),)
            return (*beginning, downloaded(command))
        case MoveIntoUpload():
            return (batches.UploadFilled(batch=command.batch, attempt=command.attempt),)
        case RestoreNatively():
            loaded = batches.SSTablesLoaded(batch=command.batch, attempt=command.attempt)
            return (loaded,) if command.task else (native_started(command), loaded)
        case LoadSSTables():
            return (batches.SSTablesLoaded(batch=command.batch, attempt=command.attempt),)
        case _:
            return other_answer(command)
