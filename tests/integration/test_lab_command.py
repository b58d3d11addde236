"""The lab's commands, in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.console import DEADLINE_S
from tests.support.lab_client import NodeClient, put_sstable

from scylla_restore.engine.lab import Lab, Speeds
from scylla_restore.engine.lab.backup_writer import BackupRequest
from scylla_restore.engine.lab.command import backup
from scylla_restore.engine.lab.request_log import read_requests
from scylla_restore.engine.lab.state import LabDirectory

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def lab_up(directory: Path, speeds: Speeds | None = None) -> Iterator[subprocess.Popen[str]]:
    """Yield a running ``lab up`` whose nodes answer."""
    options = f"directory=Path({str(directory)!r}), nodes=2, port=0, tables=('ks.t',), speeds={speeds or Speeds()!r}"
    program = (
        "from pathlib import Path; from scylla_restore.engine.lab.command import UpOptions, up;"
        f"from scylla_restore.engine.lab import Speeds; up(UpOptions({options}))"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def client_of(directory: Path) -> Iterator[NodeClient]:
    """Yield a client of a lab that another process runs."""
    client = NodeClient(Lab(directory))
    yield client
    client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lab_says_ready_once_and_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with lab_up(tmp_path) as process:
        with client_of(tmp_path) as client:
            assert client.send("GET", "/ping").status_code == 204
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_a_backup_written_by_another_process_has_its_tables_in_the_running_lab(tmp_path: Path) -> None:
    with lab_up(tmp_path):
        summary = backup(tmp_path, BackupRequest(location="localstorage:b", keyspaces=2, sstables=1))
        assert summary.cluster_id == _record_id(tmp_path)
        with client_of(tmp_path) as client:
            assert {"ks1:t1", "ks2:t1"} <= set(client.send("GET", "/column_family/name").json())


def test_what_was_loaded_and_asked_survives_a_kill(tmp_path: Path) -> None:
    with lab_up(tmp_path) as process, client_of(tmp_path) as client:
        put_sstable(client.upload, "me-1-big")
        assert client.load().status_code == 200
        os.kill(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        assert client.lab.loaded_sstables() == {"ks.t": 1}
        asked = [request.path for request in read_requests(client.lab.files.requests)]
    assert asked == ["/storage_service/sstables/ks"]


def test_a_load_that_a_kill_cut_off_is_whole_after_the_next_one(tmp_path: Path) -> None:
    with lab_up(tmp_path, Speeds(load_mbps=0.001)) as process, client_of(tmp_path) as client:
        files = [name for number in range(40) for name in put_sstable(client.upload, f"me-{number}-big")]
        with pytest.raises(OSError, match="timed out"):
            client.send("POST", "/storage_service/sstables/ks?cf=t&load_and_stream=true", silence_s=0.5)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
    with lab_up(tmp_path), client_of(tmp_path) as client:
        assert client.load().status_code == 200
        assert sorted(file.name for file in client.loaded.iterdir()) == sorted(files)


def _record_id(directory: Path) -> str:
    record = LabDirectory(directory).record()
    assert record is not None
    return record.cluster_id
