"""What a run has left altered, as its log tells it."""

from tests.support.answers import undo_failed
from tests.support.hosts import directory, hosts
from tests.support.schemas import SCHEMA
from tests.support.story import RUN as STORY_RUN
from tests.support.story import Story, cluster_discovered, node_joined, run_started
from tests.support.world import RUN, World

from scylla_restore.engine.api.doctor import check_all, check_run
from scylla_restore.engine.core.commands import LoadSSTables, Undo
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.alterations import AlterationIntended, TransfersSet
from scylla_restore.events.model.run import PauseRequested, RunResumed
from scylla_restore.events.model.schema import SchemaRecorded

WORK = (directory("t1", range(1, 40)),)


def logged(world: World) -> MemoryLog:
    log = MemoryLog()
    for epoch in sorted({envelope.epoch for envelope in world.log}):
        claim = log.claim(RUN, "an engine")
        log.append(claim, tuple(e for e in world.log if e.epoch == epoch))
        log.release(claim)
    return log


def staged_world(schema: SchemaRecorded | None = None) -> World:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(LoadSSTables)
    world.schema = schema or world.schema
    return world.start().until_phase(Phase.STAGED)


def test_a_killed_run_has_left_all_that_it_altered() -> None:
    checkup = check_run(logged(staged_world()), RUN)
    assert checkup.can_be_fixed
    assert {each.why for each in checkup.altered} == {"left"}
    assert {"auto_compaction", "staging_directory"} <= {each.kind for each in checkup.altered}


def test_a_paused_run_keeps_what_its_resume_needs() -> None:
    world = staged_world().pause().play()
    checkup = check_run(logged(world), RUN)
    assert not checkup.can_be_fixed
    assert {(each.kind, each.why) for each in checkup.altered} == {("staging_directory", "resume")}


def test_what_could_not_be_put_back_can_be_fixed_later() -> None:
    world = staged_world().on(Undo, undo_failed).pause().play()
    assert check_run(logged(world), RUN).can_be_fixed


def of_schema(world: World) -> set[tuple[str, str, str]]:
    altered = check_run(logged(world), RUN).altered
    return {(each.kind, each.node, each.why) for each in altered if each.kind in ("view", "tombstone_gc")}


def test_a_killed_run_has_left_the_schema_altered() -> None:
    world = staged_world(SCHEMA)
    assert of_schema(world) == {("view", "", "left"), ("tombstone_gc", "", "left")}


def test_what_a_paused_run_keeps_altered_in_the_schema_can_be_put_back() -> None:
    world = staged_world(SCHEMA).pause().play()
    assert of_schema(world) == {("view", "", "unfinished"), ("tombstone_gc", "", "unfinished")}
    assert check_run(logged(world), RUN).can_be_fixed

    asked = PauseRequested(requested_by="ann", reason="to be put right", puts_all_back=True)
    world.heal().resume(opening=(RunResumed(), asked)).play()

    assert of_schema(world) == set()
    assert not check_run(logged(world), RUN).can_be_fixed


def test_a_run_that_is_put_right_is_paused() -> None:
    world = staged_world()
    asked = PauseRequested(requested_by="ann", reason="to be put right")
    world.resume(opening=(RunResumed(), asked)).play()
    assert world.state.status is Status.PAUSED
    assert not check_run(logged(world), RUN).can_be_fixed


def test_a_run_that_is_done_is_not_spoken_of() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().play()
    log = logged(world)
    assert check_run(log, RUN).altered == ()
    assert list(check_all(log)) == []


def test_an_owned_run_is_left_alone() -> None:
    log = logged(staged_world())
    log.claim(RUN, "somebody")
    checkup = check_run(log, RUN)
    assert (checkup.is_owned, checkup.can_be_fixed) == (True, False)
    assert {each.why for each in checkup.altered} == {"at_work"}


def test_what_went_with_its_node_is_told_and_is_nothing_to_fix() -> None:
    gone = TransfersSet(node="10.0.0.9", before=2, after=4)
    story = Story().tell(run_started(), cluster_discovered("10.0.0.1", "10.0.0.9"), node_joined("10.0.0.9"))
    story.tell(AlterationIntended(id="1", alteration=gone), cluster_discovered("10.0.0.1"))
    log = MemoryLog()
    story.write_to(log)
    checkup = check_run(log, STORY_RUN)
    assert [(each.node, each.why, each.made) for each in checkup.altered] == [
        ("10.0.0.9", "node_left", False)
    ]
    assert not checkup.can_be_fixed
