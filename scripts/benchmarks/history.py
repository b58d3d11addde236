"""A run's history as a real one would be: a few nodes, many directories, finished batches."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchDownloaded,
    DownloadProgressed,
    DownloadRequested,
    DownloadStarted,
    LoadRequested,
    LoadStarted,
    SSTablesLoaded,
    UploadFilled,
)
from scylla_restore.events.model.locations import (
    DirectoryIndexed,
    LocationIndexed,
    LocationOpened,
    ManifestRead,
    SSTableShape,
)
from scylla_restore.events.model.nodes import (
    ClusterDiscovered,
    DiscoveredNode,
    NodeJoined,
    NodeSettingsRead,
    TableDirectory,
    TablesResolved,
)
from scylla_restore.events.model.run import ActorAsked, Ask, OwnerChanged, RunStarted
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered
from scylla_restore.events.model.target import (
    BackupLocation,
    Method,
    RestoreKind,
    RestoreTarget,
    Selection,
)

RUN = "0b1f6c2e-6f0e-4a55-9c51-0d7c4a1f9e42"
START = datetime(2026, 1, 14, 18, 32, 31, tzinfo=UTC)
LOCATION = "s3:backups"
NODES = tuple(f"10.0.0.{n}" for n in range(1, 7))
COMPONENTS = (
    "CompressionInfo.db",
    "Data.db",
    "Digest.crc32",
    "Filter.db",
    "Index.db",
    "Scylla.db",
    "Statistics.db",
    "Summary.db",
    "TOC.txt",
)
SHAPE = SSTableShape(version="me", format="big", components=COMPONENTS)
TABLES = 50
NAMES = tuple(f"table_{number}" for number in range(TABLES))
SSTABLE_BYTES = 1_000_000

Line = tuple[str, datetime, AnyEvent]


def history(batches: int, *, sstables_per_batch: int) -> Iterator[Line]:
    """Yield (actor, time, event) of a run with so many finished batches, and one SSTable left to restore."""
    directories = list(_directories(batches, sstables_per_batch))
    yield from _preparation(directories)
    at = START + timedelta(minutes=1)
    number = 0
    for directory, ids in directories:
        for start in range(0, len(ids) - len(ids) % sstables_per_batch, sstables_per_batch):
            number += 1
            node = NODES[number % len(NODES)]
            taken = ids[start : start + sstables_per_batch]
            for actor, event in _batch(number, node, directory, taken):
                at += timedelta(milliseconds=7)
                yield actor or f"node/{node}", at, event


def _directories(batches: int, sstables_per_batch: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (directory, SSTable ids in the planner's order), one for each node and table."""
    count = len(NODES) * TABLES
    for number in range(count):
        own = batches // count + (number < batches % count)
        left_over = 1 if number == count - 1 else 0
        ids = tuple(
            f"3g7k_{number:04d}_{sstable:05d}2asamoc1i8h9n"
            for sstable in range(own * sstables_per_batch + left_over)
        )
        yield f"{number:016x}", ids


def _preparation(directories: list[tuple[str, tuple[str, ...]]]) -> Iterator[Line]:
    total = sum(len(ids) for _, ids in directories)
    events = [
        *_beginning(),
        *(_indexed(number, directory, ids) for number, (directory, ids) in enumerate(directories)),
        LocationIndexed(
            location=LOCATION, directories=len(directories), sstables=total, size=total * SSTABLE_BYTES
        ),
        TablesResolved(
            tables=tuple(
                TableDirectory(keyspace="ks", table=name, directory=f"{name}-{'a' * 32}") for name in NAMES
            )
        ),
        *(event for node in NODES for event in _joined(node)),
        StageCompleted(stage=Stage.INIT),
        StageEntered(stage=Stage.DATA),
        *(ActorAsked(actor=f"node/{node}", ask=Ask.ALTER) for node in NODES),
    ]
    for event in events:
        yield "supervisor", START, event


def _beginning() -> Iterator[AnyEvent]:
    location = BackupLocation(provider="s3", bucket="backups")
    selection = Selection(kind=RestoreKind.TABLES, locations=(location,), snapshot_tag="sm_20260114183231UTC")
    yield RunStarted(
        target=RestoreTarget(selection=selection),
        cluster="bench",
        cluster_id="6e1d7bd2-6c5c-4f8e-8a43-1c3e0b8f7a10",
        seed=1,
        started_by="bench",
        engine_version="bench",
    )
    yield OwnerChanged(owner="bench", engine_version="bench")
    yield StageEntered(stage=Stage.INIT)
    yield ClusterDiscovered(
        name="bench",
        nodes=tuple(DiscoveredNode(address=n, host_id=f"host-{n}", dc="dc1", rack="r1") for n in NODES),
        keyspaces=("ks",),
        user_keyspaces=("ks",),
        tables=tuple(f"ks:{name}" for name in NAMES),
    )
    yield LocationOpened(location=LOCATION, manifests=("manifest",))
    yield ManifestRead(
        location=LOCATION,
        path="manifest",
        sha256="0" * 64,
        cluster_id="c",
        cluster_name="source",
        dc="dc1",
        node_id="n",
        tables=TABLES,
        size=1,
    )


def _indexed(number: int, directory: str, ids: tuple[str, ...]) -> DirectoryIndexed:
    node, table = f"n{number % len(NODES)}", NAMES[number % TABLES]
    return DirectoryIndexed(
        directory=directory,
        location=LOCATION,
        path=f"backup/sst/cluster/c/dc/dc1/node/{node}/keyspace/ks/table/{table}/{directory}",
        dc="dc1",
        node_id=node,
        keyspace="ks",
        table=table,
        ids=ids,
        sizes=(SSTABLE_BYTES,) * len(ids),
        shapes=(SHAPE,),
    )


def _joined(node: str) -> Iterator[AnyEvent]:
    yield NodeJoined(
        node=node,
        host_id=f"host-{node}",
        dc="dc1",
        rack="r1",
        shards=2,
        scylla_version="2026.1.0",
        agent_version="3.12",
        locations=(LOCATION,),
    )
    compaction = {f"ks:{name}": False for name in NAMES}
    yield NodeSettingsRead(node=node, transfers=4, bandwidth_rate="off", compaction=compaction)


def _batch(number: int, node: str, directory: str, ids: tuple[str, ...]) -> Iterator[tuple[str, AnyEvent]]:
    """Yield the ten records of a batch; an empty actor is the node's."""
    yield (
        "supervisor",
        BatchAssigned(
            batch=number,
            attempt=1,
            node=node,
            method=Method.RCLONE,
            directory=directory,
            sstables=ids,
            size=len(ids) * SSTABLE_BYTES,
        ),
    )
    yield "supervisor", DownloadRequested(batch=number, attempt=1)
    yield (
        "",
        DownloadStarted(
            batch=number,
            attempt=1,
            jobs=(1795344275 + number,),
            started_at=("2026-11-22T10:44:43.104264378Z",),
        ),
    )
    yield "", DownloadProgressed(batch=number, attempt=1, downloaded=1_000_000)
    yield "", BatchDownloaded(batch=number, attempt=1, downloaded=len(ids) * SSTABLE_BYTES)
    yield "supervisor", LoadRequested(batch=number, attempt=1)
    yield "", UploadFilled(batch=number, attempt=1)
    yield "supervisor", LoadStarted(batch=number, attempt=1)
    yield "", SSTablesLoaded(batch=number, attempt=1)
