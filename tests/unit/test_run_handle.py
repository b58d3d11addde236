"""A run, to whoever started it: what becomes of the engine's actors when it cannot go on."""

import pytest

from scylla_restore.engine.api.run import Run
from scylla_restore.events.errors import StaleOwner
from scylla_restore.events.projections.progress_state import ProgressState


class Abandoned:
    """Counts how often the actors were abandoned."""

    def __init__(self) -> None:
        self.times = 0
        self.run = Run("run", ProgressState(), request=lambda _abort, _by: None, abandon=self.abandon)

    def abandon(self) -> None:
        self.times += 1


@pytest.fixture
def actors() -> Abandoned:
    return Abandoned()


def test_an_engine_that_was_fenced_off_abandons_its_actors_before_anybody_hears_of_it(
    actors: Abandoned,
) -> None:
    actors.run.ended(StaleOwner("run", 1, 2, "somebody else"))
    outcome = actors.run.wait(0)
    assert actors.times == 1
    assert outcome is not None
    assert outcome.exit_code == 4


def test_an_engine_that_crashed_abandons_its_actors(actors: Abandoned) -> None:
    actors.run.crashed(RuntimeError("a defect"))
    assert actors.times == 1


def test_an_engine_that_ends_in_order_lets_its_last_calls_finish(actors: Abandoned) -> None:
    actors.run.ended(None)
    assert actors.times == 0
