"""Thousands of whole restores, each with faults of its own. `SIMULATION_SEED=123` plays one seed alone."""

import os

import pytest
from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Failed, Simulation

SEEDS = 2_000
PER_TEST = 25

if "SIMULATION_SEED" in os.environ:
    CHUNKS = [range(int(os.environ["SIMULATION_SEED"]), int(os.environ["SIMULATION_SEED"]) + 1)]
else:
    CHUNKS = [range(first, first + PER_TEST) for first in range(0, SEEDS, PER_TEST)]


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_every_restore_comes_to_its_end_and_breaks_no_rule(seeds: range) -> None:
    broken: list[str] = []
    for seed in seeds:
        try:
            Simulation(scenario_of(seed)).play()
        except Failed as failed:
            broken.append(str(failed))
    assert not broken, "\n\n".join(broken)
