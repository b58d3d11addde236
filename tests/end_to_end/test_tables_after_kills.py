"""Real engines are killed, with SIGKILL: the next one makes the tables good, and they are those made anew."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.console import DEADLINE_S

from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.tables.listing import list_runs
from scylla_restore.events.tables.projector import run_key
from scylla_restore.events.tables.rebuilding import rebuild
from scylla_restore.events.tables.sqlite import SQLiteTables

PROJECT = Path(__file__).resolve().parents[2]


def engine(lab: Lab, *arguments: str) -> int:
    command = [sys.executable, "-m", "tests.support.killed_engine", str(lab.directory), *arguments]
    return subprocess.run(  # noqa: S603 - our own program
        command, cwd=PROJECT, capture_output=True, timeout=DEADLINE_S, check=False
    ).returncode


def test_tables_of_a_run_that_was_killed_twice_are_those_made_anew(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=2, shards=2) as lab:
        backup = write_backup(
            tmp_path,
            BackupRequest(
                location="localstorage:backups", keyspaces=1, tables=2, sstables=20, sstable_bytes=8000
            ),
        )
        assert engine(lab, f"run {backup.snapshot_tag}", "after-append:90") == -signal.SIGKILL
        assert engine(lab, "resume", "before-append:50") == -signal.SIGKILL
        assert engine(lab, "resume") == 0
    log = SQLiteLog(tmp_path / "log.db")
    tables = SQLiteTables(log)
    (run,) = log.runs()
    key = run_key(log, run)
    assert key is not None
    kept = tables.rows(key)
    position = tables.position(key)
    assert position is not None
    assert position.seq == log.head(run).seq
    assert sum(row.restored for row in kept.restore_run_progress) == kept.restore_run[0].units[0].size
    assert all(row.restore_completed_at for row in kept.restore_run_progress)
    assert list_runs(log, tables) == list_runs(log, None)
    report = rebuild(log, tables, run)
    assert report.before == report.after
    assert tables.rows(key) == kept
    log.close()
