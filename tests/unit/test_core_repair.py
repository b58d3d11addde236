"""REPAIR: what is asked for when, what is asked for again, and how the stage ends."""

import pytest
from tests.support.answers import node_failed, repair_failed, repair_started, undo_failed
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import JoinNode, PlanRepair, RepairTable, StopRepair, Undo
from scylla_restore.engine.core.limits import REPAIR_ATTEMPTS
from scylla_restore.engine.core.state import Ending, Status
from scylla_restore.events.model.alterations import AlterationUndone
from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.repairs import (
    RepairCompleted,
    RepairKind,
    RepairPlanFailed,
    RepairPlanned,
    RepairRequested,
)
from scylla_restore.events.model.run import AbortRequested, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import Tuning

WORK = (directory("t1", range(1, 9)), directory("t2", (3, 4)))


def a_world(*addresses: str, by: RepairKind = RepairKind.SMALL_TABLE, parallel: int = 0) -> World:
    world = World(
        hosts=hosts(*(addresses or ("n1", "n2", "n3"))), directories=WORK, tuning=Tuning(parallel=parallel)
    )
    world.repaired_by = by
    return world


def hanging(by: RepairKind = RepairKind.SMALL_TABLE, *addresses: str) -> World:
    """A run whose first repair began, and goes on for ever."""
    world = a_world(*addresses, by=by)
    world.on(RepairTable, lambda command: (repair_started(command, "17", part=2),), times=1)
    return world.start().play(lambda state: any(unit.task for unit in state.repairs.units.values()))


def test_each_restored_table_is_repaired_after_all_is_loaded_and_put_back() -> None:
    world = a_world().start().play()

    kinds = [type(envelope.event) for envelope in world.log]
    planned = kinds.index(RepairPlanned)
    assert SSTablesLoaded not in kinds[planned:]
    assert AlterationUndone not in kinds[planned:]
    assert {(c.keyspace, c.table) for c in world.commands(RepairTable)} == {("ks", "t1"), ("ks", "t2")}
    assert kinds.index(RunCompleted) > kinds.index(RepairCompleted)
    assert world.state.status is Status.DONE


def test_a_large_table_is_repaired_by_every_node_that_is_a_first_replica() -> None:
    world = a_world(by=RepairKind.RANGES).start().play()

    done = [(e.table, e.node) for e in world.events(RepairRequested)]
    assert done == [(table, node) for table in ("t1", "t2") for node in ("n1", "n2", "n3")]


@pytest.mark.parametrize(
    ("release", "told"), [("2025.3.9", False), ("2025.4.0", True), ("2025.4.0~rc1", True), ("2026.1.0", True)]
)
def test_from_2025_4_on_a_repair_of_tablets_is_told_to_be_a_full_one(release: str, *, told: bool) -> None:
    world = World(hosts=(Host(address="n1", scylla_version=release),), directories=WORK)
    world.repaired_by = RepairKind.TABLETS
    world.start().play()
    assert {command.incremental for command in world.commands(RepairTable)} == {told}


def test_as_many_nodes_repair_at_a_time_as_have_nothing_to_do_with_each_other() -> None:
    world = a_world(*(f"n{number}" for number in range(7)), by=RepairKind.RANGES).hangs(RepairTable).start()
    world.play(lambda state: len(state.repairs.running) == 2).pass_s(60)

    assert len(world.state.repairs.running) == 7 // 3


def test_no_more_nodes_repair_at_a_time_than_were_asked_for() -> None:
    world = a_world(*(f"n{number}" for number in range(7)), by=RepairKind.RANGES, parallel=1)
    world.hangs(RepairTable).start().play(lambda state: bool(state.repairs.running)).pass_s(60)

    assert len(world.state.repairs.running) == 1


def test_tables_on_tablets_are_repaired_one_after_another() -> None:
    world = a_world(*(f"n{number}" for number in range(7)), by=RepairKind.TABLETS).hangs(RepairTable).start()
    world.play(lambda state: bool(state.repairs.running)).pass_s(60)

    assert len(world.state.repairs.running) == 1


def test_a_repair_that_fails_is_asked_for_again_on_another_node() -> None:
    world = a_world().on(RepairTable, lambda c: (repair_failed(c, Cause.FAILED),), times=1).start().play()

    first = [(e.node, e.attempt) for e in world.events(RepairRequested) if e.table == "t1"]
    assert first == [("n1", 1), ("n2", 2)]
    assert world.state.status is Status.DONE


