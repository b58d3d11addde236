"""One restore, played again and again, with something that happens at one of its moments after another."""

from functools import cached_property

from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.scenario import Scenario
from tests.simulation.simulator.simulation import Failed, Simulation


class Matrix:
    """A scenario whose moments are dealt out to so many parts, for tests that run side by side."""

    def __init__(self, scenario: Scenario, *, parts: int) -> None:
        self.scenario = scenario
        self.parts = parts

    def moments(self, place: str) -> int:
        """How often the restore reaches a place when nothing happens there."""
        return self._counts[place]

    def part_of(self, place: str, part: int) -> range:
        return range(1 + part, self.moments(place) + 1, self.parts)

    def play(self, *points: Point) -> str | None:
        """Return what was broken, if anything."""
        try:
            Simulation(self.scenario, *points).play()
        except Failed as failed:
            return f"{points}: {failed}"
        return None

    @cached_property
    def _counts(self) -> dict[str, int]:
        simulation = Simulation(self.scenario)
        simulation.play()
        return dict(simulation.world.points.counts)
