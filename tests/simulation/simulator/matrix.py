"""One restore, played again and again, with something that happens at one of its moments after another."""

from collections.abc import Iterable
from functools import cached_property

from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.scenario import Scenario
from tests.simulation.simulator.simulation import Failed, Simulation

_PLACES = ("after append", "after call")


class Matrix:
    """A scenario whose moments are dealt out to so many parts, for tests that run side by side."""

    def __init__(self, scenario: Scenario, *, parts: int) -> None:
        self.scenario = scenario
        self.parts = parts

    def moments(self, place: str) -> int:
        """How often the restore reaches a place when nothing happens there."""
        return self._counts[place]

    def broken_by(self, what: str, place: str, part: int) -> str:
        """Tell what is broken when something happens at each of a part's moments, a paragraph each."""
        return _told(self.play(Point(place, count, what)) for count in self._part_of(place, part))

    def broken_by_two_kills(self, part: int) -> str:
        """Tell what is broken when the engine that takes up a killed one's run is killed soon, too."""
        return _told(
            self.play(Point("after call", count), Point(_PLACES[count % len(_PLACES)], 1 + count % 23))
            for count in self._part_of("after call", part)
        )

    def play(self, *points: Point) -> str | None:
        """Return what was broken, if anything."""
        try:
            Simulation(self.scenario, *points).play()
        except Failed as failed:
            return f"{points}: {failed}"
        return None

    def _part_of(self, place: str, part: int) -> range:
        return range(1 + part, self.moments(place) + 1, self.parts)

    @cached_property
    def _counts(self) -> dict[str, int]:
        simulation = Simulation(self.scenario)
        simulation.play()
        return dict(simulation.world.points.counts)


def _told(problems: Iterable[str | None]) -> str:
    return "\n\n".join(filter(None, problems))
