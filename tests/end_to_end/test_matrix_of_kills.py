"""Real processes, a lab, and ``kill -9`` at a spread of points: nothing is lost, doubled, or left altered.

Every point there is, is tried in the simulator; these are the ones that real files, sockets and processes go through.
"""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.console import DEADLINE_S

from scylla_restore.engine.api import ClusterConnection, cluster_connection
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.engine.lab.state import Speeds
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchDownloaded,
    DownloadRequested,
    SSTablesLoaded,
)
from scylla_restore.events.model.run import RunCompleted

PROJECT = Path(__file__).resolve().parents[2]
SPREAD = 22
"""Points of each kind: 66 in all."""
EVENTS, CALLS = 264, 110
"""How far apart the points lie: a run passes at least so many (see the first test)."""

POINTS = [
    f"{kind}:{1 + number * total // SPREAD}"
    for kind, total in (("before-append", EVENTS), ("after-append", EVENTS), ("after-call", CALLS))
    for number in range(SPREAD)
]


class Report(msgspec.Struct, frozen=True):
    events: int
    calls: int
    exit_code: int


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[tuple[Lab, str]]:
    speeds = Speeds(download_mbps=16.0, load_mbps=16.0)
    with Lab(tmp_path, nodes=3, shards=2, speeds=speeds) as lab:
        backup = write_backup(
            tmp_path,
            BackupRequest(
                location="localstorage:backups", keyspaces=2, tables=2, sstables=20, sstable_bytes=8000
            ),
        )
        lab.fault("error", node=lab.nodes[0], on="/storage_service/sstables/*", times=1, after=1)
        yield lab, backup.snapshot_tag


def engine(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.support.killed_engine", str(lab.directory), *arguments]
    return subprocess.run(  # noqa: S603 - our own program
        command, cwd=PROJECT, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def settings(lab: Lab) -> dict[str, object]:
    """What the nodes are set to, asked of the nodes themselves."""
    access = _access(lab)
    try:
        found: dict[str, object] = {}
        for node in lab.nodes:
            gateway = access.gateway(node.address)
            compaction = [gateway.auto_compaction(f"ks{k}", f"t{t}") for k in (1, 2) for t in (1, 2)]
            found[node.address] = (gateway.transfers(), gateway.bandwidth_rate(), compaction)
        return found
    finally:
        access.close()


def _access(lab: Lab) -> ClusterConnection:
    return cluster_connection(choose_cluster(load_config(lab.config_path).config), {})


def left_behind(lab: Lab) -> list[str]:
    return [
        str(path)
        for node in lab.nodes
        for path in lab.data_directory(node).glob("*/*/snapshots/*")
        if path.name.startswith("scylla-restore")
    ]


def check_record(records: list[Envelope]) -> None:
    """One load for each batch, and nothing that was loaded or staged is asked for again."""
    loaded: Counter[int] = Counter()
    staged: set[tuple[int, int]] = set()
    assigned: dict[int, tuple[str, ...]] = {}
    for envelope in records:
        match envelope.event:
            case BatchAssigned() as event:
                assert not loaded[event.batch], f"batch {event.batch} was loaded and is assigned again"
                assert assigned.setdefault(event.batch, event.sstables) == event.sstables
            case DownloadRequested() as event:
                assert (event.batch, event.attempt) not in staged
            case BatchDownloaded() as event:
                staged.add((event.batch, event.attempt))
            case SSTablesLoaded() as event:
                loaded[event.batch] += 1
            case _:
                pass
    assert set(loaded) == set(assigned)
    assert set(loaded.values()) == {1}
    sstables = [sstable for batch in assigned.values() for sstable in batch]
    assert len(sstables) == len(set(sstables)) == 80


def check_world(lab: Lab, before: dict[str, object]) -> None:
    assert settings(lab) == before
    assert left_behind(lab) == []
    for table, sstables in lab.loaded_sstables().items():
        assert sstables >= 20, f"{table} has only {sstables} SSTables"
    assert len(lab.loaded_sstables()) == 4


def records_of(lab: Lab) -> list[Envelope]:
    log = SQLiteLog(lab.directory / "log.db")
    try:
        return list(log.read(log.runs()[-1]))
    finally:
        log.close()


def test_a_run_passes_enough_points_to_choose_from(lab: tuple[Lab, str]) -> None:
    nodes, tag = lab
    finished = engine(nodes, f"run {tag}")
    assert finished.returncode == 0, finished.stderr
    report = msgspec.json.decode(finished.stdout, type=Report)
    assert report.events >= EVENTS
    assert report.calls >= CALLS


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_is_resumed_to_its_end(lab: tuple[Lab, str], point: str) -> None:
    nodes, tag = lab
    before = settings(nodes)
    killed = engine(nodes, f"run {tag}", point)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    log = SQLiteLog(nodes.directory / "log.db")
    started = log.runs()
    log.close()
    resumed = engine(nodes, "resume" if started else f"run {tag}")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    records = records_of(nodes)
    assert isinstance(records[-1].event, RunCompleted)
    check_record(records)
    check_world(nodes, before)
