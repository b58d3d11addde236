"""The checkers notice bugs in native restores, too: each test plants one in the production code."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import Interruption, Scenario, scenario_of
from tests.simulation.simulator.scheduler import SECOND_US
from tests.simulation.simulator.simulation import Failed, Simulation

from scylla_restore.actors import node as node_actor
from scylla_restore.actors.procedures import native
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.engine.core import batch_commands
from scylla_restore.engine.core.commands import RestoreNatively
from scylla_restore.engine.core.rules import ledger
from scylla_restore.engine.core.state import Batch, Entry, RunState
from scylla_restore.events.model.alterations import UserTtlSet
from scylla_restore.events.model.batches import NativeRestoreStarted, SSTablesLoaded
from scylla_restore.events.model.target import Method

SEEDS = 60


def native_only(seed: int, faults: FaultPlan, *kinds: str) -> Scenario:
    """Return a scenario in which Scylla restores all that it can."""
    scenario = scenario_of(seed)
    nodes = tuple(
        msgspec.structs.replace(
            node, native=True, scylla_version="2026.1.0", user_ttl=60, load_bytes_per_s=1_000_000
        )
        for node in scenario.nodes
    )
    tuning = msgspec.structs.replace(scenario.target.tuning, method=Method.AUTO)
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
            Simulation(native_only(seed, faults, *kinds)).play()
        except Failed as failed:
            yield str(failed)


def test_nothing_is_noticed_without_a_planted_bug() -> None:
    assert list(problems(FaultPlan(answer_lost=0.05), "kill")) == []


def test_a_batch_that_is_called_loaded_before_it_is_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hasty(node: Node, command: RestoreNatively) -> None:
        work = native._Restore(node, command)
        task = command.task or await work._begin()
        node.report(NativeRestoreStarted(batch=command.batch, attempt=command.attempt, task=task))
        node.report(SSTablesLoaded(batch=command.batch, attempt=command.attempt))

    monkeypatch.setattr(node_actor, "restore_natively", hasty)
    assert any("and not in the world" in problem for problem in problems(FaultPlan(native_failures=0.5)))


def test_a_request_that_is_made_again_beside_the_first_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_work: native._Restore) -> None:
        return

    monkeypatch.setattr(native._Restore, "_until_alone", at_once)
    assert any(
        "by two tasks at a time" in problem for problem in problems(FaultPlan(answer_lost=0.05), "kill")
    )


def test_a_request_that_nobody_announced_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    command_of = batch_commands.native_command

    def another(state: RunState, batch: Batch) -> RestoreNatively:
        other = max(state.nodes)
        return msgspec.structs.replace(command_of(state, batch), node=other)

    monkeypatch.setattr("scylla_restore.engine.core.rules.lanes.native_command", another)
    assert any("no load was announced" in problem for problem in problems(FaultPlan()))


def test_a_time_that_is_not_put_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(state: RunState, entry: Entry, tries: int) -> bool:
        return not isinstance(entry.alteration, UserTtlSet) and can_be(state, entry, tries)

    can_be = ledger._can_be_undone
    monkeypatch.setattr(ledger, "_can_be_undone", never)
    assert any("user_ttl" in problem for problem in problems(FaultPlan()))
