"""One unit of a repair, and how it is found out what there is to repair."""

from collections import deque

import pytest
from tests.support.scripted_node import (
    ADDRESS,
    ScriptedNode,
    refused,
    task_state,
    unknown_task,
    unreachable,
)
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.repair import (
    ASKED_AGAIN_MAX,
    RANGES_PER_PART,
    own_ranges,
    repair_table,
    stop_left,
)
from scylla_restore.actors.procedures.repair_plan import SMALL_TABLE_BYTES, plan_repair
from scylla_restore.engine.cluster.port import RingRange, ScyllaTask
from scylla_restore.engine.core.commands import PlanRepair, RepairTable, StopRepair
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.repairs import (
    RepairCompleted,
    RepairFailed,
    RepairKind,
    RepairPlanFailed,
    RepairPlanned,
    RepairProgressed,
    RepairStarted,
)

OTHER = "127.0.0.12"
DONE = RepairCompleted(repair=1, attempt=2)


def command(kind: RepairKind, *, left: str = "", done: int = 0, ring: str = "") -> RepairTable:
    return RepairTable(
        node=ADDRESS,
        repair=1,
        attempt=2,
        keyspace="ks",
        table="t",
        kind=kind,
        left=left,
        done=done,
        ring=ring,
        incremental=True,
    )


def run(node: ScriptedNode, asked: RepairTable | StopRepair | PlanRepair) -> list[AnyEvent]:
    runtime, events = SteppingRuntime(), list[AnyEvent]()
    who = Node(node, address=ADDRESS, now=runtime.now, report=events.append)
    match asked:
        case RepairTable():
            runtime.drive(repair_table(who, asked))
        case StopRepair():
            runtime.drive(stop_left(who, asked))
        case _:
            runtime.drive(plan_repair(who, asked))
    return events


def ring(count: int) -> tuple[RingRange, ...]:
    return tuple(
        RingRange(start=str(number), end=str(number + 1), replicas=(ADDRESS, OTHER))
        for number in range(count)
    )


def calls(node: ScriptedNode, name: str) -> list[tuple[object, ...]]:
    return [asked[1:] for asked in node.asked if asked[0] == name]


def failure(events: list[AnyEvent]) -> RepairFailed:
    last = events[-1]
    assert isinstance(last, RepairFailed)
    return last


def running(task: str, *, sequence: int = 0, table: str = "t") -> ScyllaTask:
    kind = "repair" if sequence else "user_repair"
    return ScyllaTask(id=task, type=kind, state="running", keyspace="ks", table=table, sequence=sequence)


def test_a_small_table_is_one_job() -> None:
    node = ScriptedNode()
    node.repair_states = deque(["RUNNING", "SUCCESSFUL"])
    started, completed = run(node, command(RepairKind.SMALL_TABLE))
    assert started == RepairStarted(repair=1, attempt=2, task="1", part=0, parts=1, ring="small_table")
    assert completed == DONE
    assert calls(node, "start_repair") == [("ks", "t", ())]


def test_a_large_table_is_repaired_in_parts() -> None:
    node = ScriptedNode()
    node.ranges = ring(RANGES_PER_PART + 1)
    *started, completed = run(node, command(RepairKind.RANGES))
    assert [(e.part, e.parts) for e in started if isinstance(e, RepairStarted)] == [(0, 2), (1, 2)]
    assert completed == DONE
    ranges = [asked[2] for asked in calls(node, "start_repair")]
    assert ranges[1] == ((str(RANGES_PER_PART), str(RANGES_PER_PART + 1)),)


def test_only_ranges_with_other_replicas_are_repaired_and_none_wraps_around() -> None:
    found = (
        RingRange(start="50", end="-50", replicas=(ADDRESS, OTHER)),
        RingRange(start="-50", end="0", replicas=(OTHER, ADDRESS)),
        RingRange(start="0", end="50", replicas=(ADDRESS,)),
    )
    last = str(2**63 - 1)
    assert own_ranges(found, ADDRESS) == [("50", last), (f"-{last}", "-50")]


