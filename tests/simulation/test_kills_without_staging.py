"""The matrix of kills for batches that are copied straight into ``upload``, where files of others may lie, too."""

import msgspec
import pytest
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.matrix import Matrix
from tests.simulation.simulator.scenario import Scenario, without_staging
from tests.simulation.simulator.simulation import Simulation
from tests.simulation.test_kills import SCENARIO as STAGED

PARTS = 8
SCENARIO: Scenario = msgspec.structs.replace(
    without_staging(STAGED),
    seed="matrix-without-staging-1",
    backup=msgspec.structs.replace(STAGED.backup, sstables=6),
    nodes=tuple(msgspec.structs.replace(node, download_bytes_per_s=500_000) for node in STAGED.nodes[:2]),
    faults=FaultPlan(load_failures=0.3, corruption=0.05),
)


MATRIX = Matrix(SCENARIO, parts=PARTS)


def test_the_restore_of_the_matrix_meets_all_that_it_is_meant_to_meet() -> None:
    evidence = Simulation(SCENARIO).play()
    met = {type(envelope.event).__name__ for envelope in evidence.envelopes}
    assert {"UploadFoundEmpty", "UploadOccupied", "LoadFailed", "DownloadFailed", "RunCompleted"} <= met
    paths = {path for node in evidence.cluster.nodes.values() for path in node.disk.directories}
    assert not any("/snapshots/" in path for path in paths)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("place", ["before append", "after append", "after call"])
def test_an_engine_may_be_killed_at_any_moment_of_work_in_upload(place: str, part: int) -> None:
    assert MATRIX.broken_by("kill", place, part) == ""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_next_engine_may_be_killed_while_it_clears_upload(part: int) -> None:
    assert MATRIX.broken_by_two_kills(part) == ""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("what", ["pause", "abort", "take_over"])
def test_a_run_may_be_ended_or_taken_over_at_any_moment_of_work_in_upload(what: str, part: int) -> None:
    assert MATRIX.broken_by(what, "after append", part) == ""
