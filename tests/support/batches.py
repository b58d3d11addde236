"""Commands about one small batch, for tests of what is done with it."""

from tests.support.scripted_node import ADDRESS, ScriptedNode
from tests.support.stepping import SteppingRuntime

from scylla_restore.engine.core.commands import (
    BatchFile,
    BatchSSTable,
    DownloadBatch,
    LoadSSTables,
    MoveIntoUpload,
)

TABLE = "ks/t-0123456789abcdef0123456789abcdef"
STAGING = f"{TABLE}/snapshots/scylla-restore-run-1-1"
UPLOAD = f"{TABLE}/upload"
FILES = {"me-a-big-Data.db": 100, "me-a-big-TOC.txt": 10, "me-b-big-Data.db": 200, "me-b-big-TOC.txt": 20}
SSTABLES = (
    BatchSSTable("a", 110, (BatchFile(*["me-a-big-Data.db"] * 2), BatchFile(*["me-a-big-TOC.txt"] * 2))),
    BatchSSTable("b", 220, (BatchFile(*["me-b-big-Data.db"] * 2), BatchFile(*["me-b-big-TOC.txt"] * 2))),
)
SIZE = 330
TAG = "sm_20260102030405UTC"


def versioned(count: int) -> tuple[BatchSSTable, ...]:
    """SSTables of one file of 5 bytes each, whose objects' names end in a snapshot tag."""
    names = [f"me-{number}-big-Data.db" for number in range(count)]
    return tuple(BatchSSTable(name, 5, (BatchFile(name, f"{name}.{TAG}"),)) for name in names)


def download_command(
    sstables: tuple[BatchSSTable, ...] = SSTABLES,
    *,
    jobs: tuple[int, ...] = (),
    started_at: tuple[str, ...] = (),
    attempt: int = 1,
) -> DownloadBatch:
    return DownloadBatch(
        node=ADDRESS,
        batch=1,
        attempt=attempt,
        keyspace="ks",
        table="t",
        staging=STAGING,
        upload=UPLOAD,
        location="s3:backups",
        source="backup/sst/x",
        sstables=sstables,
        size=sum(sstable.size for sstable in sstables),
        transfers=4,
        bandwidth_rate="0M",
        jobs=jobs,
        started_at=started_at,
    )


def move_command(*, recovering: bool = False) -> MoveIntoUpload:
    return MoveIntoUpload(
        node=ADDRESS,
        batch=1,
        attempt=1,
        keyspace="ks",
        table="t",
        staging=STAGING,
        upload=UPLOAD,
        sstables=SSTABLES,
        recovering=recovering,
    )


def load_command(*, recovering: bool = False) -> LoadSSTables:
    return LoadSSTables(
        node=ADDRESS,
        batch=1,
        attempt=1,
        keyspace="ks",
        table="t",
        staging=STAGING,
        upload=UPLOAD,
        sstables=SSTABLES,
        recovering=recovering,
    )


def node_with_backup() -> ScriptedNode:
    """A node whose bucket holds the batch's files, plain and as versioned objects."""
    node = ScriptedNode()
    node.objects = {**FILES, **{f"me-{number}-big-Data.db.{TAG}": 5 for number in range(40)}}
    node.uploads = {("ks", "t"): UPLOAD}
    return node


def stop_at(node: ScriptedNode, runtime: SteppingRuntime, method: str) -> None:
    """Tell the youngest lane to stop while the node is being asked ``method`` for the first time."""

    def stop() -> None:
        node.before.pop(method, None)
        runtime.lanes[-1].stop()

    node.before[method] = stop