@pytest.mark.parametrize(("is_same", "parts"), [(True, [1]), (False, [0, 1])])
def test_parts_that_an_engine_before_repaired_are_passed_by_if_the_ring_is_the_same(
    is_same: bool,
    parts: list[int],
) -> None:
    node = ScriptedNode()
    node.ranges = ring(RANGES_PER_PART + 1)
    first = run(node, command(RepairKind.RANGES))[0]
    assert isinstance(first, RepairStarted)
    again = command(RepairKind.RANGES, done=1, ring=first.ring if is_same else "another")
    assert [e.part for e in run(node, again) if isinstance(e, RepairStarted)] == parts


def test_a_job_that_an_engine_before_left_is_waited_for_and_asked_for_again() -> None:
    node = ScriptedNode()
    node.repair_states = deque(["RUNNING", "SUCCESSFUL", "SUCCESSFUL"])
    assert run(node, command(RepairKind.SMALL_TABLE, left="7"))[-1] == DONE
    assert [asked[0] for asked in calls(node, "repair_state")] == [7, 7, 1]


def test_a_repair_that_failed_is_told_in_words() -> None:
    node = ScriptedNode()
    node.repair_states = deque(["FAILED"])
    failed = failure(run(node, command(RepairKind.SMALL_TABLE)))
    assert failed.failure.cause is Cause.FAILED
    assert failed.failure.message == f"node {ADDRESS} says that repair 1 of ks.t has failed"


@pytest.mark.parametrize("trouble", [unreachable(), unknown_task()])
def test_an_end_that_may_be_another_repairs_is_not_believed(trouble: Exception) -> None:
    node = ScriptedNode()
    node.fails["repair_state"] = deque([trouble])  # type: ignore[list-item]  # both are errors of nodes
    assert run(node, command(RepairKind.SMALL_TABLE))[-1] == DONE
    assert node.calls.count("start_repair") == 2


def test_a_repair_that_is_never_seen_to_its_end_fails() -> None:
    node = ScriptedNode()
    node.fails["repair_state"] = deque([unknown_task() for _ in range(ASKED_AGAIN_MAX)])
    assert "asked for 5 times" in failure(run(node, command(RepairKind.SMALL_TABLE))).failure.message


def test_a_node_that_stays_silent_fails_the_unit() -> None:
    node = ScriptedNode()
    node.fails["repair_state"] = deque([unreachable() for _ in range(200)])
    assert failure(run(node, command(RepairKind.SMALL_TABLE))).failure.cause is Cause.UNREACHABLE


def test_tablets_are_one_task_whose_progress_is_told() -> None:
    node = ScriptedNode()
    node.task_states = deque([task_state("running", completed=2, total=8), task_state("done")])
    assert run(node, command(RepairKind.TABLETS)) == [
        RepairStarted(repair=1, attempt=2, task="task-1", part=0, parts=1, ring=""),
        RepairProgressed(repair=1, attempt=2, completed=2, total=8),
        DONE,
    ]
    assert calls(node, "start_tablet_repair") == [("ks", "t", True)]


def test_a_task_that_an_engine_before_left_is_followed() -> None:
    node = ScriptedNode()
    assert run(node, command(RepairKind.TABLETS, left="theirs")) == [DONE]
    assert node.repairs == 0


def test_a_task_that_runs_for_the_table_already_is_followed() -> None:
    node = ScriptedNode()
    node.listed_tasks = (running("another", table="u"), running("ours"))
    started, completed = run(node, command(RepairKind.TABLETS))
    assert (started, completed) == (
        RepairStarted(repair=1, attempt=2, task="ours", part=0, parts=1, ring=""),
        DONE,
    )


def test_a_task_that_is_gone_is_asked_for_again() -> None:
    node = ScriptedNode()
    node.fails["task_status"] = deque([unknown_task()])
    assert run(node, command(RepairKind.TABLETS, left="theirs"))[-1] == DONE
    assert node.repairs == 1


def test_a_task_that_failed_tells_why() -> None:
    node = ScriptedNode()
    node.task_states = deque([task_state("failed", error="no quorum")])
    assert "no quorum" in failure(run(node, command(RepairKind.TABLETS))).failure.message


