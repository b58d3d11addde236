"""Play simulations by hand: `python tests/simulation/run.py 123 -v` shows a seed's records, `… 0-1999` plays many."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Failed, Simulation


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", help="a seed, or a range such as 0-1999")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every record")
    parser.add_argument("--digest", action="store_true", help="print the log's last hash, and no times")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    began = time.perf_counter()
    broken: list[int] = []
    seeds = range(int(first), int(last or first) + 1)
    for seed in seeds:
        simulation = Simulation(scenario_of(seed))
        try:
            simulation.play()
        except Failed as failed:
            broken.append(seed)
            say(str(failed))
        if arguments.verbose:
            for envelope in simulation.records():
                say(
                    f"{envelope.seq} {envelope.at:%H:%M:%S.%f} {envelope.epoch} {envelope.actor} {envelope.event}"
                )
        if arguments.digest:
            say(f"{seed} {simulation.records()[-1].hash.hex()}")
    if arguments.digest:
        return bool(broken)
    took_ms = (time.perf_counter() - began) * 1000 / len(seeds)
    say(f"{len(seeds)} seeds, {took_ms:.0f} ms each, {len(broken)} broken: {broken}")
    return bool(broken)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
