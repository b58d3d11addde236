"""Restores that Scylla does by itself, through the console script and from a real S3 server."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from tests.support.console import COPY_PATH, LabProcess, Process, lab_process, wait_until
from tests.support.s3_server import S3Server

from scylla_restore.engine.core.limits import USER_TTL_S
from scylla_restore.engine.lab.backup_content import IdType
from scylla_restore.engine.lab.backup_writer import BackupRequest, BackupSummary, write_backup
from scylla_restore.events.model.alterations import AlterationIntended, AlterationUndone, UserTtlSet
from scylla_restore.events.model.batches import (
    BatchAssigned,
    LoadFailed,
    NativeRestoreProgressed,
    NativeRestoreStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.target import Method

pytestmark = pytest.mark.real

NATIVE_PATH = "/storage_service/restore"
TTL_PATH = "/task_manager/user_ttl"
ABORT_PATH = "/task_manager/abort_task/"
LAB_TTL_S = 3600


class NativeLab:
    """A lab of a release that restores natively, and a bucket."""

    def __init__(self, lab: LabProcess, bucket: str) -> None:
        self.lab = lab
        self.location = f"s3:{bucket}"

    def back_up(
        self, *, tables: int = 2, sstables: int = 12, id_type: IdType = "uuid", sstable_bytes: int = 20_000
    ) -> BackupSummary:
        """Write a backup of tables in one keyspace."""
        request = BackupRequest(
            location=self.location,
            tables=tables,
            sstables=sstables,
            sstable_bytes=sstable_bytes,
            id_type=id_type,
        )
        summary = write_backup(self.lab.files.root, request)
        self.lab.tag = summary.snapshot_tag
        return summary

    def words(self, *more: str) -> tuple[str, ...]:
        """Return what restores the backup."""
        return ("run", "-L", self.location, "-T", self.lab.tag, "--restore-tables", *more)

    def methods(self) -> list[Method]:
        """Return how the batches were assigned."""
        return [assigned.method for assigned in self.lab.events(BatchAssigned)]

    def until_restoring(self, process: Process) -> None:
        """Wait until Scylla's own tasks are known."""
        wait_until(
            lambda: self.lab.events(NativeRestoreStarted) or process.process.poll() is not None,
            "a native restore begins",
        )
        assert self.lab.events(NativeRestoreStarted), process.stderr

    def user_ttls(self) -> list[int]:
        """Return for how long tasks were asked to be known, in order."""
        return [int(parse_qs(each.query)["user_ttl"][0]) for each in self.lab.requests(TTL_PATH)]


def started(directory: Path, server: S3Server, *options: str) -> Iterator[NativeLab]:
    secret = directory / "s3.secret"
    secret.write_text(server.secret_access_key)
    credentials = ("--s3-access-key-id", server.access_key_id, "--s3-secret-access-key", f"file:{secret}")
    words = ("--scylla-version", "2026.1.0", "--s3-endpoint", server.endpoint, *credentials, *options)
    with lab_process(directory, *words) as lab:
        yield NativeLab(lab, server.new_bucket())


@pytest.fixture
def lab(tmp_path: Path, s3_server: S3Server) -> Iterator[NativeLab]:
    yield from started(tmp_path, s3_server)


@pytest.fixture
def slow_lab(tmp_path: Path, s3_server: S3Server) -> Iterator[NativeLab]:
    """Have the only batch there is take half a minute the first time, and some seconds when it is begun anew."""
    for lab in started(tmp_path, s3_server, "--nodes", "1", "--shards", "64", "--load-mbps", "1"):
        lab.back_up(tables=1, sstables=60, sstable_bytes=20_000)
        lab.lab.fault("slow", on=NATIVE_PATH, times=1)
        yield lab


def test_scylla_restores_by_itself_what_it_can_and_the_rest_is_copied(lab: NativeLab) -> None:
    backup = lab.back_up(id_type="mixed")
    said = lab.lab.call(*lab.words("--json"))
    assert said.code == 0, said.stderr
    progress = said.documents()[-1]
    assert (progress["restored"], progress["size"]) == (backup.bytes, backup.bytes)
    assert lab.lab.loaded_sstables() == backup.sstables
    assert set(lab.methods()) == {Method.NATIVE, Method.RCLONE}
    assert lab.lab.requests(NATIVE_PATH)
    assert lab.lab.left_behind() == []
    assert " by Scylla itself)" in lab.lab.call("audit", progress["run_id"]).stdout


