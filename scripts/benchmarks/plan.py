"""What somebody waits for before a restore: `plan` of a large backup against lab nodes, and `backups` of many snapshots.

Each is the console's own program in a process of its own, its start included. CPU time stands beside the wall time:
it tells what a machine that does nothing else would need.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from benchmarks.measurement import Measurement

from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.core.snapshot_tag import snapshot_tag

PROGRAM = [sys.executable, "-m", "scylla_restore.engine.cli"]
Params = dict[str, str | int | float | bool]


def measure(rest: list[str]) -> Iterator[Measurement]:
    """Write a backup of so many SSTables, and names of so many snapshots; then ask about them."""
    parser = argparse.ArgumentParser(prog="bench.py plan")
    parser.add_argument("--sstables", type=int, default=100_000)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--snapshots", type=int, default=1_000)
    parser.add_argument("--directory", type=Path, default=None)
    flags = parser.parse_args(rest)
    with tempfile.TemporaryDirectory(dir=flags.directory) as name:
        directory = Path(name)
        yield from _plan(directory, flags)
        yield from _backups(directory, flags)


def _plan(directory: Path, flags: argparse.Namespace) -> Iterator[Measurement]:
    params: Params = {"sstables": flags.sstables, "tables": flags.tables, "nodes": flags.nodes}
    up = [*PROGRAM, "lab", "up", "--dir", str(directory), "--nodes", str(flags.nodes)]
    lab = subprocess.Popen([*up, "--base-address", "127.78.0.11"], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    try:
        if lab.stdout is None or lab.stdout.readline().strip() != "ready":
            raise RuntimeError("the lab did not start")
        made = [
            "lab",
            "backup",
            "--dir",
            str(directory),
            "-L",
            "localstorage:bench",
            "--sstable-bytes",
            "338",
        ]
        made += ["--tables", str(flags.tables), "--sstables", str(flags.sstables // flags.tables), "--json"]
        tag = msgspec.json.decode(_output(made))["snapshot_tag"]
        words = ["plan", "-L", "localstorage:bench", "-T", tag, "--restore-tables"]
        yield from _timed("plan", [*words, *_configured(directory)], params)
    finally:
        lab.terminate()
        lab.wait()


def _backups(directory: Path, flags: argparse.Namespace) -> Iterator[Measurement]:
    first = datetime(2025, 1, 1, tzinfo=UTC)
    for hour in range(flags.snapshots):
        tag = snapshot_tag(first + timedelta(hours=hour))
        for node in range(flags.nodes):
            path = ManifestPath(
                cluster_id="0d5a8a3c-0000-4000-8000-00000000000c",
                dc="dc1",
                node_id=f"node-{node}",
                task_id="1d5a8a3c-0000-4000-8000-00000000000c",
                snapshot_tag=tag,
            )
            file = directory / "buckets" / "many" / path.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    words = ["backups", "-L", "localstorage:many", *_configured(directory)]
    yield from _timed("backups", words, {"snapshots": flags.snapshots, "nodes": flags.nodes})


def _configured(directory: Path) -> list[str]:
    return ["--json", "--quiet", "--config", str(directory / "scylla-restore.toml")]


def _timed(metric: str, words: list[str], params: Params) -> Iterator[Measurement]:
    before, began = os.times(), time.perf_counter()
    _output(words)
    wall_s, after = time.perf_counter() - began, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    yield Measurement(metric=f"{metric}, wall time", value=wall_s, unit="s", params=params)
    yield Measurement(metric=f"{metric}, CPU time", value=cpu_s, unit="s", params=params)


def _output(words: list[str]) -> bytes:
    return subprocess.run([*PROGRAM, *words], check=True, stdout=subprocess.PIPE).stdout  # noqa: S603 - our own program
