"""What the core asks the actors to do. Each command answers with events; which ones, its docstring says.

Every command that touches the outside world is sent only after a durable event that announces it. ``recovering``
marks a command whose effect may have happened already, under an engine that is gone.
"""

import msgspec

from scylla_restore.events.model.alterations import NodeAlteration, SchemaAlteration
from scylla_restore.events.model.nodes import DiscoveredNode
from scylla_restore.events.model.repairs import RepairKind
from scylla_restore.events.model.schema import RecordedView, SchemaObject
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import BackupLocation, IndexVia, Selection


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done."""


class ClusterCommand(Command, frozen=True, kw_only=True):
    """For the supervisor's cluster lane."""


class NodeCommand(Command, frozen=True, kw_only=True):
    """For the actor of ``node``."""

    node: str


class LocationCommand(Command, frozen=True, kw_only=True):
    """For the actor of ``location`` (``<provider>:<bucket>``). ``via`` says who lists and reads."""

    location: str
    where: BackupLocation
    via: IndexVia = IndexVia.AUTO


# The engine itself


class ReplaceActor(Command, frozen=True, kw_only=True):
    """Spawn a new actor under the name of one that crashed (``node/…``, ``location/…``)."""

    actor: str


class SeekOtherRuns(Command, frozen=True, kw_only=True):
    """Search the log for runs into a cluster that are not over, but for ``run``. → ``OtherRunsSought``."""

    run: str
    cluster_id: str


# The cluster


class DiscoverCluster(ClusterCommand, frozen=True, kw_only=True):
    """→ ``ClusterDiscovered`` or ``DiscoveryFailed``."""


class ResolveTables(ClusterCommand, frozen=True, kw_only=True):
    """Find the directories of ``tables`` (``<keyspace>:<table>``). → ``TablesResolved`` or ``DiscoveryFailed``."""

    tables: tuple[str, ...]


class PlanRepair(ClusterCommand, frozen=True, kw_only=True):
    """Find out how tables, as (``<keyspace>:<table>``, bytes restored), are repaired. → ``RepairPlanned`` or ``RepairPlanFailed``."""

    tables: tuple[tuple[str, int], ...]
    members: tuple[str, ...]


# The schema


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


# Locations


class OpenLocation(LocationCommand, frozen=True, kw_only=True):
    """Find the snapshot's manifests. → ``LocationOpened`` or ``LocationFailed``."""

    selection: Selection


class IndexLocation(LocationCommand, frozen=True, kw_only=True):
    """Read manifests and list directories. → ``ManifestRead``…, ``DirectoryIndexed``…, ``LocationIndexed``; or ``LocationFailed``."""

    selection: Selection
    manifests: tuple[str, ...]
    keyspaces: tuple[str, ...]
    user_keyspaces: tuple[str, ...]
    tables: tuple[str, ...]


class ReadSchemaFile(LocationCommand, frozen=True, kw_only=True):
    """Find and read the snapshot's schema. → ``SchemaStatementsRead``…, ``SchemaFileRead``; or ``LocationFailed``."""

    selection: Selection


class VerifyLocation(LocationCommand, frozen=True, kw_only=True):
    """Compare manifests, as (path, sha256), with what is there now. → ``LocationVerified`` or ``LocationFailed``."""

    manifests: tuple[tuple[str, str], ...]


# Nodes


class JoinNode(NodeCommand, frozen=True, kw_only=True):
    """See what the node is and which locations it can list. → ``NodeJoined`` or ``NodeFailed``."""

    discovered: DiscoveredNode
    locations: tuple[str, ...]


class ReadNodeSettings(NodeCommand, frozen=True, kw_only=True):
    """→ ``NodeSettingsRead`` or ``NodeFailed``. ``tables`` as ``<keyspace>:<table>``; ``native`` if Scylla's tasks matter."""

    tables: tuple[str, ...]
    native: bool = False


class InspectTables(NodeCommand, frozen=True, kw_only=True):
    """See what tables hold already, and who else restores into them. → ``TablesInspected`` or ``NodeFailed``.

    ``directories`` are (``<keyspace>:<table>``, name of its directory); what run ``run`` has made is its own.
    """

    run: str
    directories: tuple[tuple[str, str], ...]


class Alter(NodeCommand, frozen=True, kw_only=True):
    """Make alterations, each idempotent. → ``AlterationMade`` for each; ``NodeFailed`` at the first that fails."""

    alterations: tuple[tuple[str, NodeAlteration], ...]


class OwnFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the files that an attempt may have brought into ``upload``, and the ``location`` that they come from."""

    location: str
    names: frozenset[str]


class Undo(NodeCommand, frozen=True, kw_only=True):
    """Undo alterations, each idempotent. → ``AlterationUndone`` or ``UndoFailed`` for each, in turn.

    ``files`` are what a ``CopiedIntoUpload`` is about, by the alteration's id.
    """

    alterations: tuple[tuple[str, NodeAlteration], ...]
    files: dict[str, OwnFiles] = {}


class BatchFile(msgspec.Struct, frozen=True, gc=False):
    """A file of a batch: its name on the node, and the object's (which may end in a snapshot tag)."""

    name: str
    object: str