def test_a_table_that_shares_its_tablets_is_repaired_with_the_one_that_has_them() -> None:
    node = ScriptedNode()
    words = "Cannot repair table 'ks'.'t' because it is colocated with the base table 'ks'.'base'"
    node.fails["start_tablet_repair"] = deque([refused(words)])
    assert run(node, command(RepairKind.TABLETS))[-1] == DONE
    assert calls(node, "start_tablet_repair")[-1] == ("ks", "base", True)


@pytest.mark.parametrize(
    ("kind", "left", "aborted"),
    [
        (RepairKind.SMALL_TABLE, "3", ["mine"]),
        (RepairKind.RANGES, "5", []),
        (RepairKind.TABLETS, "x", ["x"]),
        (RepairKind.TABLETS, "", []),
    ],
)
def test_what_was_left_running_is_ended_and_nothing_else(
    kind: RepairKind, left: str, aborted: list[str]
) -> None:
    node = ScriptedNode()
    node.listed_tasks = (running("somebody's", sequence=2), running("mine", sequence=3))
    stop = StopRepair(node=ADDRESS, repair=1, attempt=2, keyspace="ks", table="t", kind=kind, left=left)
    assert failure(run(node, stop)).failure.cause is Cause.STOPPED
    assert node.aborted == aborted


def test_a_stop_ends_the_job_in_scylla_too() -> None:
    node, runtime, events = ScriptedNode(), SteppingRuntime(), list[AnyEvent]()
    node.repair_states = deque(["RUNNING"] * 10)
    node.listed_tasks = (running("mine", sequence=1),)
    who = Node(node, address=ADDRESS, now=runtime.now, report=events.append)
    lane = runtime.lane("repair", lambda _name, error: pytest.fail(str(error)))
    node.before["repair_state"] = lane.stop
    lane.start(repair_table(who, command(RepairKind.SMALL_TABLE)))
    runtime.run()
    assert failure(events).failure.cause is Cause.STOPPED
    assert node.aborted == ["mine"]


def test_the_plan_goes_by_replication_and_size() -> None:
    node = ScriptedNode()
    node.on_tablets = ("kt",)
    node.ranges = ring(2)
    tables = (("ks:large", SMALL_TABLE_BYTES), ("ks:small", 7), ("kt:t", 7))
    (planned,) = run(node, PlanRepair(tables=tables, members=(ADDRESS, OTHER)))
    assert isinstance(planned, RepairPlanned)
    assert [(t.table, t.kind) for t in planned.tables] == [
        ("large", RepairKind.RANGES),
        ("small", RepairKind.SMALL_TABLE),
        ("t", RepairKind.TABLETS),
    ]
    assert (planned.tables[0].nodes, planned.replicas) == ((ADDRESS,), 2)


def test_what_a_table_held_before_counts_too() -> None:
    node = ScriptedNode()
    node.ranges, node.table_bytes = ring(1), SMALL_TABLE_BYTES // 2
    (planned,) = run(node, PlanRepair(tables=(("ks:t", 1),), members=(ADDRESS, OTHER)))
    assert isinstance(planned, RepairPlanned)
    assert planned.tables[0].kind is RepairKind.RANGES


def test_with_one_replica_there_is_nothing_to_repair() -> None:
    node = ScriptedNode()
    node.ranges = (RingRange(start="0", end="0", replicas=(ADDRESS,)),)
    (planned,) = run(node, PlanRepair(tables=(("ks:t", 1),), members=(ADDRESS,)))
    assert isinstance(planned, RepairPlanned)
    assert planned.tables[0].nodes == ()


def test_a_cluster_that_cannot_be_asked_is_told() -> None:
    node = ScriptedNode()
    node.fails["tablet_keyspaces"] = deque([refused("no such path", 404)])
    (failed,) = run(node, PlanRepair(tables=(("ks:t", 1),), members=(ADDRESS,)))
    assert isinstance(failed, RepairPlanFailed)
    assert failed.failure.message == "no such path"
