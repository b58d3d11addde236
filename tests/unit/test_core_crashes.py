"""Actors that die of a defect of ours."""

import pytest
from tests.support.answers import started
from tests.support.hosts import directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Alter,
    Command,
    DownloadBatch,
    IndexLocation,
    JoinNode,
    LoadSSTables,
    MoveIntoUpload,
    OpenLocation,
    ReadNodeSettings,
    ReplaceActor,
    StopDownload,
    Undo,
)
from scylla_restore.engine.core.limits import ACTOR_CRASHES
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.batches import BatchAssigned, BatchReturned, SSTablesLoaded
from scylla_restore.events.model.run import ActorFailed, ActorReplaced, FailureDeclared, RunFailed

WORK = (directory("t1", range(1, 20)),)
NODE, LOCATION = "node/n1", "location/s3:backups"


def world_that_hangs(kind: type[Command], *, nodes: int = 1) -> World:
    world = World(hosts=hosts(*("n1", "n2")[:nodes]), directories=WORK)
    return world.on(kind, lambda c: (started(c),) if isinstance(c, DownloadBatch) else (), times=1).start()


@pytest.mark.parametrize(
    ("kind", "actor"),
    [
        (JoinNode, NODE),
        (ReadNodeSettings, NODE),
        (Alter, NODE),
        (DownloadBatch, NODE),
        (MoveIntoUpload, NODE),
        (LoadSSTables, NODE),
        (Undo, NODE),
        (OpenLocation, LOCATION),
        (IndexLocation, LOCATION),
    ],
)
def test_an_actor_that_crashed_is_replaced_and_asked_again(kind: type[Command], actor: str) -> None:
    world = world_that_hangs(kind)
    world.play(lambda _: any(isinstance(c, kind) for c in world.hanging)).crash(actor).play()

    assert world.state.status is Status.DONE
    assert world.events(ActorReplaced) == [ActorReplaced(actor=actor)]
    assert world.commands(ReplaceActor) == [ReplaceActor(actor=actor)]
    assert len(world.commands(kind)) > 1


def test_a_successor_follows_the_download_that_was_begun() -> None:
    world = world_that_hangs(DownloadBatch).until_phase(Phase.DOWNLOADING).crash(NODE)

    again = world.commands(DownloadBatch)[-1]
    assert (again.batch, again.attempt, again.jobs) == (1, 1, (101,))
    assert not world.events(BatchReturned)


def test_a_successor_asks_for_the_load_that_may_run() -> None:
    world = world_that_hangs(LoadSSTables)
    world.play(lambda _: any(isinstance(c, LoadSSTables) for c in world.hanging)).crash(NODE)

    assert world.commands(LoadSSTables)[-1].recovering
    world.play()
    loaded = [e.batch for e in world.events(SSTablesLoaded)]
    assert sorted(loaded) == sorted(set(loaded))


def test_what_others_do_goes_on() -> None:
    world = world_that_hangs(DownloadBatch, nodes=2).until_phase(Phase.DOWNLOADING).crash(NODE).play()

    assert {e.node for e in world.events(BatchAssigned)} == {"n1", "n2"}
    assert len(world.events(ActorFailed)) == 1


def test_a_crash_is_heard_of_once_until_the_actor_is_replaced() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start()
    world.tell(ActorFailed(actor=NODE, error="first"))
    world.report("supervisor", ActorFailed(actor=NODE, error="again"))

    assert len(world.events(ActorFailed)) == 1
    assert world.events(ActorReplaced) == [ActorReplaced(actor=NODE)]


def test_actors_that_crash_again_and_again_fail_the_run() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(IndexLocation).start().pass_s(10)
    for _ in range(ACTOR_CRASHES + 1):
        world.crash(LOCATION)
    world.play()

    (declared,) = world.events(FailureDeclared)
    assert declared.failure.message == (
        f"the engine's own actors crashed {ACTOR_CRASHES + 1} times, the last one was {LOCATION}"
    )
    assert isinstance(world.log[-1].event, RunFailed)
    assert world.log[-1].event.resumable


def test_a_batch_leaves_a_node_whose_actor_cannot_hold_it() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).start().until_phase(Phase.LOADING, node="n1")
    for _ in range(3):
        world.crash(NODE)

    assert "n1 failed 9 times in a row" in {e.reason for e in world.events(BatchReturned)}
    world.play()
    assert world.state.status is Status.DONE
    assert world.state.restored_sstables == 19


@pytest.mark.parametrize("kind", [StopDownload, Undo])
def test_an_end_survives_the_crash_of_an_actor(kind: type[Command]) -> None:
    world = world_that_hangs(DownloadBatch).until_phase(Phase.DOWNLOADING)
    world.hangs(DownloadBatch).on(kind, lambda _: (), times=1).pause().pass_s(10).crash(NODE).play()

    assert world.state.status is Status.PAUSED
    assert not world.state.ledger.entries


def test_an_end_comes_even_when_every_undo_kills_its_actor() -> None:
    world = world_that_hangs(DownloadBatch).until_phase(Phase.DOWNLOADING).on(Undo, lambda _: ()).pause()
    for _ in range(5):
        if not world.state.over:
            world.pass_s(10).crash(NODE)

    assert world.state.status is Status.PAUSED
    assert world.state.ledger.entries


def test_an_end_comes_even_when_every_stop_kills_its_actor() -> None:
    world = world_that_hangs(DownloadBatch).until_phase(Phase.DOWNLOADING).hangs(DownloadBatch)
    world.on(StopDownload, lambda _: ()).abort()
    for _ in range(5):
        if not world.state.over:
            world.pass_s(10).crash(NODE)
    world.play()

    assert world.state.status is Status.ABORTED


def test_a_node_that_was_altered_when_its_actor_crashed_is_altered_again() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.STAGED).crash(NODE)
    assert not world.state.nodes["n1"].altered

    world.play(lambda state: state.nodes["n1"].altered)

    assert world.commands(Alter)[0].alterations == world.commands(Alter)[-1].alterations
