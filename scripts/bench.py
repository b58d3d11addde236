#!/usr/bin/env python3
"""Measures one thing: `scripts/bench.py NAME [--json] [the benchmark's own flags]`; without a name it lists them.

A benchmark is a module in `scripts/benchmarks` with `measure(arguments)`, which yields `Measurement`s.
"""

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

# Started by its name, it still runs in the project's own environment.
PROJECT = Path(__file__).resolve().parent.parent
ENVIRONMENT = PROJECT / ".venv"
if sys.prefix == sys.base_prefix and (ENVIRONMENT / "bin" / "python").exists():
    os.execv(ENVIRONMENT / "bin" / "python", [str(ENVIRONMENT / "bin" / "python"), *sys.argv])  # noqa: S606 - no shell is wanted

import msgspec  # noqa: E402 - only the environment has it
from benchmarks.measurement import Measurement  # noqa: E402 - imports msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    name: str
    machine: str
    python: str
    results: list[Measurement]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="measure one thing", add_help=False)
    parser.add_argument("name", nargs="?", choices=_names())
    parser.add_argument("--json", action="store_true", help="print one document")
    chosen, rest = parser.parse_known_args()
    if chosen.name is None:
        parser.print_help()
        return
    module = importlib.import_module(f"benchmarks.{chosen.name}")
    measurements: Iterator[Measurement] = module.measure(rest)
    results = []
    for measurement in measurements:
        results.append(measurement)
        if not chosen.json:
            print(measurement, flush=True)
    if chosen.json:
        document = Document(
            name=chosen.name, machine=_machine(), python=platform.python_version(), results=results
        )
        print(msgspec.json.encode(document).decode())


def _names() -> list[str]:
    modules = (PROJECT / "scripts" / "benchmarks").glob("*.py")
    return sorted(path.stem for path in modules if "\ndef measure(" in path.read_text())


def _machine() -> str:
    return f"{platform.platform()}, {os.cpu_count()} CPUs"


if __name__ == "__main__":
    main()
