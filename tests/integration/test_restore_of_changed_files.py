"""Files of a backup that change after they were indexed: the run fails and names them, and nothing of them is loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scylla_restore.engine.api import Engine, cluster_connection
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.state.run_state import Status
from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.lab import Lab
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.engine.storage.opening import open_store
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.batches import BatchFilesMissed, DownloadFailed, DownloadRequested
from scylla_restore.events.model.locations import DirectoryIndexed

BUCKET = "localstorage:backups"
PATIENCE_S = 120
UNLISTED = LocalStorage.files_per_page // 8
"""More SSTables than one request lists: Scylla's own manifest tells their sizes."""


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def vanish(file: Path) -> None:
    file.unlink()


class Meddling:
    """Changes a file as soon as its directory is listed, and takes note of batches that fail.

    ``sstable`` is the id of the SSTable that the file belongs to, ``copied`` are batches that a node was asked to copy.
    """

    def __init__(self, root: Path, change: Callable[[Path], None]) -> None:
        self.sstable = ""
        self.failures: list[str] = []
        self.missed: set[int] = set()
        self.copied: set[int] = set()
        self.was_listed = True
        self._root = root
        self._change = change

    def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case DirectoryIndexed(path=path, data_sizes=data_sizes) if not self.sstable:
                self.was_listed = not data_sizes
                (bucket,) = self._root.rglob("backups")
                file = min((bucket / path).glob("*-Data.db"))
                self.sstable = file.name.removeprefix("me-").removesuffix("-big-Data.db")
                self._change(file)
            case DownloadFailed(failure=failure):
                self.failures.append(failure.message)
            case BatchFilesMissed(batch=batch, failure=failure):
                self.missed.add(batch)
                self.failures.append(failure.message)
            case DownloadRequested(batch=batch):
                self.copied.add(batch)
            case _:
                pass


@pytest.mark.parametrize(
    ("sstables", "change", "problem"),
    [
        (1, grow, "has 20001 bytes in place of 20000"),
        (1, vanish, "object not found"),
        (UNLISTED, grow, "-big-Data.db has "),
        (UNLISTED, vanish, "-big-Data.db"),
    ],
)
def test_nothing_is_loaded_of_files_that_are_not_those_that_were_indexed(
    tmp_path: Path, sstables: int, change: Callable[[Path], None], problem: str
) -> None:
    meddling = Meddling(tmp_path, change)
    with Lab(tmp_path, nodes=1) as lab:
        request = BackupRequest(location=BUCKET, sstables=sstables, sstable_bytes=20_000, id_type="uuid")
        tag = write_backup(lab.directory, request).snapshot_tag
        config = load_config(lab.config_path).config
        connection = cluster_connection(choose_cluster(config), {})
        flags = TargetFlags(location=(BUCKET,), snapshot_tag=tag, restore_tables=True)
        with Engine(
            log=MemoryLog(),
            cluster=connection,
            open_store=lambda where: open_store(where, config.storage(where.key), {}),
            owner="test",
            on_event=meddling,
        ) as engine:
            outcome = engine.start(build_target(flags)).wait(PATIENCE_S)
        connection.close()
        assert lab.loaded_sstables() == {}
    assert outcome is not None
    assert outcome.status is Status.FAILED
    assert outcome.failure is not None
    assert f"{BUCKET}/backup/sst/" in outcome.failure.message
    assert meddling.failures
    assert meddling.was_listed == (sstables < UNLISTED)
    assert bool(meddling.missed) is not meddling.was_listed
    assert not meddling.missed & meddling.copied
    for message in (outcome.failure.message, *meddling.failures):
        assert meddling.sstable in message
        assert problem in message
