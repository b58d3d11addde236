"""What the core asks the actors to do. Each command answers with events; which ones, its docstring says.

Every command that touches the outside world is sent only after a durable event that announces it. ``recovering``
marks a command whose effect may have happened already, under an engine that is gone.
"""

from scylla_restore.engine.core.commands.base import ClusterCommand, Command, LocationCommand, NodeCommand
from scylla_restore.engine.core.commands.batches import (
    AttemptCommand,
    BatchCommand,
    BatchFile,
    BatchSSTable,
    CheckFiles,
    DownloadBatch,
    LoadSSTables,
    LookIntoUpload,
    MoveIntoUpload,
    RestoreNatively,
    StopDownload,
    StopNativeRestore,
)
from scylla_restore.engine.core.commands.cluster import DiscoverCluster, ResolveTables
from scylla_restore.engine.core.commands.engine import ReplaceActor, SeekOtherRuns
from scylla_restore.engine.core.commands.locations import (
    IndexLocation,
    OpenLocation,
    ReadSchemaFile,
    VerifyLocation,
)
from scylla_restore.engine.core.commands.nodes import (
    Alter,
    InspectTables,
    JoinNode,
    OwnFiles,
    ReadNodeSettings,
    Undo,
)
from scylla_restore.engine.core.commands.repairs import PlanRepair, RepairCommand, RepairTable, StopRepair
from scylla_restore.engine.core.commands.schema import (
    AlterSchema,
    ApplyStatement,
    AwaitAgreement,
    AwaitViews,
    CompareObjects,
    LocateTables,
    ReadSchema,
    SchemaCommand,
    UndoSchema,
)

__all__ = [
    "Alter",
    "AlterSchema",
    "ApplyStatement",
    "AttemptCommand",
    "AwaitAgreement",
    "AwaitViews",
    "BatchCommand",
    "BatchFile",
    "BatchSSTable",
    "CheckFiles",
    "ClusterCommand",
    "Command",
    "CompareObjects",
    "DiscoverCluster",
    "DownloadBatch",
    "IndexLocation",
    "InspectTables",
    "JoinNode",
    "LoadSSTables",
    "LocateTables",
    "LocationCommand",
    "LookIntoUpload",
    "MoveIntoUpload",
    "NodeCommand",
    "OpenLocation",
    "OwnFiles",
    "PlanRepair",
    "ReadNodeSettings",
    "ReadSchema",
    "ReadSchemaFile",
    "RepairCommand",
    "RepairTable",
    "ReplaceActor",
    "ResolveTables",
    "RestoreNatively",
    "SchemaCommand",
    "SeekOtherRuns",
    "StopDownload",
    "StopNativeRestore",
    "StopRepair",
    "Undo",
    "UndoSchema",
    "VerifyLocation",
]
