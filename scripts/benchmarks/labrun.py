"""A whole restore of lab nodes: wall time against what the nodes' lanes were busy.

The lab and the engine are processes of their own. Downloads and loads take as long as the lab is told, so that the
figure tells how well the engine keeps lanes busy rather than how fast the machine is: a lane is busy from its command
to its outcome in the log, and the share is that of the busier lane of each node, over the time from the first
assignment to the last load. Beside it stands what the nodes themselves spent loading: what is missing there is the
way of a batch between two loads (its calls, and its records in the log).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.measurement import Measurement

from scylla_restore.engine.lab.loaded import read_loads
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchDownloaded,
    DownloadRequested,
    LoadRequested,
    SSTablesLoaded,
)

PROGRAM = [sys.executable, "-m", "scylla_restore.engine.cli"]


def measure(rest: list[str]) -> Iterator[Measurement]:
    """Restore so many batches to so many nodes."""
    parser = argparse.ArgumentParser(prog="bench.py labrun")
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--nodes", type=int, default=6)
    parser.add_argument("--sstable-bytes", type=int, default=120_000)
    parser.add_argument("--download-mbps", type=float, default=0.5)
    parser.add_argument("--load-mbps", type=float, default=0.5)
    flags = parser.parse_args(rest)
    params: dict[str, str | int | float | bool] = {
        "nodes": flags.nodes,
        "sstable_bytes": flags.sstable_bytes,
        "download_mbps": flags.download_mbps,
        "load_mbps": flags.load_mbps,
    }
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        lab = _lab(directory, flags)
        try:
            seconds, records = _restore(directory, flags)
            loading_s = sum(
                load.seconds for path in directory.glob("*/loads.jsonl") for load in read_loads(path)
            )
        finally:
            lab.terminate()
            lab.wait()
    busy = Busy(records)
    params["batches"] = busy.batches
    yield Measurement(metric="wall time", value=seconds, unit="s", params=params)
    yield Measurement(metric="data stage", value=busy.span_s, unit="s", params=params)
    for lane, share in (("download", busy.share("download")), ("load", busy.share("load"))):
        yield Measurement(metric=f"{lane} lanes busy", value=100 * share, unit="%", params=params)
    yield Measurement(metric="busier lanes busy", value=100 * busy.busier_share(), unit="%", params=params)
    by_account = loading_s / flags.nodes / busy.span_s
    yield Measurement(metric="nodes loading, as they tell", value=100 * by_account, unit="%", params=params)
    rate = busy.batches / busy.span_s
    yield Measurement(metric="batches", value=rate, unit="batches/s", params=params)


def _lab(directory: Path, flags: argparse.Namespace) -> subprocess.Popen[str]:
    command = [*PROGRAM, "lab", "up", "--dir", str(directory), "--nodes", str(flags.nodes), "--shards", "1"]
    command += ["--base-address", "127.77.0.11"]
    command += ["--download-mbps", str(flags.download_mbps), "--load-mbps", str(flags.load_mbps)]
    lab = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    if lab.stdout is None or lab.stdout.readline().strip() != "ready":
        lab.kill()
        raise RuntimeError("the lab did not start")
    return lab


def _restore(directory: Path, flags: argparse.Namespace) -> tuple[float, list[Envelope]]:
    own = ["--dir", str(directory), "-L", "localstorage:bench", "--keyspaces", "1", "--tables", "4"]
    made = [*PROGRAM, "lab", "backup", *own, "--sstables", str(flags.batches // 4)]
    made += ["--sstable-bytes", str(flags.sstable_bytes), "--json"]
    backup = subprocess.run(made, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    tag = backup.stdout.split('"snapshot_tag":"')[1].split('"')[0]
    common = ["--config", str(directory / "scylla-restore.toml"), "--log", f"sqlite:///{directory}/log.db"]
    run = [*PROGRAM, "run", *common, "-L", "localstorage:bench", "-T", tag]
    run += ["--restore-tables", "--batch-size", "1", "--quiet"]
    began = time.perf_counter()
    subprocess.run(run, check=True, capture_output=True)  # noqa: S603 - our own program
    seconds = time.perf_counter() - began
    log = SQLiteLog(directory / "log.db")
    records = list(log.read(log.runs()[0]))
    log.close()
    return seconds, records


class Busy:
    """How long each lane of each node was busy, from the records of a run."""

    def __init__(self, records: list[Envelope]) -> None:
        self.batches = 0
        self._lanes: dict[tuple[str, str], timedelta] = {}
        self._node: dict[int, str] = {}
        self._since: dict[tuple[str, int], datetime] = {}
        first = last = records[0].at
        for record in records:
            event = record.event
            match event:
                case BatchAssigned():
                    first = first if self._node else record.at
                    self._node[event.batch] = event.node
                case DownloadRequested():
                    self._since["download", event.batch] = record.at
                case BatchDownloaded():
                    self._add("download", event.batch, record.at)
                case LoadRequested():
                    self._since["load", event.batch] = record.at
                case SSTablesLoaded():
                    self._add("load", event.batch, record.at)
                    self.batches += 1
                    last = record.at
                case _:
                    pass
        self.span_s = (last - first).total_seconds()

    def _add(self, lane: str, batch: int, at: datetime) -> None:
        key = (lane, self._node[batch])
        self._lanes[key] = self._lanes.get(key, timedelta()) + (at - self._since[lane, batch])

    def share(self, lane: str) -> float:
        """Return the share of the time that a lane was busy, over all nodes."""
        nodes = sorted({node for _, node in self._lanes})
        return sum(self._lanes[lane, node].total_seconds() for node in nodes) / len(nodes) / self.span_s

    def busier_share(self) -> float:
        """Return the same of each node's busier lane: 1 is a restore that no better order of work makes faster."""
        nodes = sorted({node for _, node in self._lanes})
        most = [
            max(self._lanes[lane, node].total_seconds() for lane in ("download", "load")) for node in nodes
        ]
        return sum(most) / len(nodes) / self.span_s
