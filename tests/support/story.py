"""Logs for tests: events told one after another on a clock that stands still in between."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TypedDict

from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model import AnyEvent, batches
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import (
    DirectoryIndexed,
    LocationIndexed,
    ManifestRead,
    SkippedTable,
    SSTableShape,
)
from scylla_restore.events.model.nodes import ClusterDiscovered, DiscoveredNode, NodeJoined
from scylla_restore.events.model.run import OwnerChanged, RunStarted
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import BackupLocation, Method, RestoreKind, RestoreTarget, Selection

RUN = "6f1d2c3b-0000-4000-8000-000000000001"
CLUSTER_ID = "0d5a8a3c-0000-4000-8000-00000000000c"
TAG = "sm_20260102030405UTC"
LOCATION = "s3:backups"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHAPE = SSTableShape(version="me", format="big", components=("Data.db", "TOC.txt"))


class Which(TypedDict):
    batch: int
    attempt: int


class Story:
    """A run's log as it grows. ``pass_s`` lets time pass, ``tell`` adds records, ``die`` begins a new epoch."""

    def __init__(self, run: str = RUN) -> None:
        self.envelopes: list[Envelope] = []
        self.now = START
        self._sealer = Sealer(run=run, epoch=1, seq=0, head_hash=genesis(run))

    def pass_s(self, seconds: float) -> "Story":
        self.now += timedelta(seconds=seconds)
        return self

    def tell(self, *events: AnyEvent) -> "Story":
        for event in events:
            self.envelopes.append(self._sealer.seal(event, at=self.now, actor="supervisor"))
        return self

    def die(self, *, for_s: float) -> "Story":
        self._sealer.epoch += 1
        self.pass_s(for_s)
        return self.tell(OwnerChanged(owner="another engine", engine_version="0.1.0"))

    def write_to(self, log: EventLog) -> None:
        """Append all of it, with a claim per epoch; nobody owns the run afterwards."""
        for _, group in groupby(self.envelopes, key=lambda envelope: envelope.epoch):
            claim = log.claim(self.envelopes[0].run, "an engine")
            log.append(claim, tuple(group))
            log.release(claim)

    def restore(self, batch: int, *, attempt: int = 1, download_s: float = 2, load_s: float = 3) -> "Story":
        """Tell of an assigned batch's whole way; it arrives with the size that it has in ``assigned``."""
        size = next(
            envelope.event.size
            for envelope in reversed(self.envelopes)
            if isinstance(envelope.event, batches.BatchAssigned) and envelope.event.batch == batch
        )
        which = Which(batch=batch, attempt=attempt)
        self.tell(
            batches.DownloadRequested(**which),
            batches.DownloadStarted(**which, jobs=(700 + batch,), started_at=("0001",)),
        )
        self.pass_s(download_s).tell(batches.BatchDownloaded(**which, downloaded=size))
        self.tell(batches.LoadRequested(**which), batches.UploadFilled(**which), batches.LoadStarted(**which))
        return self.pass_s(load_s).tell(batches.SSTablesLoaded(**which))


def run_started() -> RunStarted:
    selection = Selection(
        kind=RestoreKind.TABLES,
        locations=(BackupLocation(provider="s3", bucket="backups"),),
        snapshot_tag=TAG,
    )
    return RunStarted(
        target=RestoreTarget(selection=selection),
        cluster="prod",
        cluster_id=CLUSTER_ID,
        seed=7,
        started_by="ann@host",
        engine_version="0.1.0",
    )


def cluster_discovered(*addresses: str) -> ClusterDiscovered:
    nodes = tuple(
        DiscoveredNode(address=address, host_id=f"id-{address}", dc="dc1", rack="r1") for address in addresses
    )
    return ClusterDiscovered(name="Prod", nodes=nodes, keyspaces=(), user_keyspaces=(), tables=())


def node_joined(address: str, *, shards: int = 2) -> NodeJoined:
    return NodeJoined(
        node=address,
        host_id=f"id-{address}",
        dc="dc1",
        rack="r1",
        shards=shards,
        scylla_version="2025.1.0",
        agent_version="3.5.0",
        locations=(LOCATION,),
    )


def directory_indexed(directory: str, keyspace: str, table: str, sizes: tuple[int, ...]) -> DirectoryIndexed:
    return DirectoryIndexed(
        directory=directory,
        location=LOCATION,
        path=f"backup/sst/{directory}",
        dc="dc1",
        node_id="source-1",
        keyspace=keyspace,
        table=table,
        ids=tuple(f"{directory}-{number}" for number in range(len(sizes))),
        sizes=sizes,
        shapes=(SHAPE,),
    )


def location_indexed(*skipped: SkippedTable) -> LocationIndexed:
    return LocationIndexed(location=LOCATION, directories=2, sstables=4, size=1000, skipped=skipped)


def manifest_read() -> ManifestRead:
    return ManifestRead(
        location=LOCATION,
        path="backup/meta/cluster/a/dc/dc1/node/source-1/manifest.json.gz",
        sha256="ab" * 32,
        cluster_id="source-cluster",
        cluster_name="Old",
        dc="dc1",
        node_id="source-1",
        tables=2,
        size=1000,
    )


def batch_assigned(
    batch: int, directory: str, *, size: int, node: str = "10.0.0.1", attempt: int = 1, sstables: int = 1
) -> batches.BatchAssigned:
    return batches.BatchAssigned(
        batch=batch,
        attempt=attempt,
        node=node,
        method=Method.RCLONE,
        directory=directory,
        sstables=tuple(f"{directory}-{batch}-{number}" for number in range(sstables)),
        size=size,
    )


def load_failed(batch: int, *, attempt: int = 1, cause: Cause = Cause.REFUSED) -> batches.LoadFailed:
    failure = Failure(cause=cause, message="no such table", node="10.0.0.1", call="load_and_stream")
    return batches.LoadFailed(
        batch=batch, attempt=attempt, node="10.0.0.1", failure=failure, staging_left=False
    )


def indexed_story(run: str = RUN) -> Story:
    """Two nodes; table a.one of 300 and 300 bytes in d1, table b.two of 200 and 200 bytes in d2; stage DATA."""
    return Story(run).tell(
        run_started(),
        OwnerChanged(owner="ann@host", engine_version="0.1.0"),
        StageEntered(stage=Stage.INIT),
        cluster_discovered("10.0.0.10", "10.0.0.2", "10.0.0.1"),
        node_joined("10.0.0.1"),
        node_joined("10.0.0.2", shards=4),
        manifest_read(),
        directory_indexed("d1", "a", "one", (300, 300)),
        directory_indexed("d2", "b", "two", (200, 200)),
        location_indexed(),
        StageEntered(stage=Stage.DATA),
    )
