"""Indexing a backup: from gzipped manifests, listings at hand, to a workload that the planner can begin with.

Each backup is indexed in a process of its own, whose largest resident set is told. "listing" has no listings at hand:
each request takes its time. "SDK" is how many objects one processor lists in a second, our way and the SDK's own.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from benchmarks.index_child import Report
from benchmarks.index_data import Shape, write_backup
from benchmarks.measurement import Measurement
from benchmarks.sdk_listings import measure_sdks

SHAPES = (
    Shape(1_000_000, 500),
    Shape(1_000_000, 20),
    Shape(1_000_000, 1),
    Shape(100_000, 500),
    Shape(100_000, 20),
    Shape(100_000, 1),
)
DIRECTORIES = Shape(12_000, 1_000)
REQUEST_MS = 20
_SCRIPTS = Path(__file__).resolve().parent.parent
_MIB = 1024 * 1024


def measure(arguments: Sequence[str]) -> Iterator[Measurement]:
    """Measure backups of several shapes, slow listings, and the SDKs."""
    parser = argparse.ArgumentParser(prog="bench.py index", description=__doc__)
    parser.add_argument(
        "--sstables", type=int, action="append", help="only backups of so many; may be repeated"
    )
    parser.add_argument(
        "--tables", type=int, action="append", help="only backups of so many; may be repeated"
    )
    parser.add_argument("--only", choices=("backups", "listing", "sdk"), help="measure nothing else")
    parser.add_argument(
        "--directory", type=Path, help="where backups are made; default: the temporary directory"
    )
    chosen = parser.parse_args(arguments)
    if chosen.only in (None, "backups"):
        for shape in SHAPES:
            if shape.sstables in (chosen.sstables or (shape.sstables,)) and shape.tables in (
                chosen.tables or (shape.tables,)
            ):
                yield from _measure_backup(shape, chosen.directory)
    if chosen.only in (None, "listing"):
        yield from _measure_listing(chosen.directory)
    if chosen.only in (None, "sdk"):
        yield from measure_sdks()


def _measure_backup(shape: Shape, directory: Path | None) -> Iterator[Measurement]:
    report = _indexed(shape, directory, pause_ms=0)
    params: dict[str, str | int | float | bool] = {
        "sstables": report.sstables,
        "tables": shape.tables,
        "directories": report.directories,
    }
    yield Measurement(metric="index", value=report.wall_s, unit="s", params=params)
    yield Measurement(metric="index, processor", value=report.cpu_s, unit="s", params=params)
    yield Measurement(metric="index, peak memory", value=report.peak_bytes / _MIB, unit="MiB", params=params)
    reads = report.manifest_reads / report.manifests
    yield Measurement(metric="index, reads of a manifest", value=reads, unit="reads", params=params)


def _measure_listing(directory: Path | None) -> Iterator[Measurement]:
    report = _indexed(DIRECTORIES, directory, pause_ms=REQUEST_MS)
    params: dict[str, str | int | float | bool] = {
        "directories": report.directories,
        "ms": REQUEST_MS,
        "at once": report.most_at_once,
    }
    yield Measurement(metric="listing", value=report.wall_s, unit="s", params=params)


def _indexed(shape: Shape, directory: Path | None, *, pause_ms: int) -> Report:
    with tempfile.TemporaryDirectory(dir=directory) as root:
        write_backup(Path(root), shape)
        words = [root, str(shape.sstables), str(shape.tables), str(pause_ms)]
        found = subprocess.run(  # noqa: S603 - this very project's module
            [sys.executable, "-m", "benchmarks.index_child", *words],
            cwd=_SCRIPTS,
            check=True,
            stdout=subprocess.PIPE,
        )
    return msgspec.json.decode(found.stdout, type=Report)
