"""What another engine makes of what it finds open in the log (the table of resuming)."""

import msgspec
import pytest
from tests.support.answers import failed, node_failed, started
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Command,
    DiscoverCluster,
    DownloadBatch,
    IndexLocation,
    JoinNode,
    LoadSSTables,
    MoveIntoUpload,
    OpenLocation,
    ReadNodeSettings,
    ResolveTables,
    Undo,
    VerifyLocation,
)
from scylla_restore.engine.core.limits import NODE_GIVEN_UP
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchDownloaded,
    BatchReturned,
    DownloadStarted,
    LoadStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import LocationFailed
from scylla_restore.events.model.nodes import DiscoveryFailed
from scylla_restore.events.model.run import FailureDeclared, RunFailed
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import BackupLocation

WORK = (directory("t1", range(1, 20)),)
NO = Failure(cause=Cause.REFUSED, message="no")


def killed(phase: Phase, kind: type[Command] = Command, *, nodes: int = 1) -> World:
    """A run whose engine died while its first batch was in a phase."""
    world = World(hosts=hosts(*("n1", "n2")[:nodes]), directories=WORK)
    if kind is not Command:
        world.on(
            kind,
            lambda c: (started(c),) if phase is Phase.DOWNLOADING and isinstance(c, DownloadBatch) else (),
        )
    return world.start().until_phase(phase).heal().die()


def resumed(world: World) -> World:
    world.sent.clear()
    return world.resume().play(lambda state: state.prepared)


def test_a_requested_download_begins_anew_in_a_directory_of_its_own() -> None:
    world = resumed(killed(Phase.REQUESTED, DownloadBatch)).play()

    assert world.events(BatchReturned)[0].attempt == 1
    assert world.commands(DownloadBatch)[0].staging.endswith("-1-2")
    undone = {entry for command in world.commands(Undo) for entry, _ in command.alterations}
    assert "staging/1/1" in undone


def test_a_started_download_is_followed() -> None:
    world = resumed(killed(Phase.DOWNLOADING, DownloadBatch)).play()

    first = world.commands(DownloadBatch)[0]
    assert (first.batch, first.attempt, first.jobs, first.started_at) == (1, 1, (101,), ("then",))
    assert [e.attempt for e in world.events(DownloadStarted) if e.batch == 1] == [1]
    assert not world.events(BatchReturned)


def test_a_download_of_an_agent_that_restarted_is_tried_again() -> None:
    world = killed(Phase.DOWNLOADING, DownloadBatch)
    world.on(DownloadBatch, lambda c: (failed(c, Cause.AGENT_RESTARTED),), times=1)
    resumed(world).play()

    assert [e.attempt for e in world.events(BatchAssigned) if e.batch == 1] == [1, 2]
    assert world.state.status is Status.DONE


def test_what_was_downloaded_is_not_downloaded_again() -> None:
    world = killed(Phase.STAGED)
    staged = [batch.id for batch in world.state.in_phase(Phase.STAGED)]
    resumed(world).play()

    assert not {c.batch for c in world.commands(DownloadBatch)} & set(staged)
    assert len([e for e in world.events(BatchDownloaded) if e.batch in staged]) == len(staged)


def test_a_requested_move_is_made_again() -> None:
    first = resumed(killed(Phase.MOVING, MoveIntoUpload)).play().commands(MoveIntoUpload)[0]

    assert (first.batch, first.attempt, first.recovering) == (1, 1, True)


def test_files_in_upload_are_loaded() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.MOVING)
    move = world.commands(MoveIntoUpload)[0]
    world.tell(*world._answer(move))
    resumed(world).play()

    first = world.commands(LoadSSTables)[0]
    assert (first.batch, first.recovering) == (move.batch, False)
    assert [e.batch for e in world.events(LoadStarted)].count(move.batch) == 1


def test_a_load_that_may_run_is_asked_for_again() -> None:
    world = resumed(killed(Phase.LOADING, LoadSSTables)).play()

    first = world.commands(LoadSSTables)[0]
    assert (first.batch, first.attempt, first.recovering) == (1, 1, True)
    assert [e.batch for e in world.events(LoadStarted)].count(1) == 1