def test_tasks_are_known_for_long_meanwhile_and_for_as_long_as_before_in_the_end(lab: NativeLab) -> None:
    lab.back_up()
    assert lab.lab.call(*lab.words("--keyspace", "ks1.t1")).code == 0
    altered = [e for e in lab.lab.events(AlterationIntended) if isinstance(e.alteration, UserTtlSet)]
    assert {e.id for e in altered} <= {e.id for e in lab.lab.events(AlterationUndone)}
    assert sorted(lab.user_ttls()) == [LAB_TTL_S] * len(altered) + [USER_TTL_S] * len(altered) != []


def test_who_insists_restores_nothing_otherwise(lab: NativeLab) -> None:
    backup = lab.back_up()
    renamed = ("--rename", "ks1.t1=ks1.t2,ks1.t2=ks1.t1")
    assert lab.lab.call(*lab.words("--method", "native", *renamed)).code == 0
    assert lab.lab.loaded_sstables() == backup.sstables
    assert lab.lab.requests(COPY_PATH) == []


def test_who_insists_is_refused_for_integer_ids_before_anything_is_touched(lab: NativeLab) -> None:
    lab.back_up(id_type="int")
    said = lab.lab.call(*lab.words("--method", "native"))
    assert said.code == 2
    assert re.search(
        r"error: Scylla cannot restore .* they have integer ids, and it takes UUIDs only", said.stderr
    )
    assert lab.lab.requests(NATIVE_PATH) == lab.lab.requests(TTL_PATH) == []


def test_who_forbids_it_has_everything_copied(lab: NativeLab) -> None:
    lab.back_up()
    assert lab.lab.call(*lab.words("--method", "rclone")).code == 0
    assert lab.lab.requests(NATIVE_PATH) == lab.lab.requests(TTL_PATH) == []


def test_what_scylla_fails_to_restore_is_copied(lab: NativeLab) -> None:
    lab.back_up()
    lab.lab.fault("failed-restore", times=1)
    said = lab.lab.call(*lab.words())
    assert said.code == 0, said.stderr
    (failed,) = lab.lab.events(LoadFailed)
    assert "the connection was closed by a replica" in failed.failure.message
    assert [a.method for a in lab.lab.events(BatchAssigned) if a.batch == failed.batch] == [
        Method.NATIVE,
        Method.RCLONE,
    ]


def test_a_killed_engines_tasks_are_followed_by_the_next(slow_lab: NativeLab) -> None:
    engine = slow_lab.lab.start(*slow_lab.words())
    slow_lab.until_restoring(engine)
    engine.kill()
    (task,) = {event.task for event in slow_lab.lab.events(NativeRestoreStarted)}
    said = slow_lab.lab.call("resume", "--json")
    assert said.code == 0, said.stderr
    assert len(slow_lab.lab.requests(NATIVE_PATH)) == len(slow_lab.lab.events(SSTablesLoaded))
    assert slow_lab.lab.requests(f"/task_manager/wait_task/{task}", "GET")
    assert slow_lab.lab.events(LoadFailed) == []


def test_a_pause_ends_what_scylla_restores_and_resume_begins_it_anew(slow_lab: NativeLab) -> None:
    engine = slow_lab.lab.start(*slow_lab.words())
    slow_lab.until_restoring(engine)
    engine.send(signal.SIGINT)
    assert engine.end().code == 3
    assert len(slow_lab.lab.requests(ABORT_PATH)) == 1
    assert [failed.failure.cause for failed in slow_lab.lab.events(LoadFailed)] == [Cause.STOPPED]
    assert slow_lab.user_ttls() == [USER_TTL_S, LAB_TTL_S]
    assert slow_lab.lab.call("resume").code == 0
    assert slow_lab.lab.loaded_sstables() >= 60


def test_a_task_that_a_restart_of_scylla_has_ended_is_begun_anew(slow_lab: NativeLab) -> None:
    engine = slow_lab.lab.start(*slow_lab.words())
    slow_lab.until_restoring(engine)
    slow_lab.lab.fault("lost-task")
    said = engine.end()
    assert said.code == 0, said.stderr
    (failed,) = slow_lab.lab.events(LoadFailed)
    assert failed.failure.cause in (Cause.AGENT_RESTARTED, Cause.UNREACHABLE)
    assert set(slow_lab.methods()) == {Method.NATIVE}


def test_a_long_restore_tells_how_far_it_is(slow_lab: NativeLab) -> None:
    engine = slow_lab.lab.start(*slow_lab.words())
    wait_until(lambda: slow_lab.lab.events(NativeRestoreProgressed), "progress is told")
    (document,) = slow_lab.lab.call("progress", "--json").documents()
    engine.kill()
    assert 0 < document["restored"] < document["size"]
    assert document["hosts"][0]["state"] == "native"
