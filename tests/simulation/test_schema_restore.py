"""Restores of a schema: with faults, and with an engine that dies, is paused or given up at each moment in turn."""

from collections.abc import Iterator
from functools import cache

import msgspec
import pytest
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import Scenario, scenario_of
from tests.simulation.simulator.schema import SchemaPlan
from tests.simulation.simulator.simulation import Failed, Simulation

from scylla_restore.actors import crew
from scylla_restore.actors.procedures.schema import Schema
from scylla_restore.engine.core.commands import ApplyStatement, UndoSchema
from scylla_restore.events.model.alterations import AlterationUndone
from scylla_restore.events.model.schema import SchemaObject
from scylla_restore.events.model.schema_restore import SchemaStatementApplied
from scylla_restore.events.model.target import RestoreKind

SEEDS = 300
PER_TEST = 50


def objects(count: int) -> tuple[SchemaObject, ...]:
    found = []
    for number in range(count):
        keyspace = f"new{number}"
        found.append(SchemaObject(keyspace=keyspace, kind="keyspace", name=keyspace))
        found += [SchemaObject(keyspace=keyspace, kind=kind, name="o") for kind in ("type", "table", "view")]
    return tuple(found)


def schema_scenario(seed: int) -> Scenario:
    """A seed's scenario, with another thing to restore."""
    scenario = scenario_of(seed)
    random = dice(f"{seed}/schema to restore")
    tables = tuple(msgspec.structs.replace(table, restored=False) for table in scenario.backup.tables)
    selection = msgspec.structs.replace(
        scenario.target.selection, kind=RestoreKind.SCHEMA, keyspace=("system_schema",)
    )
    before = SchemaPlan(tombstone_gc=dict.fromkeys(scenario.tables), views=())
    return msgspec.structs.replace(
        scenario,
        backup=msgspec.structs.replace(scenario.backup, tables=tables),
        target=msgspec.structs.replace(scenario.target, selection=selection),
        schema=msgspec.structs.replace(before, backed_up=objects(random.choice((1, 2, 4)))),
    )


def problems(scenario: Scenario, *points: Point) -> Iterator[str]:
    try:
        Simulation(scenario, *points).play()
    except Failed as failed:
        yield f"{points}: {failed}"


CALM = msgspec.structs.replace(
    schema_scenario(1), faults=FaultPlan(), interruptions=(), changes=(), skews_us=(0,)
)


@cache
def moments(place: str) -> int:
    simulation = Simulation(CALM)
    simulation.play()
    return simulation.world.points.counts[place]


@pytest.mark.parametrize("seeds", [range(first, first + PER_TEST) for first in range(0, SEEDS, PER_TEST)])
def test_every_restore_of_a_schema_comes_to_its_end_and_breaks_no_rule(seeds: range) -> None:
    broken = [problem for seed in seeds for problem in problems(schema_scenario(seed))]
    assert not broken, "\n\n".join(broken)


@pytest.mark.parametrize("place", ["before append", "after append", "after call"])
@pytest.mark.parametrize("what", ["kill", "pause", "abort", "take_over"])
def test_an_engine_may_be_stopped_at_any_moment(place: str, what: str) -> None:
    points = [Point(place, count, what) for count in range(1, moments(place) + 1)]
    broken = [problem for point in points for problem in problems(CALM, point)]
    assert not broken, "\n\n".join(broken)


def test_the_engine_that_takes_up_a_killed_ones_run_may_be_killed_too() -> None:
    broken = [
        problem
        for count in range(1, moments("after call") + 1)
        for problem in problems(CALM, Point("after call", count), Point("after append", 1 + count % 7))
    ]
    assert not broken, "\n\n".join(broken)


def test_a_restore_that_is_given_up_while_its_engine_dies_leaves_nothing() -> None:
    broken = [
        problem
        for count in range(1, moments("after append") + 1)
        for problem in problems(CALM, Point("after append", count, "abort"), Point("after call", 1))
    ]
    assert not broken, "\n\n".join(broken)


def test_statements_that_are_only_claimed_to_be_carried_out_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def claim(schema: Schema, command: ApplyStatement) -> None:
        schema.report(SchemaStatementApplied(number=command.number))

    monkeypatch.setattr(crew, "apply_statement", claim)
    assert any("complete without" in problem for problem in problems(CALM))


def test_what_is_only_claimed_to_be_dropped_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def claim(schema: Schema, command: UndoSchema) -> None:
        for identifier, _ in command.alterations:
            schema.report(AlterationUndone(id=identifier))

    monkeypatch.setattr(crew, "undo_schema", claim)
    refusing = FaultPlan(schema_refusals=0.3)
    scenarios = (msgspec.structs.replace(CALM, seed=f"refusing {n}", faults=refusing) for n in range(20))
    found = [problem for scenario in scenarios for problem in problems(scenario)]
    assert any("in no ledger" in problem for problem in found)