def test_nothing_is_loaded_twice_however_often_engines_die() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).start()
    for seconds in range(3, 30):
        if not world.state.over:
            world.pass_s(seconds).resume()
    world.play()

    loaded = [e.batch for e in world.events(SSTablesLoaded)]
    assert len(loaded) == len(set(loaded))
    assert world.state.restored_sstables == 19


def test_an_indexed_backup_is_verified_and_not_indexed_again() -> None:
    world = resumed(killed(Phase.STAGED))

    (verify,) = world.commands(VerifyLocation)
    assert verify.manifests == (("manifest", "ab" * 32),)
    assert not world.commands(IndexLocation)
    assert not world.commands(OpenLocation)


def test_nothing_is_downloaded_or_altered_before_the_backup_is_verified() -> None:
    world = killed(Phase.STAGED).hangs(VerifyLocation)
    world.sent.clear()
    world.resume().pass_s(30)

    assert {type(command) for command in world.sent} == {
        DiscoverCluster,
        JoinNode,
        VerifyLocation,
        ResolveTables,
        ReadNodeSettings,
        *({type(c) for c in world.sent} & {LoadSSTables, MoveIntoUpload, DownloadBatch}),
    }
    assert all(getattr(c, "recovering", True) for c in world.sent if isinstance(c, LoadSSTables))


def test_a_backup_that_changed_ends_the_run_resumable() -> None:
    world = killed(Phase.STAGED)
    world.on(VerifyLocation, lambda c: (LocationFailed(location=c.location, failure=NO, exit_code=2),))
    world.resume().play()

    assert world.log[-1].event == RunFailed(failure=NO, resumable=True, exit_code=1)


def test_a_cluster_that_cannot_be_asked_ends_the_run_resumable() -> None:
    world = killed(Phase.STAGED).on(DiscoverCluster, lambda _: (DiscoveryFailed(failure=NO),))
    world.resume().play()

    assert world.log[-1].event == RunFailed(failure=NO, resumable=True, exit_code=1)


@pytest.mark.parametrize("when", [OpenLocation, IndexLocation, ResolveTables, ReadNodeSettings])
def test_a_run_killed_while_it_prepares_prepares_again(when: type[Command]) -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(when).start().pass_s(20)
    world.heal().resume().play()

    assert world.state.status is Status.DONE
    assert [e.stage for e in world.events(StageEntered)] == [Stage.INIT, Stage.DATA, Stage.REPAIR, Stage.DONE]


def test_a_backup_is_indexed_with_what_the_cluster_has_by_now() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(IndexLocation).start().pass_s(20).heal().die()
    world.hangs(DiscoverCluster).resume().pass_s(20)
    assert len(world.commands(IndexLocation)) == 1

    world.heal().resume().play()

    assert world.state.status is Status.DONE


def test_a_backup_that_was_indexed_by_half_is_indexed_from_the_start() -> None:
    world = World(hosts=hosts("n1"), directories=(*WORK, directory("t2", (5, 5))))
    world.on(IndexLocation, lambda c: world._answer(c)[:2]).start().pass_s(20)
    assert world.state.workload.sstables == 19

    world.heal().resume().play()

    assert world.state.workload.sstables == world.state.restored_sstables == 21
    assert world.state.workload.size == sum(range(1, 20)) + 10


def test_a_node_that_left_the_cluster_gives_back_all_it_had() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).hangs(LoadSSTables, node="n2").start()
    world.play(lambda s: s.stage is Stage.DATA and len(s.nodes["n2"].staged) > 1).heal().die()
    held = [b.id for b in world.state.batches.values() if b.node == "n2"]
    del world.hosts["n2"]

    world.resume().play()

    returned = [e.batch for e in world.events(BatchReturned) if e.reason == "n2 left the cluster"]
    assert sorted(returned) == sorted(held)
    assert world.state.restored_sstables == 19


