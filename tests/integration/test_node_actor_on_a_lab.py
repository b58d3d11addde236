"""The actor of a node on real threads, against a lab node that really copies, moves and loads files."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from scylla_restore.actors.letters import NodeLetter
from scylla_restore.actors.node import spawn_node
from scylla_restore.actors.pykka_runtime import PykkaRuntime
from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.commands import (
    Alter,
    BatchCommand,
    BatchFile,
    BatchSSTable,
    DownloadBatch,
    LoadSSTables,
    MoveIntoUpload,
    StopDownload,
    Undo,
)
from scylla_restore.engine.lab import Lab, Speeds
from scylla_restore.engine.lab.made_sstables import SSTableMaker
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import AlterationMade, AlterationUndone, UploadSetAside
from scylla_restore.events.model.batches import (
    BatchDownloaded,
    DownloadFailed,
    DownloadStarted,
    LoadFailed,
    SSTablesLoaded,
    UploadFilled,
    UploadOccupied,
)
from scylla_restore.events.model.failure import Cause

TAG = "sm_20260102030405UTC"
SOURCE = "backup/sst/cluster/c/dc/dc1/node/n/keyspace/ks/table/t/version"
PATIENCE_S = 60.0
SSTABLE_BYTES = 300_000
E = TypeVar("E")


class Scene:
    """A lab node with a backup of two SSTables, and its actor."""

    def __init__(self, lab: Lab, access: ClusterAccess, *, versioned: bool = False) -> None:
        self.lab = lab
        self.address = lab.nodes[0].address
        self.bucket = lab.directory / "buckets" / "backups" / SOURCE
        self.bucket.mkdir(parents=True)
        self.sstables = tuple(self._made(SSTableMaker(seed=1, sstable_bytes=SSTABLE_BYTES), versioned))
        self.directory = f"ks/{Path(lab.create_table('ks', 't').directory).name}"
        self.upload = f"{self.directory}/upload"
        self.events: queue.Queue[AnyEvent] = queue.Queue()
        self.crashes: list[BaseException] = []
        self.runtime = PykkaRuntime()
        self.gateway = access.gateway(self.address)
        self.actor = spawn_node(
            self.runtime,
            address=self.address,
            gateway=self.gateway,
            report=self.events.put,
            on_crash=lambda _name, error: self.crashes.append(error),
        )

    def _made(self, maker: SSTableMaker, versioned: bool) -> Iterator[BatchSSTable]:
        for number in ("1", "2"):
            made = maker.make(number if versioned else maker.uuid_id())
            files = []
            for name, content in made.files():
                stored = f"{name}.{TAG}" if versioned and not name.endswith("TOC.txt") else name
                (self.bucket / stored).write_bytes(content)
                files.append(BatchFile(name, stored))
            yield BatchSSTable(made.id, made.size, tuple(files))

    def _command(self, kind: type[BatchCommand], attempt: int, **others: object) -> NodeLetter:
        fields = {
            "node": self.address,
            "batch": 1,
            "attempt": attempt,
            "keyspace": "ks",
            "table": "t",
            "staging": f"{self.directory}/snapshots/scylla-restore-run-1-{attempt}",
            "upload": self.upload,
            "sstables": self.sstables,
        }
        return msgspec.convert({**fields, **others}, kind, from_attributes=True)  # type: ignore[return-value]  # the kind asked for

    def download(self, attempt: int = 1) -> NodeLetter:
        size = sum(sstable.size for sstable in self.sstables)
        return self._command(
            DownloadBatch, attempt, location="localstorage:backups", source=SOURCE, size=size
        )

    def move(self, attempt: int = 1) -> NodeLetter:
        return self._command(MoveIntoUpload, attempt)

    def load(self, attempt: int = 1) -> NodeLetter:
        return self._command(LoadSSTables, attempt)

    def expect(self, kind: type[E], *letters: NodeLetter) -> E:
        """Send letters and return the next event, which has to be of that kind."""
        for letter in letters:
            self.actor.tell(letter)
        event = self.events.get(timeout=PATIENCE_S)
        assert isinstance(event, kind), event
        return event

    def staged(self) -> list[str]:
        """What lies below the table's snapshots."""
        snapshots = self.lab.data_directory(self.address) / self.directory / "snapshots"
        return sorted(path.name for path in snapshots.glob("*/*"))

    def uploaded(self) -> list[str]:
        """What lies in ``upload``."""
        upload = self.lab.data_directory(self.address) / self.upload
        return sorted(path.name for path in upload.iterdir()) if upload.is_dir() else []

    def fill_upload(self, name: str) -> None:
        """Put somebody else's file into ``upload``."""
        upload = self.lab.data_directory(self.address) / self.upload
        upload.mkdir(parents=True, exist_ok=True)
        (upload / name).write_bytes(b"12345")


@pytest.fixture
def speeds() -> Speeds:
    return Speeds()


@pytest.fixture
def lab(tmp_path: Path, speeds: Speeds) -> Iterator[Lab]:
    with Lab(tmp_path, nodes=1, speeds=speeds) as lab:
        yield lab


@pytest.fixture
def access(lab: Lab) -> Iterator[ClusterAccess]:
    access = ClusterAccess(access_settings(choose_cluster(load_config(lab.config_path).config), {}))
    yield access
    access.close()


