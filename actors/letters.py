"""What actors tell each other: commands downwards, reported events upwards."""

import msgspec

from scylla_restore.engine.core.commands import (
    Alter,
    CheckFiles,
    DownloadBatch,
    IndexLocation,
    InspectTables,
    JoinNode,
    LoadSSTables,
    MoveIntoUpload,
    OpenLocation,
    ReadNodeSettings,
    ReadSchemaFile,
    RepairTable,
    RestoreNatively,
    StopDownload,
    StopNativeRestore,
    StopRepair,
    Undo,
    VerifyLocation,
)
from scylla_restore.events.model import AnyEvent

NodeLetter = (
    JoinNode
    | ReadNodeSettings
    | InspectTables
    | Alter
    | Undo
    | DownloadBatch
    | StopDownload
    | MoveIntoUpload
    | LoadSSTables
    | RestoreNatively
    | StopNativeRestore
    | RepairTable
    | StopRepair
)
"""All that a NodeActor is told from outside."""

LocationLetter = OpenLocation | IndexLocation | VerifyLocation | ReadSchemaFile | CheckFiles
"""All that a LocationActor is told from outside."""


class Reported(msgspec.Struct, frozen=True):
    """An event on its way to the supervisor, with the name of the actor that saw it happen."""

    actor: str
    event: AnyEvent


class LaneCrashed(msgspec.Struct, frozen=True):
    """From an actor's own lane: a defect ended a procedure, so the actor itself has to go."""

    lane: str
    error: BaseException