def test_what_was_altered_on_a_node_that_left_keeps_no_run_from_ending() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).start().until_phase(Phase.STAGED).die()
    del world.hosts["n2"]
    world.resume().play()

    assert world.state.status is Status.DONE
    assert not [c for c in world.commands(Undo) if c.node == "n2"]


def test_a_run_can_be_aborted_when_a_node_has_left() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).start().until_phase(Phase.STAGED).die()
    del world.hosts["n2"]
    world.resume().abort().play()

    assert world.state.status is Status.ABORTED


def test_a_new_node_takes_part() -> None:
    world = killed(Phase.STAGED)
    world.hosts["n9"] = Host(address="n9")
    world.resume().play()

    assert "n9" in {e.node for e in world.events(BatchAssigned)}
    assert world.state.status is Status.DONE


def test_a_node_that_joins_no_more_gives_back_what_it_has_in_staging() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).hangs(LoadSSTables).start()
    world.play(lambda s: s.stage is Stage.DATA and len(s.nodes["n2"].staged) > 1).heal().die()
    world.on(JoinNode, node_failed, node="n2").on(Undo, lambda _: (), node="n2")
    world.resume().play(lambda state: state.restored_sstables == 19)

    assert not world.state.data_left


def test_a_batch_that_failed_everywhere_gets_fresh_attempts() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).fails(LoadSSTables, Cause.FAILED).start().play()
    assert isinstance(world.log[-1].event, RunFailed)

    world.heal().resume().play()

    assert world.state.status is Status.DONE
    assert world.state.restored_sstables == 19


def test_nodes_that_lost_their_way_to_the_backup_end_the_run() -> None:
    world = killed(Phase.STAGED)
    world.hosts["n1"] = Host(address="n1", locations=(), unreachable={"s3:backups": "access denied"})
    world.resume().play()

    (declared,) = world.events(FailureDeclared)
    assert declared.failure.message == "no node can list s3:backups: n1: access denied"
    assert (declared.resumable, declared.exit_code) == (True, 1)


def test_a_batch_that_failed_on_all_who_came_is_declared_when_the_last_one_stays_away() -> None:
    world = World(hosts=hosts("n1"), directories=(directory("t1", (2, 1)),)).start()
    world.until_phase(Phase.MOVING).hosts["n2"] = Host(address="n2")
    world.on(JoinNode, node_failed, node="n2").fails(LoadSSTables, Cause.FAILED).resume().play()

    (declared,) = world.events(FailureDeclared)
    assert declared.failure.message.startswith("2 SSTables of ks.t1")
    assert declared.failure.message.endswith("the node says failed")
    assert len([c for c in world.commands(JoinNode) if c.node == "n2"]) == NODE_GIVEN_UP


def test_of_two_locations_what_is_restored_already_needs_nobody() -> None:
    other = BackupLocation(provider="gcs", bucket="more")
    work = (directory("t1", (9, 9, 8, 8)), directory("t2", (1, 1), location=other))
    locations = (BackupLocation(provider="s3", bucket="backups"), other)
    world = World(hosts=hosts("n1"), directories=work, where=locations).start()
    world.play(lambda s: s.stage is Stage.DATA and s.workload.largest("s3:backups") is None).pass_s(9).die()
    world.hosts["n1"] = msgspec.structs.replace(world.hosts["n1"], locations=("gcs:more",))
    world.resume().play(lambda state: state.over or state.restored_sstables == 6)

    assert world.state.restored_sstables == 6


def test_a_run_that_was_all_but_done_ends() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(Undo).start()
    world.play(lambda s: s.stage is Stage.DATA and not s.data_left).heal().resume().play()

    assert world.state.status is Status.DONE


def test_a_failure_that_was_not_settled_yet_is_settled() -> None:
    world = killed(Phase.DOWNLOADING, DownloadBatch)
    world.tell(failed(world.commands(DownloadBatch)[0], Cause.FAILED))
    world.resume().play()

    assert [e.attempt for e in world.events(BatchAssigned) if e.batch == 1] == [1, 2]
    assert world.state.status is Status.DONE
