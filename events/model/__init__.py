"""Every event, a module a topic, and the union of them."""

from scylla_restore.events.model import (
    alterations,
    batches,
    locations,
    nodes,
    repairs,
    run,
    schema,
    schema_restore,
    stages,
)
from scylla_restore.events.model.base import Event

RunEvent = (
    run.RunStarted
    | run.OwnerChanged
    | run.OtherRunsSought
    | run.RunResumed
    | run.SettingsChanged
    | run.PauseRequested
    | run.RunPaused
    | run.AbortRequested
    | run.RunAborted
    | run.FailureDeclared
    | run.RunFailed
    | run.RunCompleted
    | run.ActorFailed
    | run.ActorReplaced
    | run.ActorAsked
    | stages.StageEntered
    | stages.StageCompleted
)
LocationEvent = (
    locations.LocationOpened
    | locations.ManifestRead
    | locations.DirectoryIndexed
    | locations.LocationIndexed
    | locations.LocationUnanswered
    | locations.LocationAnswered
    | locations.LocationVerified
    | locations.LocationFailed
)
NodeEvent = (
    nodes.ClusterDiscovered
    | nodes.DiscoveryFailed
    | nodes.TablesResolved
    | nodes.NodeJoined
    | nodes.TablesInspected
    | nodes.NodeSettingsRead
    | nodes.NodeFailed
    | nodes.NodeSuspended
    | nodes.NodeWaitingForSpace
    | nodes.NodeReadmitted
)
BatchEvent = (
    batches.BatchAssigned
    | batches.BatchCheckRequested
    | batches.BatchFilesFound
    | batches.BatchFilesMissed
    | batches.DownloadRequested
    | batches.DownloadStarted
    | batches.DownloadProgressed
    | batches.BatchDownloaded
    | batches.DownloadFailed
    | batches.LoadRequested
    | batches.UploadOccupied
    | batches.UploadFoundEmpty
    | batches.UploadFilled
    | batches.LoadStarted
    | batches.NativeRestoreRequested
    | batches.NativeRestoreStarted
    | batches.NativeRestoreProgressed
    | batches.LoadAnswerLost
    | batches.SSTablesLoaded
    | batches.LoadFailed
    | batches.BatchReturned
)
AlterationEvent = (
    alterations.AlterationIntended
    | alterations.AlterationMade
    | alterations.UndoRequested
    | alterations.AlterationUndone
    | alterations.UndoFailed
)
RepairEvent = (
    repairs.RepairPlanned
    | repairs.RepairPlanFailed
    | repairs.RepairRequested
    | repairs.RepairStarted
    | repairs.RepairProgressed
    | repairs.RepairCompleted
    | repairs.RepairFailed
)
SchemaEvent = (
    schema.SchemaRecorded
    | schema.SchemaReadFailed
    | schema.SchemaUnanswered
    | schema.SchemaAnswered
    | schema.SchemaAgreementAwaited
    | schema.SchemaChangeFailed
    | schema.ViewBuildProgressed
    | schema.ViewBuildFailed
)
SchemaRestoreEvent = (
    schema_restore.SchemaStatementsRead
    | schema_restore.SchemaFileRead
    | schema_restore.SchemaCompared
    | schema_restore.SchemaStatementRequested
    | schema_restore.SchemaStatementApplied
    | schema_restore.SchemaStatementFailed
    | schema_restore.SchemaRolledBack
)
AnyEvent = (
    RunEvent
    | LocationEvent
    | NodeEvent
    | BatchEvent
    | AlterationEvent
    | RepairEvent
    | SchemaEvent
    | SchemaRestoreEvent
)

__all__ = [
    "AlterationEvent",
    "AnyEvent",
    "BatchEvent",
    "Event",
    "LocationEvent",
    "NodeEvent",
    "RepairEvent",
    "RunEvent",
    "SchemaEvent",
    "SchemaRestoreEvent",
]
