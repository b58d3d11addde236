"""The table of ends: what is stopped, what is left to finish, what is put back."""

import pytest
from tests.support.answers import failed, undo_failed
from tests.support.hosts import directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Alter,
    Command,
    DownloadBatch,
    IndexLocation,
    LoadSSTables,
    MoveIntoUpload,
    StopDownload,
    Undo,
)
from scylla_restore.engine.core.limits import UNDO_ATTEMPTS
from scylla_restore.engine.core.state import Ending, Phase, Status
from scylla_restore.events.model.alterations import (
    AlterationIntended,
    AutoCompactionDisabled,
    StagingCreated,
    UndoRequested,
)
from scylla_restore.events.model.batches import (
    BatchDownloaded,
    BatchReturned,
    LoadStarted,
    SSTablesLoaded,
    UploadFilled,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import (
    AbortRequested,
    FailureDeclared,
    PauseRequested,
    RunAborted,
    RunCompleted,
    RunFailed,
    RunPaused,
)
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import Tuning

WORK = (directory("t1", range(1, 40)),)
KINDS: dict[Phase, type[Command]] = {
    Phase.REQUESTED: DownloadBatch,
    Phase.DOWNLOADING: DownloadBatch,
    Phase.MOVING: MoveIntoUpload,
    Phase.LOADING: LoadSSTables,
}


def at_work(phase: Phase, *, nodes: int = 1) -> World:
    """A run with a batch that stays in a phase."""
    world = World(hosts=hosts(*("n1", "n2")[:nodes]), directories=WORK).start()
    if phase is Phase.REQUESTED:
        world.on(DownloadBatch, lambda _: ())
    elif phase is Phase.STAGED:
        world.hangs(LoadSSTables)
    else:
        world.hangs(KINDS[phase])
    return world.until_phase(phase)


def open_kinds(world: World) -> set[type]:
    return {type(entry.alteration) for entry in world.state.ledger.entries.values()}


def last(world: World) -> object:
    return world.log[-1].event


def test_a_pause_stops_downloads_and_awaits_their_end() -> None:
    world = at_work(Phase.DOWNLOADING).pause()
    assert [(c.batch, c.attempt) for c in world.commands(StopDownload)] == [(1, 1)]
    assert world.state.ending is Ending.PAUSE

    world.play()

    assert last(world) == RunPaused(
        reason="asked for by ann", staged_batches=0, staged_bytes=0, loads_running=0
    )
    assert not world.state.ledger.entries
    assert world.state.workload.left == 39 - 2


def test_a_pause_keeps_what_is_downloaded() -> None:
    world = at_work(Phase.STAGED).pause().play()

    event = last(world)
    assert isinstance(event, RunPaused)
    assert event.staged_batches == len(world.state.in_phase(Phase.STAGED)) > 0
    assert event.staged_bytes == sum(batch.size for batch in world.state.in_phase(Phase.STAGED))
    assert open_kinds(world) == {StagingCreated}


def test_a_pause_leaves_a_load_to_finish_by_itself() -> None:
    world = at_work(Phase.LOADING).pause().play()

    event = last(world)
    assert isinstance(event, RunPaused)
    assert event.loads_running == 1
    assert "staging/1/1" in world.state.ledger.entries


def test_a_pause_waits_until_a_move_is_known_to_be_done() -> None:
    world = at_work(Phase.MOVING).pause().pass_s(60)
    assert not world.state.over

    world.report("node/n1", UploadFilled(batch=1, attempt=1)).play()

    assert isinstance(last(world), RunPaused)
    assert world.events(LoadStarted)[-1] == LoadStarted(batch=1, attempt=1)


def test_a_download_that_ends_while_it_is_stopped_stays_in_staging() -> None:
    world = at_work(Phase.DOWNLOADING).on(StopDownload, lambda _: ()).pause()

    world.report("node/n1", BatchDownloaded(batch=1, attempt=1, downloaded=77)).play()

    assert [batch.id for batch in world.state.in_phase(Phase.STAGED)] == [1]
    assert isinstance(last(world), RunPaused)


def test_a_stop_is_asked_for_once_for_each_download() -> None:
    world = at_work(Phase.DOWNLOADING, nodes=2)
    world.play(lambda state: len(state.in_phase(Phase.DOWNLOADING)) == 2)
    world.on(StopDownload, lambda _: ()).pause().pass_s(60)

    assert sorted(c.node for c in world.commands(StopDownload)) == ["n1", "n2"]


@pytest.mark.parametrize("phase", [Phase.REQUESTED, *KINDS, Phase.STAGED])
def test_a_paused_run_can_be_carried_on_from_any_phase(phase: Phase) -> None:
    world = at_work(phase).pause().pass_s(60)

    world.heal().resume().play()

    assert world.state.status is Status.DONE
    assert world.state.restored_sstables == 39


def test_an_abort_removes_what_was_downloaded() -> None:
    world = at_work(Phase.STAGED)
    staged = [batch.id for batch in world.state.in_phase(Phase.STAGED)]
    world.abort()
    assert {e.batch for e in world.events(BatchReturned)} >= set(staged)

    world.report("node/n1", failed(world.commands(LoadSSTables)[0], Cause.FAILED)).play()

    assert world.state.status is Status.ABORTED
    assert not world.state.ledger.entries


def test_an_abort_waits_for_a_running_load() -> None:
    world = at_work(Phase.LOADING).abort().pass_s(600)
    assert not world.state.over
    assert not world.events(UndoRequested)

    world.report("node/n1", SSTablesLoaded(batch=1, attempt=1)).play()

    assert last(world) == RunAborted(restored_bytes=world.state.restored_bytes)
    assert world.state.restored_sstables == 2


@pytest.mark.parametrize("phase", [Phase.REQUESTED, Phase.DOWNLOADING])
def test_an_abort_stops_downloads(phase: Phase) -> None:
    world = at_work(phase).abort().play()

    assert world.commands(StopDownload)
    assert world.state.status is Status.ABORTED
    assert not world.state.ledger.entries


def test_an_abort_before_anything_was_touched_is_over_at_once() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(IndexLocation).start().pass_s(5).abort()

    assert last(world) == RunAborted(restored_bytes=0)


def test_an_abort_overrules_a_pause() -> None:
    world = at_work(Phase.DOWNLOADING).on(StopDownload, lambda _: (), times=1).pause().abort()
    world.report("node/n1", failed(world.commands(DownloadBatch)[0], Cause.STOPPED)).play()

    assert world.state.status is Status.ABORTED


def test_a_pause_does_not_overrule_another_end() -> None:
    world = at_work(Phase.LOADING).abort().pause()

    assert world.state.ending is Ending.ABORT
    assert not world.events(PauseRequested)


def test_a_failure_stops_downloads_too_and_keeps_what_is_downloaded() -> None:
    world = at_work(Phase.DOWNLOADING, nodes=2)
    world.play(lambda state: len(state.in_phase(Phase.DOWNLOADING)) == 2)
    first = world.commands(DownloadBatch)[0]
    world.report(f"node/{first.node}", failed(first, Cause.MISSING_OBJECT)).play()

    event = last(world)
    assert isinstance(event, RunFailed)
    assert event.failure.cause is Cause.MISSING_OBJECT
    assert [c.batch for c in world.commands(StopDownload)] == [2]
    assert not open_kinds(world)


def test_what_fails_during_an_end_changes_nothing_about_it() -> None:
    world = at_work(Phase.DOWNLOADING).on(StopDownload, lambda _: ()).pause()
    world.report("node/n1", failed(world.commands(DownloadBatch)[0], Cause.MISSING_OBJECT)).play()

    assert world.state.status is Status.PAUSED
    assert not world.events(FailureDeclared)


def test_alterations_are_undone_newest_first() -> None:
    tuning = Tuning(transfers=9, unpin_agent_cpu=True)
    world = World(hosts=hosts("n1"), directories=WORK, tuning=tuning).start().play()

    intended = [event.id for event in world.events(AlterationIntended)]
    assert len(intended) == 3
    assert [entry for entry, _ in world.commands(Undo)[0].alterations] == intended[::-1]


def test_an_undo_that_fails_is_tried_again_and_then_left_for_later() -> None:
    world = at_work(Phase.DOWNLOADING).on(Undo, undo_failed).pause().play()

    assert len(world.commands(Undo)) == UNDO_ATTEMPTS
    assert isinstance(last(world), RunPaused)
    assert AutoCompactionDisabled in open_kinds(world)


def test_a_restore_that_cannot_be_put_right_is_not_called_done() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).on(Undo, undo_failed, node="n2").start().play()

    event = last(world)
    assert isinstance(event, RunFailed)
    assert event.resumable
    assert (
        event.failure.message
        == "everything is restored, but 1 alterations on n2 could not be put back: n2 does not answer"
    )
    assert world.state.completed >= {Stage.DATA}


