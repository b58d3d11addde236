"""The benchmark of the log runs, and prints the document that was promised."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench.py"


def bench(*arguments: str) -> str:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this very interpreter


def test_a_document_tells_what_was_measured_where(tmp_path: Path) -> None:
    document = json.loads(
        bench("log", "--json", "--events", "2000", "--cql", "off", "--directory", str(tmp_path))
    )
    assert set(document) == {"name", "machine", "python", "results"}
    assert {frozenset(result) for result in document["results"]} == {
        frozenset({"metric", "value", "unit", "params"})
    }
    measured = {result["metric"] for result in document["results"]}
    assert {"seal", "hash", "append", "read", "verify"} <= measured
    assert list(tmp_path.iterdir()) == []


def test_without_json_each_number_is_a_line(tmp_path: Path) -> None:
    lines = bench("log", "--events", "2000", "--cql", "off", "--directory", str(tmp_path)).splitlines()
    assert all(line.split()[-1] for line in lines)
    assert [line.split()[0] for line in lines][:3] == ["seal", "record", "hash"]


def test_benchmarks_are_listed() -> None:
    assert "log" in bench()
