"""Commands about the schema."""

from scylla_restore.engine.core.commands.base import ClusterCommand
from scylla_restore.events.model.alterations import SchemaAlteration
from scylla_restore.events.model.schema import RecordedView, SchemaObject
from scylla_restore.events.model.stages import Stage


class SchemaCommand(ClusterCommand, frozen=True, kw_only=True):
    """For the supervisor's schema lane, where CQL may take its time."""


class ReadSchema(SchemaCommand, frozen=True, kw_only=True):
    """See what is known of ``tables`` (``<keyspace>:<table>``). → ``SchemaRecorded`` or ``SchemaReadFailed``."""

    tables: tuple[str, ...]


class LocateTables(SchemaCommand, frozen=True, kw_only=True):
    """Find the directories of ``tables`` by their ids. → ``TablesResolved`` or ``SchemaReadFailed``.

    ``begun`` is whether the run has found them before, so that one that is missing was dropped since.
    """

    tables: tuple[str, ...]
    begun: bool = False


class AwaitAgreement(SchemaCommand, frozen=True, kw_only=True):
    """Wait until all nodes have the same schema, within bounds. → ``SchemaAgreementAwaited``."""

    before: Stage


class AlterSchema(SchemaCommand, frozen=True, kw_only=True):
    """Make alterations, each repeatable. → ``AlterationMade`` for each; ``SchemaChangeFailed`` at the first that fails."""

    alterations: tuple[tuple[str, SchemaAlteration], ...]


class UndoSchema(SchemaCommand, frozen=True, kw_only=True):
    """Undo alterations, each repeatable. → ``AlterationUndone`` or ``UndoFailed`` for each, in turn.

    With ``gives_up`` there is nothing to put back where the table is gone; else that is a failure.
    """

    alterations: tuple[tuple[str, SchemaAlteration], ...]
    gives_up: bool


class CompareObjects(SchemaCommand, frozen=True, kw_only=True):
    """Look which objects there are. → ``SchemaCompared`` or ``SchemaReadFailed``."""

    objects: tuple[SchemaObject, ...]
    needs_alternator: bool = False


class ApplyStatement(SchemaCommand, frozen=True, kw_only=True):
    """Carry a statement out. → ``SchemaStatementApplied`` or ``SchemaStatementFailed``."""

    number: int
    object: SchemaObject
    statement: str
    required: bool = True
    recovering: bool = False


class AwaitViews(ClusterCommand, frozen=True, kw_only=True):
    """Wait until views are built. → ``ViewBuildProgressed``…, with ``SUCCESS`` for each; or ``ViewBuildFailed``."""

    views: tuple[RecordedView, ...]
