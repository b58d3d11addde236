"""Play seeds: `python tests/simulation/run.py 123 -v` shows one as it happens, `… 0-2000` plays many."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Failed, Simulation


def main() -> None:
    first, _, last = sys.argv[1].partition("-")
    began = time.perf_counter()
    bad = 0
    n = 0
    records = steps = 0
    for seed in range(int(first), int(last or first) + 1):
        n += 1
        s = Simulation(scenario_of(seed))
        try:
            e = s.play()
            if "-v" in sys.argv:
                for x in e.envelopes:
                    print(x.seq, x.at.time(), x.epoch, x.actor, x.event)
        except Failed as f:
            bad += 1
            print(f)
            if "-v" in sys.argv:
                raise
        except Exception as ex:
            bad += 1
            print(seed, "EXC", type(ex), ex)
            if "-v" in sys.argv:
                raise
        steps += s.world.scheduler.steps
        records += len(s.world.log.appended)
    took = time.perf_counter() - began
    print(
        f"{n} seeds, {bad} bad, {took:.1f}s, {took / n * 1000:.0f} ms each, {records / n:.0f} records {steps / n:.0f} steps"
    )


main()
