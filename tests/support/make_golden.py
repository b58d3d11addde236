"""Writes the golden files that are missing, and leaves those that are there alone. The logs come from the simulator."""

import sys
from pathlib import Path

import msgspec
from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Simulation
from tests.support.event_samples import SAMPLES
from tests.support.golden import EVENTS, GOLDEN, LOGS, folded

from scylla_restore.events.codec import encode
from scylla_restore.events.record import json_line

_LOG_SEEDS = {
    "killed-four-times-and-done": 10,
    "aborted-by-another-engine": 18,
    "views-put-back-by-doctor-and-away-again": 188,
}


def _simulated_log(seed: int) -> bytes:
    evidence = Simulation(scenario_of(seed)).play()
    about = msgspec.to_builtins(folded(evidence.run, evidence.envelopes))
    del about["records"]
    lines = [msgspec.json.encode(about), *(json_line(envelope) for envelope in evidence.envelopes)]
    return b"\n".join(lines) + b"\n"


def _write_if_missing(path: Path, content: bytes) -> None:
    if not path.exists():
        path.write_bytes(content)
        sys.stdout.write(f"{path.relative_to(GOLDEN)}\n")


def main() -> None:
    """Write what is missing, and name it."""
    for name, event in SAMPLES.items():
        _write_if_missing(EVENTS / f"{name}.json", encode(event) + b"\n")
    for name, seed in _LOG_SEEDS.items():
        path = LOGS / f"{name}.jsonl"
        if not path.exists():
            _write_if_missing(path, _simulated_log(seed))


if __name__ == "__main__":
    main()
