"""What is decided about batches whose directory was not listed: their files are looked for before anything is copied."""

from datetime import datetime

import pytest
from tests.support.answers import failed, missed
from tests.support.hosts import LOCATION, directory, hosts, native_hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    CheckFiles,
    DownloadBatch,
    LoadSSTables,
    LookIntoUpload,
    RestoreNatively,
)
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchCheckRequested,
    BatchFilesFound,
    BatchReturned,
    DownloadRequested,
    NativeRestoreRequested,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.model.run import FailureDeclared
from scylla_restore.events.model.target import Staging, Tuning

NOTED = (directory("t1", range(1, 20), noted=True),)
LISTED = (directory("t1", range(1, 20)),)
OFF = Tuning(staging=Staging.OFF)


def world(*names: str, tuning: Tuning | None = None) -> World:
    return World(hosts=hosts(*(names or ("n1",))), directories=NOTED, tuning=tuning)


def assigned_at(played: World, batch: int, attempt: int) -> datetime:
    (at,) = [
        e.at
        for e in played.log
        if isinstance(e.event, BatchAssigned) and (e.event.batch, e.event.attempt) == (batch, attempt)
    ]
    return at


def test_a_batch_is_copied_once_its_files_were_found() -> None:
    played = world().start().play()

    assert played.state.status is Status.DONE
    assigned = [(e.batch, e.attempt) for e in played.events(BatchAssigned)]
    for events in (
        played.events(BatchCheckRequested),
        played.events(BatchFilesFound),
        played.events(DownloadRequested),
    ):
        assert [(e.batch, e.attempt) for e in events] == assigned
    first = played.commands(CheckFiles)[0]
    assert (first.location, first.source, first.beside) == (LOCATION.key, "backup/sst/t1", 19)
    assert first.sstables == played.commands(DownloadBatch)[0].sstables


def test_a_batch_has_the_bytes_that_were_found_and_not_those_that_were_noted() -> None:
    def found(command: CheckFiles) -> tuple[BatchFilesFound]:
        return (BatchFilesFound(batch=command.batch, attempt=command.attempt, size=1_000),)

    played = world().on(CheckFiles, found).fails(LoadSSTables, Cause.FAILED, times=1).start().play()

    assert {(c.size, c.is_exact) for c in played.commands(DownloadBatch)} == {(1_000, True)}
    assert [e.size for e in played.events(BatchAssigned) if e.attempt == 2] == [1_000]


def test_files_that_were_listed_are_not_looked_for_again() -> None:
    played = World(hosts=hosts("n1"), directories=LISTED).start().play()

    assert played.state.status is Status.DONE
    assert not played.commands(CheckFiles)


def test_nothing_is_asked_of_a_node_before_the_files_are_found() -> None:
    played = world().hangs(CheckFiles).start().until_phase(Phase.CHECKING).pass_s(1_000)

    assert not played.commands(DownloadBatch)
    assert len(played.commands(CheckFiles)) == 1


def test_a_batch_that_scylla_restores_by_itself_is_looked_for_too() -> None:
    played = World(hosts=native_hosts("n1"), directories=NOTED).start().play()

    assert played.state.status is Status.DONE
    assert played.commands(RestoreNatively)
    assert not played.commands(DownloadBatch)
    assert len(played.events(BatchFilesFound)) == len(played.events(NativeRestoreRequested))


def test_without_staging_files_are_looked_for_once_upload_is_empty() -> None:
    played = world(tuning=OFF).start().play()

    assert played.state.status is Status.DONE
    order = [type(c) for c in played.sent if isinstance(c, LookIntoUpload | CheckFiles | DownloadBatch)]
    assert order[:3] == [LookIntoUpload, CheckFiles, DownloadBatch]


@pytest.mark.parametrize("cause", [Cause.MISSING_OBJECT, Cause.INCOMPLETE, Cause.REFUSED])
def test_files_that_no_node_would_find_fail_the_run_before_a_byte_is_copied(cause: Cause) -> None:
    played = world("n1", "n2").on(CheckFiles, lambda command: missed(command, cause)).start().play()

    assert played.state.status is Status.FAILED
    (declared,) = played.events(FailureDeclared)
    assert (declared.failure.message, declared.resumable) == (f"the location says {cause}", True)
    assert not played.commands(DownloadBatch)
    assert not played.events(NodeSuspended)


