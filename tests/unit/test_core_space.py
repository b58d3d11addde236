"""Nodes whose disks are full: they wait, and the run pauses when all do."""

from tests.support.answers import node_failed
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import DownloadBatch, JoinNode, LoadSSTables
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.batches import BatchAssigned, SSTablesLoaded
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import NodeReadmitted, NodeWaitingForSpace
from scylla_restore.events.model.run import PauseRequested, RunPaused
from scylla_restore.events.model.target import Tuning

WORK = (directory("t1", range(1, 40)),)
FULL = "no node has enough free disk space for its next batch"


def test_a_node_without_space_waits_while_another_takes_its_batch() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1", times=1).start().play()

    assert world.state.status is Status.DONE
    assert [e.node for e in world.events(NodeWaitingForSpace)] == ["n1"]
    assert [e.node for e in world.events(BatchAssigned) if e.batch == 1] == ["n1", "n2"]
    assert [e.node for e in world.events(NodeReadmitted)] == ["n1"]


def test_a_run_pauses_when_all_nodes_wait_for_space() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.fails(DownloadBatch, Cause.NO_SPACE).start().play()

    assert world.events(PauseRequested) == [PauseRequested(requested_by="supervisor", reason=FULL)]
    last = world.log[-1].event
    assert isinstance(last, RunPaused)
    assert (last.reason, last.staged_batches) == (FULL, 0)
    assert not world.state.ledger.entries


def test_a_run_that_paused_for_space_goes_on_when_there_is_some() -> None:
    world = World(hosts=hosts("n1"), directories=WORK)
    world.fails(DownloadBatch, Cause.NO_SPACE, times=1).start().play()
    assert isinstance(world.log[-1].event, RunPaused)

    world.resume().play()

    assert world.state.status is Status.DONE


def test_a_load_that_made_space_ends_its_nodes_waiting() -> None:
    world = World(hosts=hosts("n1"), directories=WORK)
    world.took_s = lambda command: 4.0 if isinstance(command, LoadSSTables) else 1.0
    world.start().until_phase(Phase.LOADING).fails(DownloadBatch, Cause.NO_SPACE, times=1)
    world.play(lambda state: state.nodes["n1"].waits_for_space)

    world.play(lambda state: not state.nodes["n1"].waits_for_space)

    (waiting,) = world.events(NodeWaitingForSpace)
    assert world.now < waiting.until
    assert world.events(SSTablesLoaded)


def test_a_run_does_not_pause_while_a_load_may_make_space() -> None:
    world = World(hosts=hosts("n1"), directories=WORK)
    world.took_s = lambda command: 4.0 if isinstance(command, LoadSSTables) else 1.0
    world.start().until_phase(Phase.LOADING).fails(DownloadBatch, Cause.NO_SPACE, times=1).play()

    assert world.state.status is Status.DONE
    assert not world.events(PauseRequested)


def test_nodes_that_can_take_nothing_do_not_keep_a_full_cluster_from_pausing() -> None:
    world = World(hosts=(*hosts("n1"), Host(address="n2", locations=())), directories=WORK)
    world.fails(DownloadBatch, Cause.NO_SPACE).start().play()

    assert world.state.status is Status.PAUSED
    assert len(world.events(NodeWaitingForSpace)) == 1


def test_a_node_that_rests_for_another_reason_may_still_take_the_batch() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.fails(DownloadBatch, Cause.UNREACHABLE, node="n2", times=1)
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1").start().play()

    assert world.state.status is Status.DONE
    assert not world.events(PauseRequested)


def test_a_node_that_failed_too_often_does_not_keep_a_full_cluster_from_pausing() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.fails(DownloadBatch, Cause.UNREACHABLE, node="n2")
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1").start().play()

    assert world.state.status is Status.PAUSED


def test_a_node_that_has_not_joined_yet_is_waited_for_before_a_pause() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.LOADING)
    world.hosts["n2"] = Host(address="n2")
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1")
    world.took_s = lambda c: 100.0 if isinstance(c, JoinNode) and c.node == "n2" else 1.0

    world.resume().play()

    assert world.state.status is Status.DONE


def test_with_few_nodes_at_a_time_the_others_are_tried_before_a_pause() -> None:
    world = World(hosts=hosts("n1", "n2", "n3"), directories=WORK, tuning=Tuning(parallel=1))
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1").fails(DownloadBatch, Cause.NO_SPACE, node="n2")
    world.start().play()

    assert world.state.status is Status.DONE
    assert not world.events(PauseRequested)


def test_a_disk_that_stays_full_is_looked_at_less_and_less_often() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.took_s = lambda command: 100.0 if isinstance(command, LoadSSTables) else 1.0
    world.fails(DownloadBatch, Cause.NO_SPACE, node="n1").start().play()

    rests = [
        (e.event.until - e.at).total_seconds() for e in world.log if isinstance(e.event, NodeWaitingForSpace)
    ]
    assert len(rests) > 3
    assert rests[:4] == sorted(rests[:4])
    assert 12 <= rests[0] <= 18


def test_a_node_that_fails_to_join_is_no_reason_to_wait_for_it_before_a_pause() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK).start().until_phase(Phase.LOADING)
    world.fails(DownloadBatch, Cause.NO_SPACE).on(JoinNode, node_failed, node="n2")

    world.resume().play()

    assert world.state.status is Status.PAUSED
