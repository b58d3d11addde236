"""The installed console script, a lab in another process, and waiting for what either of them does."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from scylla_restore.engine.lab.backup_writer import BackupRequest, BackupSummary, write_backup
from scylla_restore.engine.lab.faults import Fault, FaultKind, add_fault, clear_faults
from scylla_restore.engine.lab.request_log import ServedRequest, read_requests
from scylla_restore.engine.lab.state import LabDirectory
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.sqlite import SQLiteLog

DEADLINE_S = 300
"""Nothing here takes so long; a machine with much else to do may."""
LOCATION = "localstorage:backups"
COPY_PATH = "/agent/rclone/sync/copypaths"
LOAD_PATH = "/storage_service/sstables/"

_pause = threading.Event()


def script() -> str:
    """Return the console script of the environment that runs the tests."""
    path = Path(sys.executable).with_name("scylla-restore")
    if not path.exists():
        pytest.skip("the package is not installed: there is no console script")
    return str(path)


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; fail when it takes too long."""
    for _ in range(DEADLINE_S * 20):
        if condition():
            return
        _pause.wait(0.05)
    pytest.fail(f"not within {DEADLINE_S} s: {what}")


@dataclass(frozen=True)
class Said:
    """What a process came to."""

    code: int
    stdout: str
    stderr: str

    def documents(self) -> list[Any]:
        """Return standard output as the JSON documents that its lines are."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Process:
    """The program at work; its output is in files, which may be looked at any time."""

    def __init__(self, words: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        number = len(list(directory.glob("said-*.out")))
        self._paths = (directory / f"said-{number}.out", directory / f"said-{number}.err")
        files: list[IO[bytes]] = [path.open("wb") for path in self._paths]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [script(), *words],
            stdin=subprocess.DEVNULL,
            stdout=files[0],
            stderr=files[1],
            env=dict(environment),
            cwd=directory,
        )
        for file in files:
            file.close()

    @property
    def stdout(self) -> str:
        return self._paths[0].read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        return self._paths[1].read_text(encoding="utf-8")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> Said:
        """Wait for the end."""
        code = self.process.wait(DEADLINE_S)
        return Said(code, self.stdout, self.stderr)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class LabProcess:
    """A lab that `lab up` serves, and the program with its configuration."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.files = LabDirectory(directory / "lab")
        self.environment = environment
        self.processes: list[Process] = []
        self.tag = ""

    def back_up(
        self, *, sstables: int = 12, sstable_bytes: int = 20_000, location: str = LOCATION
    ) -> BackupSummary:
        """Write a backup of two tables in each of two keyspaces."""
        request = BackupRequest(
            location=location, keyspaces=2, tables=2, sstables=sstables, sstable_bytes=sstable_bytes
        )
        backup = write_backup(self.files.root, request)
        self.tag = backup.snapshot_tag
        return backup

    def start(self, *words: str, configured: bool = True) -> Process:
        """Start the program."""
        config = ("--config", str(self.files.config)) if configured else ()
        process = Process((*words, *config), self.directory, self.environment)
        self.processes.append(process)
        return process

    def call(self, *words: str, configured: bool = True) -> Said:
        """Run the program to its end."""
        return self.start(*words, configured=configured).end()

    def run_words(self, *more: str) -> tuple[str, ...]:
        """Return what restores the backup."""
        return ("run", "-L", LOCATION, "-T", self.tag, "--restore-tables", *more)

    def fault(
        self, kind: FaultKind, *, node: str = "*", on: str = "*", times: int | None = None, after: int = 0
    ) -> None:
        """Let something go wrong, at once: the program takes a second to start, which can be too late."""
        add_fault(self.files.root, Fault(kind=kind, node=node, on=on, times=times, after=after))

    def end_faults(self) -> None:
        """Let nothing go wrong any more."""
        clear_faults(self.files.root)

    @contextmanager
    def in_the_middle(self, *words: str) -> Iterator[Process]:
        """Start the program, and lend it when it has loaded something; loads take ten times as long until the block ends."""
        self.fault("slow", on=f"{LOAD_PATH}*")
        process = self.start(*words)
        wait_until(
            lambda: self.loaded_sstables() or process.process.poll() is not None,
            "the first SSTable is loaded",
        )
        assert self.loaded_sstables(), process.stderr
        yield process
        self.end_faults()

    @contextmanager
    def stopped(self, process: Process) -> Iterator[None]:
        """Let an engine stand still, alive, while the block runs: nothing depends on who is faster then."""
        wait_until(lambda: self._stop_between_writes(process), "the engine can be stopped without a lock")
        try:
            yield
        finally:
            process.send(signal.SIGCONT)

    def _stop_between_writes(self, process: Process) -> bool:
        process.send(signal.SIGSTOP)
        with closing(sqlite3.connect(self.files.root / "log.db", timeout=0, isolation_level=None)) as log:
            try:
                log.execute("BEGIN IMMEDIATE")
                log.execute("ROLLBACK")
            except sqlite3.OperationalError:
                process.send(signal.SIGCONT)
                return False
        return True

    @contextmanager
    def log(self) -> Iterator[SQLiteLog]:
        """Lend the event log."""
        log = SQLiteLog(self.files.root / "log.db")
        try:
            yield log
        finally:
            log.close()

    def record(self) -> list[Envelope]:
        """Return the newest run's log; nothing while there is none."""
        if not (self.files.root / "log.db").exists():
            return []
        with self.log() as log:
            runs = log.runs()
            return list(log.read(runs[-1])) if runs else []

    def events(self, *kinds: type) -> list[Any]:
        """Return the newest run's events of some kinds."""
        return [envelope.event for envelope in self.record() if isinstance(envelope.event, kinds)]

    def requests(self, part: str, method: str = "POST") -> list[ServedRequest]:
        """Return what the nodes served."""
        return [
            request
            for request in read_requests(self.files.requests)
            if part in request.path and request.method == method
        ]

    def loaded_sstables(self) -> int:
        """Return how many SSTables all nodes have loaded."""
        return len(list(self.files.root.glob("*/loaded/*/*/*-TOC.txt")))

    def left_behind(self) -> list[str]:
        """Return the staging directories that are there, and files in upload directories."""
        staged = self.files.root.glob("*/data/*/*/snapshots/scylla-restore-*")
        uploaded = self.files.root.glob("*/data/*/*/upload/*")
        return [str(path) for path in (*staged, *uploaded)]


@contextmanager
def lab_process(
    directory: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[LabProcess]:
    """Serve a lab on free ports, with directories below ``directory``; all processes are gone in the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCYLLA_RESTORE_")}
    lab = LabProcess(directory, {**kept, "HOME": str(directory), **(environment or {})})
    words = ("lab", "up", "--dir", str(lab.files.root), "--port", "0", *options)
    server = lab.start(*words, configured=False)
    try:
        wait_until(lambda: server.stdout or server.process.poll() is not None, "the lab is ready")
        assert server.stdout == "ready\n", server.stderr
        yield lab
    finally:
        for process in reversed(lab.processes):
            process.kill()