def test_what_was_put_back_is_restored_on_resume() -> None:
    played = world().on(CheckFiles, lambda command: missed(command, Cause.MISSING_OBJECT), times=1)
    played.start().play().resume().play()

    assert played.state.status is Status.DONE


def test_a_location_that_is_silent_is_asked_again_later_and_no_node_is_blamed() -> None:
    played = (
        world().on(CheckFiles, lambda command: missed(command, Cause.UNREACHABLE), times=2).start().play()
    )

    assert played.state.status is Status.DONE
    returned = played.events(BatchReturned)
    assert len(returned) == 2
    for event in returned:
        assert event.not_before is not None
        assert assigned_at(played, event.batch, event.attempt + 1) >= event.not_before
    assert not played.events(NodeSuspended)


def test_a_location_that_stays_silent_fails_the_run() -> None:
    played = world().on(CheckFiles, lambda command: missed(command, Cause.UNREACHABLE)).start().play()

    (declared,) = played.events(FailureDeclared)
    assert (declared.failure.cause, declared.resumable) == (Cause.UNREACHABLE, True)
    assert max(command.attempt for command in played.commands(CheckFiles)) == 3


@pytest.mark.parametrize("phase", [Phase.CHECKING, Phase.CLEAR])
def test_a_batch_that_was_looked_for_is_looked_for_again_by_the_next_engine(phase: Phase) -> None:
    played = world().start()
    if phase is Phase.CHECKING:
        played.until_phase(phase).die()
    else:
        found = BatchFilesFound(batch=1, attempt=1, size=1)
        played.until_phase(Phase.CHECKING).die().tell(found)
    played.resume().play()

    assert played.events(BatchReturned)[0].reason == "its download had not begun"
    assert played.state.status is Status.DONE
    assert [c.attempt for c in played.commands(CheckFiles) if c.batch == 1] == [1, 2]


def test_a_location_s_new_actor_is_asked_for_what_the_old_one_did_not_tell() -> None:
    played = world().hangs(CheckFiles, times=1).start().until_phase(Phase.CHECKING).pass_s(10)
    played.crash(f"location/{LOCATION.key}").play()

    first, second = played.commands(CheckFiles)[:2]
    assert (first.batch, first.attempt) == (second.batch, second.attempt)
    assert played.state.status is Status.DONE


def test_a_pause_waits_for_nobody_who_looks_for_files() -> None:
    played = world().hangs(CheckFiles).start().until_phase(Phase.CHECKING).pause().play()

    assert played.state.status is Status.PAUSED
    assert not played.state.ledger.entries


def test_whoever_resumes_asks_a_silent_location_as_often_as_the_engine_before() -> None:
    played = World(hosts=hosts("n1"), directories=(directory("t1", [10], noted=True),))
    played.on(CheckFiles, lambda command: missed(command, Cause.UNREACHABLE), times=5).start().play()
    assert played.state.status is Status.FAILED

    assert played.resume().play().state.status is Status.DONE
    assert [command.attempt for command in played.commands(CheckFiles)] == [1, 2, 3, 4, 5, 6]


def test_a_node_that_fails_a_batch_after_its_location_was_silent_rests() -> None:
    def look(command: LookIntoUpload) -> tuple[AnyEvent] | None:
        return (failed(command, Cause.FAILED),) if command.attempt == 2 else None

    played = World(hosts=hosts("n1"), directories=(directory("t1", [10], noted=True),), tuning=OFF)
    played.on(CheckFiles, lambda command: missed(command, Cause.UNREACHABLE), times=1)
    played.on(LookIntoUpload, look).start().play()

    assert played.state.status is Status.DONE
    assert [event.node for event in played.events(NodeSuspended)] == ["n1"]


@pytest.mark.parametrize("tuning", [Tuning(), OFF])
def test_another_attempt_is_looked_for_again(tuning: Tuning) -> None:
    played = world(tuning=tuning).fails(LoadSSTables, Cause.FAILED, times=1).start().play()

    checked = [(c.batch, c.attempt) for c in played.commands(CheckFiles)]
    assert {(1, 1), (1, 2)} <= set(checked)
    assert len(checked) == len(set(checked))
