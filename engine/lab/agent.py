"""One life of a node's agent: its jobs and settings, which a restart forgets."""

import os
import threading
from collections.abc import Sequence

import msgspec

from scylla_restore.engine.lab.faults import FaultBoard, FaultKind
from scylla_restore.engine.lab.jobs import Job, JobTable
from scylla_restore.engine.lab.pace import MIB, Pace
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.remotes import Remotes
from scylla_restore.engine.lab.state import (
    AzureSettings,
    GcsSettings,
    NodeSpec,
    ObjectStorageEndpoint,
    S3Settings,
    Speeds,
)
from scylla_restore.engine.lab.transfer import Copier

VERSION = "Snapshot"
CONFIGURED_TRANSFERS = 2
_COPY_PATH = "/agent/rclone/sync/copypaths"


class AgentSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is started with."""

    node: NodeSpec
    speeds: Speeds
    remotes: Remotes
    faults: FaultBoard
    data_directory: str
    scylla_version: str
    object_storage_endpoints: Sequence[ObjectStorageEndpoint] | None = None
    s3: S3Settings | None
    gcs: GcsSettings | None
    azure: AzureSettings | None
    has_passwords: bool = False


class Agent:
    """What the calls of an agent work on. ``first_job`` is the id of its first job."""

    def __init__(self, setup: AgentSetup, first_job: int) -> None:
        self.setup = setup
        self.remotes = setup.remotes
        self.jobs = JobTable(first_job)
        self.first_job = first_job
        self.transfers = CONFIGURED_TRANSFERS
        self.pinned = True
        self.settings_lock = threading.Lock()
        node_rate = setup.speeds.download_mbps * MIB or None
        self.pace = Pace(node_rate, lambda: self._stands("slow"))
        self.copier = Copier(self.pace, lambda: self._stands("disk-full"))

    def set_transfers(self, transfers: int) -> None:
        """Set the number of parallel transfers, for good; -1 is the configured one.

        Raises:
            CallRefused: it is not positive.
        """
        if transfers == -1:
            transfers = CONFIGURED_TRANSFERS
        if transfers <= 0:
            raise CallRefused(f"transfers count must be greater than 0, got {transfers}")
        self.transfers = transfers

    def cpus(self) -> list[int]:
        """Return the CPUs that the agent may use."""
        return [0] if self.pinned else list(range(max(self.setup.node.shards, os.cpu_count() or 1)))

    def make_job(self, job_id: int, hits: frozenset[FaultKind]) -> Job:
        """Make a job that shows the faults which hit its request."""
        return Job(job_id, slow="slow" in hits, corrupt="corrupt" in hits, disk_full="disk-full" in hits)

    def die(self) -> None:
        """End this life: jobs stop where they are and are forgotten."""
        self.jobs.abandon()

    def _stands(self, kind: FaultKind) -> bool:
        return self.setup.faults.stands(kind, self.setup.node.address, _COPY_PATH, _COPY_PATH)
