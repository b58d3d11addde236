"""The checkers notice bugs in work without staging, too: each test plants one in the production code."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import Interruption, Scenario, scenario_of, without_staging
from tests.simulation.simulator.scheduler import SECOND_US
from tests.simulation.simulator.simulation import Failed, Simulation
from tests.simulation.test_kills_without_staging import MATRIX

from scylla_restore.actors import node as node_actor
from scylla_restore.actors.procedures import load, upload
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.files import names_of
from scylla_restore.engine.core.commands import LookIntoUpload
from scylla_restore.engine.errors import NodeRefused
from scylla_restore.events.model.batches import UploadFoundEmpty
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.target import Method

SEEDS = 60


def in_upload(seed: int, faults: FaultPlan, *kinds: str) -> Scenario:
    """Return a scenario in which all batches are copied slowly, straight into ``upload``, beside files of others."""
    scenario = without_staging(scenario_of(seed))
    tables = sorted(scenario.tables)
    nodes = tuple(
        msgspec.structs.replace(
            node,
            native=False,
            foreign_files={tables[0]: 1},
            download_bytes_per_s=100_000,
            disk_total=10**12,
        )
        for node in scenario.nodes
    )
    tuning = msgspec.structs.replace(scenario.target.tuning, method=Method.RCLONE)
    return msgspec.structs.replace(
        scenario,
        nodes=nodes,
        faults=faults,
        target=msgspec.structs.replace(scenario.target, tuning=tuning),
        interruptions=tuple(Interruption((1 + seed % 20) * SECOND_US // 2, kind) for kind in kinds),
        changes=(),
    )


def problems(faults: FaultPlan, *kinds: str) -> Iterator[str]:
    for seed in range(SEEDS):
        try:
            Simulation(in_upload(seed, faults, *kinds)).play()
        except Failed as failed:
            yield str(failed)


def test_nothing_is_noticed_without_a_planted_bug() -> None:
    assert list(problems(FaultPlan(answer_lost=0.05, load_failures=0.1), "kill")) == []


def test_jobs_that_nobody_waits_for_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_node: Node, _upload: str, _location: str) -> Failure | None:
        return None

    monkeypatch.setattr(upload, "_until_no_job_runs", at_once)
    assert any(
        "while a job wrote there" in problem for problem in problems(FaultPlan(answer_lost=0.05), "kill")
    )


def test_files_of_others_that_are_not_looked_for_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def blindly(node: Node, command: LookIntoUpload) -> None:
        node.report(UploadFoundEmpty(batch=command.batch, attempt=command.attempt))

    monkeypatch.setattr(node_actor, "look_into_upload", blindly)
    assert any(problems(FaultPlan()))


def test_a_broken_loads_files_that_are_removed_before_the_log_knows_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def too_soon(asking: load._Asking) -> None:
        try:
            await honest(asking)
        except NodeRefused:
            await upload.try_to_remove(asking._node, asking._command, names_of(asking._command.sstables))
            raise

    honest = load._Asking.until_loaded
    monkeypatch.setattr(load._Asking, "until_loaded", too_soon)
    broken = (MATRIX.play(Point("after call", count)) for count in range(1, MATRIX.moments("after call")))
    assert any("and not in the world" in problem for problem in broken if problem)
