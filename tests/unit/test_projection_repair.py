"""How far the repair is, as the progress document and the views tell it."""

import pytest
from tests.support.story import Story, indexed_story

from scylla_restore.engine.cli.view import Shape, progress_lines, status_line
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.repairs import (
    RepairCompleted,
    RepairFailed,
    RepairKind,
    RepairPlanFailed,
    RepairPlanned,
    RepairProgressed,
    RepairRequested,
    RepairStarted,
    TableToRepair,
)
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.repairing import RepairProgress

NODES = ("10.0.0.1", "10.0.0.2")
FAILURE = Failure(cause=Cause.FAILED, message="streaming failed", node=NODES[0])
REQUESTED = RepairRequested(
    repair=1, attempt=1, node=NODES[0], keyspace="a", table="one", kind=RepairKind.RANGES
)
STARTED = RepairStarted(repair=1, attempt=1, task="7", part=1, parts=4, ring="ring")


def planned_story() -> Story:
    """Table a.one is repaired by two nodes, b.two at once, and c.three has one replica."""
    tables = (
        TableToRepair(keyspace="a", table="one", kind=RepairKind.RANGES, nodes=NODES),
        TableToRepair(keyspace="b", table="two", kind=RepairKind.TABLETS, nodes=NODES),
        TableToRepair(keyspace="c", table="three", kind=RepairKind.SMALL_TABLE, nodes=()),
    )
    plan = RepairPlanned(tables=tables, members=NODES, replicas=2)
    return indexed_story().tell(StageEntered(stage=Stage.REPAIR), plan)


def seen(story: Story) -> ProgressDocument:
    state = ProgressState()
    for envelope in story.envelopes:
        progress.apply(state, envelope)
    return document(state, story.now)


def repair_of(story: Story) -> RepairProgress:
    repair = seen(story).repair
    assert repair is not None
    return repair


def test_before_the_repair_there_is_nothing_to_tell_of_it() -> None:
    assert seen(indexed_story()).repair is None


def test_a_plan_says_how_much_there_is_to_do() -> None:
    repair = repair_of(planned_story())
    assert (repair.tables, repair.tables_repaired, repair.units, repair.units_repaired) == (3, 1, 3, 0)
    assert (repair.percent, repair.completed_at) == (0.0, None)


def test_parts_and_progress_within_them_count() -> None:
    story = planned_story().tell(REQUESTED, STARTED)
    assert repair_of(story).running[0].share == 0.25
    story.tell(RepairProgressed(repair=1, attempt=1, completed=2, total=4))
    assert repair_of(story).running[0].share == pytest.approx(0.375)
    assert repair_of(story).percent == 12.5


def test_all_units_repaired_are_the_whole() -> None:
    story = planned_story().tell(*(RepairCompleted(repair=number, attempt=1) for number in (1, 2)))
    assert (repair_of(story).tables_repaired, repair_of(story).percent) == (2, 66.6)
    story.tell(RepairCompleted(repair=3, attempt=1))
    repair = repair_of(story)
    assert (repair.tables_repaired, repair.percent, repair.completed_at) == (3, 100.0, story.now)


def test_a_failed_attempt_is_counted_and_told_until_all_is_repaired() -> None:
    story = planned_story().tell(REQUESTED, RepairFailed(repair=1, attempt=1, node=NODES[0], failure=FAILURE))
    assert (repair_of(story).failed, repair_of(story).error) == (1, "10.0.0.1: streaming failed")
    story.tell(*(RepairCompleted(repair=number, attempt=2) for number in (1, 2, 3)))
    assert repair_of(story).error is None


def test_a_stopped_repair_is_no_failure() -> None:
    stopped = Failure(cause=Cause.STOPPED, message="stopped")
    story = planned_story().tell(REQUESTED, RepairFailed(repair=1, attempt=1, node=NODES[0], failure=stopped))
    assert (repair_of(story).failed, repair_of(story).running) == (0, ())


def test_nothing_is_under_way_when_an_engine_has_gone() -> None:
    assert repair_of(planned_story().tell(REQUESTED).die(for_s=5)).running == ()


def test_a_plan_that_failed_shows_nothing_yet() -> None:
    assert seen(indexed_story().tell(RepairPlanFailed(failure=FAILURE))).repair is None


def test_the_views_tell_of_the_repair() -> None:
    failed = RepairFailed(repair=2, attempt=1, node=NODES[1], failure=FAILURE)
    shown = seen(planned_story().tell(REQUESTED, STARTED, failed))
    lines = progress_lines(shown, Shape(bars=False))
    assert "8.3 %  1 of 3 tables repaired, 1 attempt failed" in lines
    assert "10.0.0.1 repairs a.one, 25.0 %" in lines
    assert "repaired 8.3 %" in status_line(shown)