def test_it_is_done_once_the_node_answers() -> None:
    world = (
        World(hosts=hosts("n1"), directories=WORK).on(Undo, undo_failed, times=UNDO_ATTEMPTS).start().play()
    )
    assert isinstance(last(world), RunFailed)

    world.resume().play()

    assert last(world) == RunCompleted(restored_bytes=780, sstables=39)


def test_an_abort_that_cannot_be_put_right_says_so() -> None:
    world = at_work(Phase.DOWNLOADING).on(Undo, undo_failed).abort().play()

    event = last(world)
    assert isinstance(event, RunFailed)
    assert event.failure.message.startswith("the run could not be undone, but 1 alterations on n1")


def test_an_abort_of_a_run_that_nobody_owns_works_off_its_ledger() -> None:
    world = at_work(Phase.STAGED).die()
    world.heal().resume(opening=(AbortRequested(requested_by="ann"),)).play()

    assert world.state.status is Status.ABORTED
    assert not world.state.ledger.entries


def test_an_abort_of_a_paused_run_ends_it() -> None:
    world = at_work(Phase.DOWNLOADING).pause().play()
    world.resume(opening=(AbortRequested(requested_by="ann"),)).play()

    assert isinstance(last(world), RunAborted)


def test_a_failure_without_a_recorded_reason_still_ends() -> None:
    world = at_work(Phase.DOWNLOADING)
    world.state.ending = Ending.FAIL
    world.decide().play()

    failure = Failure(cause=Cause.FAILED, message="no reason was recorded")
    assert last(world) == RunFailed(failure=failure, resumable=True, exit_code=1)


def test_settings_under_way_are_undone_after_they_were_made() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().play(lambda s: s.stage is Stage.DATA).pause()

    seen = [type(c) for c in world.sent]
    assert seen.index(Alter) < seen.index(Undo)
    assert isinstance(last(world.play()), RunPaused)
    assert not world.state.ledger.entries


def test_what_becomes_of_an_entry_is_awaited_before_the_end() -> None:
    world = at_work(Phase.DOWNLOADING).on(Undo, lambda _: ()).pause().pass_s(60)

    assert all(entry.undoing for entry in world.state.ledger.entries.values())
    assert not world.state.over
