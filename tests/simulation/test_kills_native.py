"""The matrix of kills for batches that Scylla restores by itself, and for those that it cannot beside them."""

import msgspec
import pytest
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.matrix import Matrix
from tests.simulation.simulator.scenario import Scenario
from tests.simulation.simulator.simulation import Simulation
from tests.simulation.test_kills import SCENARIO as COPIED

PARTS = 4
SCENARIO: Scenario = msgspec.structs.replace(
    COPIED,
    seed="natives-1",
    backup=msgspec.structs.replace(COPIED.backup, sstables=6),
    nodes=tuple(
        msgspec.structs.replace(
            node,
            native=True,
            scylla_version="2026.1.0",
            user_ttl=60,
            foreign_files={},
            download_bytes_per_s=100_000,
        )
        for node in COPIED.nodes[:2]
    ),
    faults=FaultPlan(native_failures=0.2),
)


MATRIX = Matrix(SCENARIO, parts=PARTS)


def test_the_restore_of_the_matrix_meets_all_that_it_is_meant_to_meet() -> None:
    evidence = Simulation(SCENARIO).play()
    met = {type(envelope.event).__name__ for envelope in evidence.envelopes}
    assert {"NativeRestoreStarted", "LoadFailed", "BatchDownloaded", "RunCompleted"} <= met


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("place", ["before append", "after append", "after call"])
def test_an_engine_may_be_killed_while_scylla_restores(place: str, part: int) -> None:
    assert MATRIX.broken_by("kill", place, part) == ""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_next_engine_may_be_killed_while_scylla_restores(part: int) -> None:
    assert MATRIX.broken_by_two_kills(part) == ""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("what", ["pause", "abort", "take_over"])
def test_a_run_may_be_ended_or_taken_over_while_scylla_restores(what: str, part: int) -> None:
    assert MATRIX.broken_by(what, "after append", part) == ""
