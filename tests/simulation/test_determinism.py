"""A seed is a whole history: the same one gives the same log, byte for byte, in any process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Simulation

RUN = Path(__file__).with_name("run.py")
SEEDS = (7, 8, 9, 10)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_gives_the_same_log_again(seed: int) -> None:
    first, second = (Simulation(scenario_of(seed)).play() for _ in range(2))
    assert first.records == second.records


def test_a_seed_gives_the_same_log_in_processes_that_hash_text_differently() -> None:
    said = {
        subprocess.run(  # noqa: S603 - our own script, with our own arguments
            [sys.executable, str(RUN), f"{SEEDS[0]}-{SEEDS[-1]}", "--digest"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(said) == 1