@pytest.fixture
def versioned() -> bool:
    return False


@pytest.fixture
def scene(lab: Lab, access: ClusterAccess, versioned: bool) -> Iterator[Scene]:
    scene = Scene(lab, access, versioned=versioned)
    yield scene
    scene.runtime.abandon()
    access.close()
    assert scene.runtime.shutdown(timeout_s=PATIENCE_S) == ()
    assert scene.crashes == []


@pytest.mark.parametrize("versioned", [False, True])
def test_a_batch_goes_from_the_bucket_into_the_cluster(scene: Scene) -> None:
    scene.expect(DownloadStarted, scene.download())
    downloaded = scene.expect(BatchDownloaded)
    assert downloaded.downloaded + downloaded.versioned == 2 * SSTABLE_BYTES
    scene.expect(UploadFilled, scene.move())
    assert scene.expect(SSTablesLoaded, scene.load()) == SSTablesLoaded(batch=1, attempt=1)
    assert scene.lab.loaded_sstables() == {"ks.t": 2}
    assert (scene.staged(), scene.uploaded()) == ([], [])


@pytest.mark.parametrize("speeds", [Speeds(download_mbps=0.05)])
def test_a_stop_ends_a_slow_copy_and_leaves_nothing(scene: Scene) -> None:
    scene.expect(DownloadStarted, scene.download())
    stop = StopDownload(node=scene.address, batch=1, attempt=1)
    failed = scene.expect(DownloadFailed, stop)
    assert (failed.failure.cause, failed.staging_left) == (Cause.STOPPED, False)
    assert scene.staged() == []


@pytest.mark.parametrize("speeds", [Speeds(download_mbps=0.05)])
def test_a_restart_of_the_agent_ends_the_attempt_and_leaves_nothing(scene: Scene) -> None:
    scene.expect(DownloadStarted, scene.download())
    scene.lab.restart_agent(scene.address)
    failed = scene.expect(DownloadFailed)
    assert (failed.failure.cause, failed.staging_left) == (Cause.AGENT_RESTARTED, False)
    assert scene.staged() == []


def test_a_full_disk_is_told_as_such(scene: Scene) -> None:
    scene.lab.fault("disk-full", node=scene.address)
    failed = scene.expect(DownloadFailed, scene.download())
    assert (failed.failure.cause, failed.staging_left) == (Cause.NO_SPACE, False)


def test_a_missing_object_is_named(scene: Scene) -> None:
    missing = scene.sstables[1].files[0].name
    (scene.bucket / missing).unlink()
    scene.expect(DownloadStarted, scene.download())
    failed = scene.expect(DownloadFailed)
    assert failed.failure.cause is Cause.MISSING_OBJECT
    assert missing in failed.failure.message


def test_a_damaged_copy_fails_its_load_and_a_new_attempt_succeeds(scene: Scene) -> None:
    scene.lab.fault("corrupt", node=scene.address)
    scene.expect(DownloadStarted, scene.download())
    scene.expect(BatchDownloaded)
    scene.expect(UploadFilled, scene.move())
    failed = scene.expect(LoadFailed, scene.load())
    # what is left of it waits in staging until its failure is durable, and then goes by way of the ledger
    assert failed.staging_left
    assert scene.staged() != []
    assert scene.uploaded() == []
    scene.lab.clear_faults()
    scene.expect(DownloadStarted, scene.download(2))
    scene.expect(BatchDownloaded)
    scene.expect(UploadFilled, scene.move(2))
    scene.expect(SSTablesLoaded, scene.load(2))


def test_somebody_elses_file_in_upload_is_set_aside_meanwhile(scene: Scene) -> None:
    scene.fill_upload("me-1-big-Data.db")
    scene.expect(DownloadStarted, scene.download())
    scene.expect(BatchDownloaded)
    assert scene.expect(UploadOccupied, scene.move()).files == 1
    aside = UploadSetAside(
        node=scene.address,
        upload=scene.upload,
        found=f"{scene.directory}/snapshots/scylla-restore-found-run-1-1",
    )
    scene.expect(AlterationMade, Alter(node=scene.address, alterations=(("a", aside),)))
    scene.expect(UploadFilled, scene.move())
    scene.expect(SSTablesLoaded, scene.load())
    scene.expect(AlterationUndone, Undo(node=scene.address, alterations=(("a", aside),)))
    assert (scene.staged(), scene.uploaded()) == ([], ["me-1-big-Data.db"])


@pytest.mark.parametrize("speeds", [Speeds(load_min_s=3600.0)])
def test_an_engine_ends_at_once_while_a_load_goes_on_in_scylla(
    scene: Scene, access: ClusterAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, load_and_stream = threading.Event(), scene.gateway.load_and_stream

    def tell_and_load(keyspace: str, table: str) -> None:
        called.set()
        load_and_stream(keyspace, table)

    monkeypatch.setattr(scene.gateway, "load_and_stream", tell_and_load)
    scene.expect(DownloadStarted, scene.download())
    scene.expect(BatchDownloaded)
    scene.expect(UploadFilled, scene.move())
    scene.actor.tell(scene.load())
    assert called.wait(PATIENCE_S)
    scene.runtime.abandon()
    access.close()
    assert scene.runtime.shutdown(timeout_s=PATIENCE_S) == ()
    assert scene.events.empty()
