"""What is known of where a run stands; ``progress`` is the fold that keeps it.

What is finished is in sums; only batches under way, and those that wait for another attempt, are kept one by one.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.attempts import Attempt
from scylla_restore.events.projections.catalogue import Catalogue, TableKey
from scylla_restore.events.projections.pace import Pace
from scylla_restore.events.projections.repairing import RepairSums
from scylla_restore.events.projections.viewing import SchemaSums


class RunState(StrEnum):
    """How a run is, for whoever looks at it from outside."""

    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"
    ABORTED = "aborted"


class Hold(StrEnum):
    """Why a node gets nothing new."""

    SUSPENDED = "suspended"
    WAITING = "waiting"


class HostSums(msgspec.Struct, kw_only=True):
    """What a node has done for batches that are in the cluster, and how it is."""

    dc: str
    shards: int = 0
    downloaded: int = 0
    download_ms: int = 0
    streamed: int = 0
    stream_ms: int = 0
    hold: Hold | None = None


class Returned(msgspec.Struct, frozen=True):
    """A batch that waits for its next attempt; ``error`` is why the last one failed, None if it was just stopped."""

    directory: str
    size: int
    error: str | None


class ProgressState(msgspec.Struct, kw_only=True):
    """The fold. Bytes in ``restored…``; ``open`` and ``returned`` are by batch.

    ``is_over`` tells that nothing can come of the run any more, while a run that is paused, or most that failed, can
    be resumed. ``working_since`` is from when on restoring data is not in ``pace`` yet.
    """

    run: str = ""
    cluster: str = ""
    cluster_id: str = ""
    snapshot_tag: str = ""
    state: RunState = RunState.RUNNING
    stage: Stage = Stage.INIT
    error: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_at: datetime | None = None
    epoch: int = 0
    is_over: bool = False
    working_since: datetime | None = None
    pace: Pace = msgspec.field(default_factory=Pace)

    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    restored_of: dict[TableKey, int] = msgspec.field(default_factory=dict)
    hosts: dict[str, HostSums] = msgspec.field(default_factory=dict)
    open: dict[int, Attempt] = msgspec.field(default_factory=dict)
    returned: dict[int, Returned] = msgspec.field(default_factory=dict)

    repairs: RepairSums = msgspec.field(default_factory=RepairSums)
    schema: SchemaSums = msgspec.field(default_factory=SchemaSums)
    statements: int = 0
    statements_applied: int = 0

    restored: int = 0
    sstables_restored: int = 0
    batches: int = 0
    batches_restored: int = 0
    retries: int = 0


def percent_done(state: RunState, *, restored: int, size: int) -> float:
    """Return how much of a run is done, cut to a tenth; 100 only when all of it is, repair and views included."""
    if state is RunState.DONE:
        return 100.0
    return min(restored * 1000 // size / 10, 99.9) if size else 0.0
