"""What is decided where batches are copied straight into ``upload``."""

from datetime import timedelta

import pytest
from tests.support.answers import occupied, started, undo_failed
from tests.support.hosts import directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Alter,
    Command,
    DownloadBatch,
    LoadSSTables,
    LookIntoUpload,
    MoveIntoUpload,
    StopDownload,
    Undo,
)
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.alterations import CopiedIntoUpload, UploadSetAside
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchReturned,
    DownloadRequested,
    UploadFoundEmpty,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.model.target import Staging, Tuning

WORK = (directory("t1", range(1, 20)),)
UPLOAD = f"ks/t1-{'0' * 32}/upload"
OFF = Tuning(staging=Staging.OFF)


def world(*names: str) -> World:
    return World(hosts=hosts(*(names or ("n1",))), directories=WORK, tuning=OFF)


def undone(found: World) -> list[object]:
    return [alteration for command in found.commands(Undo) for _, alteration in command.alterations]


def test_a_batch_is_copied_once_upload_was_seen_to_be_empty() -> None:
    played = world().start().play()

    assert played.state.status is Status.DONE
    assert {event.staging for event in played.events(BatchAssigned)} == {Staging.OFF}
    assert len(played.events(UploadFoundEmpty)) == len(played.events(DownloadRequested)) > 1
    assert {(c.staging, c.upload) for c in played.commands(DownloadBatch)} == {(UPLOAD, UPLOAD)}
    assert all(command.is_direct for command in played.commands(MoveIntoUpload))


def test_a_node_has_one_batch_at_a_time() -> None:
    played = world().hangs(LoadSSTables, times=1).start().until_phase(Phase.LOADING).pass_s(100)

    assert len(played.commands(DownloadBatch)) == 1
    assert len(played.state.batches) == 1


def test_files_of_others_are_set_aside_before_the_copy() -> None:
    played = world().on(LookIntoUpload, occupied, times=1).start().until_phase(Phase.OCCUPIED)
    assert not played.commands(DownloadBatch)

    played.play()
    (aside, *_) = [
        a for c in played.commands(Alter) for _, a in c.alterations if isinstance(a, UploadSetAside)
    ]
    first = played.commands(DownloadBatch)[0]
    assert (aside.upload, first.batch, first.attempt) == (UPLOAD, 1, 1)
    assert aside in undone(played)


@pytest.mark.parametrize("phase", [Phase.LOOKING, Phase.OCCUPIED])
def test_a_batch_that_was_not_copied_yet_is_given_up_by_the_next_engine(phase: Phase) -> None:
    played = world().on(LookIntoUpload, occupied).start().until_phase(phase)
    played.heal().resume().play()

    assert played.events(BatchReturned)[0].reason == "its download had not begun"
    assert not any(isinstance(each, CopiedIntoUpload) for each in undone(played))
    assert played.state.status is Status.DONE


def test_where_a_request_may_have_been_taken_upload_is_cleared_before_anything_else_comes_there() -> None:
    played = world().hangs(Undo, times=1)
    played.start().until_phase(Phase.REQUESTED).die().resume().play(lambda state: state.nodes["n1"].ready)
    played.pass_s(1000)

    assert len(played.commands(LookIntoUpload)) == 1
    (undoing,) = played.commands(Undo)
    ((entry, copied),) = undoing.alterations
    assert isinstance(copied, CopiedIntoUpload)
    assert (entry, copied.upload, copied.is_copied) == ("staging/1/1", UPLOAD, False)
    assert undoing.files[entry].names


def test_a_node_whose_upload_cannot_be_cleared_rests_and_is_asked_again() -> None:
    played = world().on(Undo, undo_failed, times=5)
    played.start().until_phase(Phase.REQUESTED).resume().play()

    assert len(played.events(NodeSuspended)) == 5
    assert played.state.status is Status.DONE


def test_a_broken_load_s_files_are_removed_before_the_next_batch() -> None:
    played = world().fails(LoadSSTables, Cause.FAILED, times=1, staging_left=True).start().play()

    (copied,) = [each for each in undone(played) if isinstance(each, CopiedIntoUpload)]
    assert copied.is_copied
    order = [type(c) for c in played.sent if isinstance(c, Undo | LookIntoUpload)]
    assert order[:3] == [LookIntoUpload, Undo, LookIntoUpload]


def test_what_a_load_may_still_read_is_removed_by_nobody() -> None:
    played = world("n1", "n2").hangs(LoadSSTables, node="n1").start().until_phase(Phase.LOADING, node="n1")
    del played.hosts["n1"]
    played.resume().play()

    assert not any(isinstance(each, CopiedIntoUpload) for each in undone(played))
    assert not any(isinstance(e.alteration, CopiedIntoUpload) for e in played.state.ledger.entries.values())


def test_a_pause_keeps_nothing_in_upload_that_is_not_being_loaded() -> None:
    played = world().on(StopDownload, lambda _: ()).start().until_phase(Phase.REQUESTED)
    played.pause().play()

    assert played.state.status is Status.PAUSED
    assert played.events(BatchReturned)[-1].reason == "the run ends before it is loaded"
    (copied,) = [each for each in undone(played) if isinstance(each, CopiedIntoUpload)]
    assert copied.is_copied


@pytest.mark.parametrize("phase", [Phase.LOOKING, Phase.OCCUPIED])
def test_a_pause_gives_up_what_was_not_copied_yet(phase: Phase) -> None:
    played = world().on(LookIntoUpload, occupied).start().until_phase(phase).pause().play()

    assert played.state.status is Status.PAUSED
    assert played.events(BatchReturned)[-1].reason == "the run ends before its download began"


def test_a_copy_that_goes_on_is_followed_by_an_engine_that_works_with_staging() -> None:
    played = world().on(DownloadBatch, lambda command: (started(command),), times=1)
    played.start().until_phase(Phase.DOWNLOADING).heal().resume(Tuning()).play()

    followed = played.commands(DownloadBatch)[1]
    assert (followed.jobs, followed.staging) == ((101,), UPLOAD)
    assert {event.staging for event in played.events(BatchAssigned)} == set(Staging)
    assert played.state.status is Status.DONE


def test_staged_batches_are_loaded_before_anything_is_copied_into_upload() -> None:
    played = World(hosts=hosts("n1"), directories=WORK).hangs(MoveIntoUpload, times=1).start()
    played.until_phase(Phase.STAGED).die().heal()
    played.sent.clear()
    played.resume(OFF).play()

    first = next(c for c in played.sent if isinstance(c, LookIntoUpload))
    before: list[Command] = played.sent[: played.sent.index(first)]
    assert any(isinstance(command, LoadSSTables) for command in before)
    assert played.state.status is Status.DONE


def test_a_copy_waits_until_its_node_works_again() -> None:
    played = world().on(LookIntoUpload, occupied, times=1).start().until_phase(Phase.OCCUPIED)
    suspended = NodeSuspended(
        node="n1",
        until=played.now + timedelta(minutes=1),
        failures=1,
        failure=Failure(cause=Cause.FAILED, message=""),
    )
    played.play(lambda state: not state.blocked).tell(suspended)
    played.pass_s(30)
    assert not played.commands(DownloadBatch)
    assert played.play().state.status is Status.DONE