class BatchSSTable(msgspec.Struct, frozen=True, gc=False):
    """An SSTable of a batch with its files; ``size`` is bytes over all of them.

    Where the files were not listed, ``data_size`` is bytes of ``Data.db`` alone, and ``size`` about what all have.
    """

    id: str
    size: int
    files: tuple[BatchFile, ...]
    data_size: int | None = None


class CheckFiles(LocationCommand, frozen=True, kw_only=True):
    """See whether the location has a batch's files below ``source``. → ``BatchFilesFound`` or ``BatchFilesMissed``.

    ``beside`` is how many SSTables of the snapshot the directory has.
    """

    batch: int
    attempt: int
    source: str
    sstables: tuple[BatchSSTable, ...]
    beside: int


class BatchCommand(NodeCommand, frozen=True, kw_only=True):
    """About one attempt at one batch. ``staging`` and ``upload`` are paths below ``data:``, and the same without staging."""

    batch: int
    attempt: int
    keyspace: str
    table: str
    staging: str
    upload: str

    @property
    def is_direct(self) -> bool:
        """Whether the files are copied straight into ``upload``."""
        return self.staging == self.upload


class LookIntoUpload(BatchCommand, frozen=True, kw_only=True):
    """See whether ``upload`` is empty. → ``UploadFoundEmpty``, ``UploadOccupied`` or ``DownloadFailed``."""


class DownloadBatch(BatchCommand, frozen=True, kw_only=True):
    """Copy the files into staging. → ``DownloadStarted``, ``DownloadProgressed``…, ``BatchDownloaded``; or ``DownloadFailed``.

    With ``jobs`` (and the agent's ``started_at`` of each) the copy was begun before: it is followed, and
    ``DownloadStarted`` is not reported again. ``transfers`` and ``bandwidth_rate`` go with the request as they are.
    ``size`` is bytes; with ``is_exact`` the files have just so many, whatever is known of each SSTable.
    """

    location: str
    source: str
    sstables: tuple[BatchSSTable, ...]
    size: int
    is_exact: bool = False
    transfers: int | None = None
    bandwidth_rate: str | None = None
    min_free_percent: int = 10
    jobs: tuple[int, ...] = ()
    started_at: tuple[str, ...] = ()


class StopDownload(NodeCommand, frozen=True, kw_only=True):
    """End the running download and remove what it left. → ``DownloadFailed`` with cause ``stopped``."""

    batch: int
    attempt: int


class MoveIntoUpload(BatchCommand, frozen=True, kw_only=True):
    """Rename the staged files into ``upload``; without staging, see that they are what is there. → ``UploadFilled``, ``UploadOccupied`` or ``LoadFailed``."""

    sstables: tuple[BatchSSTable, ...]
    recovering: bool = False


class LoadSSTables(BatchCommand, frozen=True, kw_only=True):
    """Load&stream what is in ``upload``. → ``LoadAnswerLost``…, ``SSTablesLoaded`` or ``LoadFailed``.

    After a definite failure the files of ``sstables`` are taken out of ``upload`` again, if nothing else is there.
    """

    sstables: tuple[BatchSSTable, ...] = ()
    recovering: bool = False


class RestoreNatively(NodeCommand, frozen=True, kw_only=True):
    """Have Scylla read a batch from the bucket by itself. → ``NativeRestoreStarted``, ``NativeRestoreProgressed``…, ``SSTablesLoaded``; or ``LoadFailed``.

    ``endpoint`` is Scylla's own name of the store, ``sstables`` are names of TOC objects below ``prefix``. With ``task``
    the restore was begun before: it is followed, and ``NativeRestoreStarted`` is not reported again.
    """

    batch: int
    attempt: int
    keyspace: str
    table: str
    endpoint: str
    bucket: str
    prefix: str
    sstables: tuple[str, ...]
    size: int
    task: str = ""


class StopNativeRestore(NodeCommand, frozen=True, kw_only=True):
    """End a native restore under way. → ``LoadFailed`` with cause ``stopped``, or ``SSTablesLoaded`` if it was done by then."""

    batch: int
    attempt: int


class RepairCommand(NodeCommand, frozen=True, kw_only=True):
    """About one attempt at one unit of a repair."""

    repair: int
    attempt: int
    keyspace: str
    table: str
    kind: RepairKind


class RepairTable(RepairCommand, frozen=True, kw_only=True):
    """Repair a unit. → ``RepairStarted``…, ``RepairProgressed``…, ``RepairCompleted``; or ``RepairFailed``.

    ``left`` is Scylla's name for what an attempt before this one began, if anything; ``done`` of its parts are
    repaired, provided that ``ring`` has not changed. ``incremental`` is whether the nodes know modes of repair.
    """

    left: str = ""
    done: int = 0
    ring: str = ""
    incremental: bool = False


class StopRepair(RepairCommand, frozen=True, kw_only=True):
    """End a repair that runs, or that an engine before left running as ``left``. → ``RepairFailed`` with cause ``stopped``."""

    left: str = ""
