"""Somebody else's files in ``upload``: set aside, kept, put back."""

from tests.support.answers import node_failed, occupied
from tests.support.hosts import directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import Alter, LoadSSTables, MoveIntoUpload, ReadNodeSettings, Undo
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.alterations import AlterationIntended, StagingCreated, UploadSetAside
from scylla_restore.events.model.batches import UploadFilled, UploadOccupied
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.run import RunPaused

WORK = (directory("t1", range(1, 20)),)


def aside(world: World) -> list[UploadSetAside]:
    return [
        event.alteration
        for event in world.events(AlterationIntended)
        if isinstance(event.alteration, UploadSetAside)
    ]


def found_something(*, times: int = 1) -> World:
    return World(hosts=hosts("n1"), directories=WORK).on(MoveIntoUpload, occupied, times=times).start()


def test_files_of_others_are_set_aside_and_put_back_at_the_end() -> None:
    world = found_something().play()

    (alteration,) = aside(world)
    assert alteration.upload == f"ks/t1-{'0' * 32}/upload"
    assert alteration.found.startswith(f"ks/t1-{'0' * 32}/snapshots/scylla-restore-found-{world.state.run}")
    undone = [made for command in world.commands(Undo) for _, made in command.alterations]
    assert alteration in undone
    assert world.state.status is Status.DONE


def test_the_batch_is_moved_again_before_any_other() -> None:
    world = found_something().play()

    first, second = world.commands(MoveIntoUpload)[:2]
    assert (first.batch, first.attempt) == (second.batch, second.attempt)
    assert not second.recovering


def test_nothing_is_loaded_from_an_upload_directory_that_holds_files_of_others() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED)))

    assert not world.commands(LoadSSTables)
    assert world.events(UploadOccupied)[0].files == 2


def test_files_that_others_bring_again_are_set_aside_again_elsewhere() -> None:
    world = found_something(times=3).play()

    places = [alteration.found for alteration in aside(world)]
    assert len(places) == len(set(places)) == 3
    assert world.state.status is Status.DONE
    assert not world.state.ledger.entries


def test_files_that_could_not_be_set_aside_are_tried_again_after_a_rest() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED)))
    world.on(Alter, node_failed, times=1).play()

    assert world.state.status is Status.DONE
    assert len(aside(world)) == 2


def test_no_two_alterations_of_a_node_are_under_way_at_a_time() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.MOVING)
    world.on(MoveIntoUpload, occupied).hangs(Alter).resume()
    world.play(lambda state: bool(state.in_phase(Phase.BLOCKED))).pass_s(60)

    assert len(world.commands(Alter)) == 2
    assert not aside(world)


def test_a_crashed_actors_successor_moves_the_batch_first_and_then_sees() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED)))
    world.crash("node/n1")

    last = world.commands(MoveIntoUpload)[-1]
    assert last.recovering
    world.play()
    assert world.state.status is Status.DONE
    assert len(aside(world)) == 1


def test_what_a_successor_moves_is_not_set_aside_when_something_else_fails() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED)))
    world.hangs(MoveIntoUpload, times=1).on(ReadNodeSettings, node_failed, times=1).crash("node/n1").pass_s(
        1.5
    )
    assert world.state.unsettled_nodes or world.state.suspended
    move = world.commands(MoveIntoUpload)[-1]

    world.report("node/n1", UploadFilled(batch=move.batch, attempt=move.attempt)).play()

    assert len(aside(world)) == 1
    assert world.state.status is Status.DONE


def test_a_resumed_run_sets_aside_what_is_still_there() -> None:
    world = found_something(times=2).play(lambda state: bool(state.in_phase(Phase.BLOCKED)))
    world.resume().play()

    assert world.state.status is Status.DONE
    assert len(aside(world)) == 2
    assert not world.state.ledger.entries


def test_a_pause_keeps_files_aside_as_long_as_a_load_may_run_on_their_node() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED)))
    world.hangs(LoadSSTables).until_phase(Phase.LOADING).pause().play()

    (entry,) = [e for e in world.state.ledger.entries.values() if isinstance(e.alteration, UploadSetAside)]
    assert world.state.status is Status.PAUSED
    assert entry.alteration == aside(world)[0]


def test_a_pause_puts_files_back_when_nothing_is_loaded() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED))).pause().play()

    assert isinstance(world.log[-1].event, RunPaused)
    assert {type(e.alteration) for e in world.state.ledger.entries.values()} == {StagingCreated}
    world.resume().play()
    assert world.state.status is Status.DONE


def test_a_batch_that_was_given_up_needs_nothing_set_aside() -> None:
    world = found_something().play(lambda state: bool(state.in_phase(Phase.BLOCKED))).abort().play()

    assert world.state.status is Status.ABORTED
    assert not world.state.ledger.entries


def test_a_node_on_which_nothing_can_be_set_aside_loses_its_batches_in_the_end() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.on(MoveIntoUpload, occupied, node="n1").start().play(lambda s: bool(s.in_phase(Phase.BLOCKED)))
    world.on(Alter, node_failed, node="n1").play()

    assert world.state.status is Status.DONE


def test_a_load_that_fails_after_setting_aside_is_settled_as_any_other() -> None:
    world = found_something().fails(LoadSSTables, Cause.FAILED, times=1).play()

    assert world.state.status is Status.DONE
    assert not world.state.ledger.entries