def test_a_repair_that_fails_again_and_again_fails_the_run_in_words() -> None:
    world = a_world(by=RepairKind.RANGES)
    world.on(RepairTable, lambda c: (repair_failed(c, Cause.FAILED),), node="n2").start().play()

    (failed,) = world.events(RunFailed)
    assert failed.resumable
    assert failed.failure.node == "n2"
    assert failed.failure.message.startswith(f"the repair of ks.t1 failed {REPAIR_ATTEMPTS} times")
    assert world.state.stage is Stage.REPAIR


def test_a_run_whose_repair_failed_is_resumed_with_the_repair() -> None:
    world = a_world(by=RepairKind.RANGES)
    world.on(RepairTable, lambda c: (repair_failed(c, Cause.FAILED),), node="n2").start().play()
    loads = len(world.events(SSTablesLoaded))
    world.heal().resume().play()

    assert world.state.status is Status.DONE
    assert len(world.events(SSTablesLoaded)) == loads
    assert len(world.events(RepairPlanned)) == 1


def test_a_pause_stops_the_repair_and_a_resume_asks_for_the_rest_of_it() -> None:
    world = hanging(RepairKind.RANGES).pause().play()

    assert [c.left for c in world.commands(StopRepair)] == ["17"]
    assert world.events(RunPaused)
    world.resume().play()
    again = next(c for c in world.commands(RepairTable) if c.attempt == 2)
    assert (again.left, again.done, again.ring) == ("", 2, "ring")
    assert world.state.status is Status.DONE


def test_what_a_killed_engine_left_running_is_taken_up() -> None:
    world = hanging(RepairKind.TABLETS).die().resume().play()

    again = next(c for c in world.commands(RepairTable) if c.attempt == 2)
    assert again.left == "17"
    assert world.state.status is Status.DONE


def test_an_abort_ends_what_a_killed_engine_left_running() -> None:
    world = hanging().resume(opening=(AbortRequested(requested_by="bob"),)).play()

    assert [(c.node, c.left) for c in world.commands(StopRepair)] == [("n1", "17")]
    assert world.state.status is Status.ABORTED


def test_a_crashed_actor_repairs_again() -> None:
    world = hanging().crash("node/n1").play()

    assert world.state.status is Status.DONE
    assert next(c for c in world.commands(RepairTable) if c.attempt == 2).left == "17"


def test_other_nodes_are_another_plan() -> None:
    world = hanging(RepairKind.RANGES).die()
    del world.hosts["n3"]
    world.resume().play()

    assert [plan.members for plan in world.events(RepairPlanned)] == [("n1", "n2", "n3"), ("n1", "n2")]
    assert world.state.status is Status.DONE


def test_a_cluster_that_cannot_be_asked_how_fails_the_run_resumably() -> None:
    failure = Failure(cause=Cause.UNREACHABLE, message="nobody answers")
    world = a_world().on(PlanRepair, lambda _: (RepairPlanFailed(failure=failure),)).start().play()

    assert [(e.failure.message, e.resumable) for e in world.events(RunFailed)] == [("nobody answers", True)]
    assert world.heal().resume().play().state.status is Status.DONE


def test_a_node_that_never_comes_back_fails_the_run_in_words() -> None:
    world = hanging(RepairKind.RANGES).die()
    world.on(JoinNode, node_failed, node="n1").resume().play()

    (failed,) = world.events(RunFailed)
    assert "ks.t1 cannot be repaired: n1 has failed" in failed.failure.message


def test_with_one_replica_nothing_is_repaired() -> None:
    world = a_world()
    plan = RepairPlanned(tables=(), members=("n1", "n2", "n3"), replicas=1)
    world.on(PlanRepair, lambda _: (plan,)).start().play()

    assert world.commands(RepairTable) == []
    assert world.state.status is Status.DONE


def test_what_cannot_be_put_back_after_the_data_is_tried_again_in_the_end() -> None:
    world = a_world().on(Undo, undo_failed, node="n2", times=1).start().play()

    stages = [e.stage for e in world.events(StageEntered)]
    assert stages == [Stage.INIT, Stage.DATA, Stage.REPAIR, Stage.DONE]
    assert world.state.status is Status.DONE
    assert world.state.ending is not Ending.FAIL
