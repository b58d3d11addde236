"""What failed is tried again: elsewhere first, later, and not forever."""

from itertools import pairwise

import pytest
from tests.support.answers import node_failed
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import Alter, DownloadBatch, LoadSSTables, MoveIntoUpload
from scylla_restore.engine.core.limits import NODE_GIVEN_UP, SUSPEND_MAX_S
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.batches import BatchAssigned, BatchReturned, DownloadFailed
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended
from scylla_restore.events.model.run import FailureDeclared, RunFailed

THE_NODES_OWN = (Cause.UNREACHABLE, Cause.AGENT_RESTARTED)
THE_BATCHS = (Cause.REFUSED, Cause.INCOMPLETE, Cause.FAILED)
ONE_BATCH = (directory("t1", (2, 1)),)
WORK = (DownloadBatch, MoveIntoUpload, LoadSSTables)


def places(world: World, batch: int = 1) -> list[str]:
    return [e.node for e in world.events(BatchAssigned) if e.batch == batch]


def declared(world: World) -> FailureDeclared:
    (event,) = world.events(FailureDeclared)
    return event


@pytest.mark.parametrize("kind", WORK)
def test_a_batch_that_failed_goes_to_another_node_first(
    kind: type[DownloadBatch | MoveIntoUpload | LoadSSTables],
) -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH).fails(kind, Cause.REFUSED, node="n1")
    world.start().play()

    assert world.state.status is Status.DONE
    assert places(world) == ["n1", "n2"]
    assert [(e.batch, e.attempt, e.reason) for e in world.events(BatchReturned)] == [
        (1, 1, "the node says refused")
    ]


def test_a_node_does_not_take_again_what_it_failed_as_long_as_another_has_not_tried() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=(directory("t1", [10, 10, 5, 5]),))
    world.fails(DownloadBatch, Cause.REFUSED, node="n1", times=1)
    world.took_s = lambda command: 50.0 if getattr(command, "node", "") == "n2" else 0.1
    world.start().play()

    assert world.state.status is Status.DONE
    (again,) = [e for e in world.events(BatchAssigned) if e.attempt == 2]
    assert again.node == "n2"


def test_the_next_attempt_has_the_same_sstables_and_a_number_of_its_own() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH).fails(DownloadBatch, Cause.FAILED, times=1)
    first, second = world.start().play().events(BatchAssigned)

    assert (first.attempt, second.attempt) == (1, 2)
    assert (first.batch, first.sstables, first.size) == (second.batch, second.sstables, second.size)
    assert world.commands(DownloadBatch)[1].staging.endswith("-1-2")
    assert world.commands(DownloadBatch)[1].jobs == ()


def test_a_lonely_node_tries_again_itself_after_a_rest() -> None:
    world = World(hosts=hosts("n1"), directories=ONE_BATCH).fails(DownloadBatch, Cause.FAILED, times=2)
    world.start().play()

    assert world.state.status is Status.DONE
    assert places(world) == ["n1", "n1", "n1"]
    assert len(world.events(NodeReadmitted)) == 2


def test_a_node_rests_longer_after_each_failure_but_not_forever() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=(directory("t1", range(1, 200)),))
    world.fails(DownloadBatch, Cause.UNREACHABLE, node="n2", times=NODE_GIVEN_UP + 4)
    world.took_s = lambda _: 30.0
    world.start().play()

    rests = [
        e.until - envelope.at for envelope in world.log if isinstance(e := envelope.event, NodeSuspended)
    ]
    seconds = [rest.total_seconds() for rest in rests]
    assert len(seconds) == NODE_GIVEN_UP + 4
    assert all(after > before for before, after in pairwise(seconds[:NODE_GIVEN_UP]))
    assert max(seconds) <= 1.2 * SUSPEND_MAX_S
    assert world.state.status is Status.DONE


def test_a_node_that_loads_something_starts_again_with_a_clean_slate() -> None:
    world = World(hosts=hosts("n1"), directories=ONE_BATCH).fails(LoadSSTables, Cause.FAILED, times=2)
    world.start().play()

    assert world.state.nodes["n1"].failures == 0


def test_a_suspended_node_gets_nothing_until_it_is_readmitted() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=(directory("t1", range(1, 40)),))
    world.fails(DownloadBatch, Cause.UNREACHABLE, node="n1", times=1).start()
    world.play(lambda state: "n1" in state.suspended)
    until = world.state.nodes["n1"].suspended_until
    assert until is not None

    world.play()

    after = [e for e in world.log if isinstance(e.event, BatchAssigned) and e.event.node == "n1"]
    assert [e.at >= until for e in after[1:]] == [True] * (len(after) - 1)
    assert len(after) > 1


def test_a_missing_object_fails_the_run_at_once() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=(directory("t1", range(1, 40)),))
    world.fails(DownloadBatch, Cause.MISSING_OBJECT, times=1).start().play()

    assert declared(world).failure.message == "the node says missing_object"
    assert isinstance(world.log[-1].event, RunFailed)
    assert world.log[-1].event.resumable
    assert len([e for e in world.events(DownloadFailed) if e.failure.cause is Cause.MISSING_OBJECT]) == 1


@pytest.mark.parametrize("cause", THE_BATCHS)
def test_a_batch_that_failed_three_times_everywhere_fails_the_run_by_name(cause: Cause) -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH).fails(LoadSSTables, cause).start().play()

    assert sorted(places(world)) == ["n1"] * 3 + ["n2"] * 3
    failure = declared(world).failure
    assert failure.message.startswith("2 SSTables of ks.t1 from s3:backups/backup/sst/t1 failed 6 times")
    assert failure.message.endswith("the last time on n2: the node says " + cause)
    assert (failure.node, failure.call) == ("n2", "a call")
    assert failure.hint == "put the cause right, then `scylla-restore resume`"


def test_a_node_that_cannot_reach_the_batch_is_not_waited_for() -> None:
    world = World(hosts=(*hosts("n1"), Host(address="n2", locations=())), directories=ONE_BATCH)
    world.fails(LoadSSTables, Cause.FAILED).start().play()

    assert places(world) == ["n1"] * 3
    assert world.state.status is Status.FAILED


@pytest.mark.parametrize("cause", THE_NODES_OWN)
def test_a_nodes_own_failures_do_not_count_against_the_batch(cause: Cause) -> None:
    world = World(hosts=hosts("n1"), directories=ONE_BATCH).fails(DownloadBatch, cause, times=5)
    world.start().play()

    assert world.state.status is Status.DONE
    assert len(places(world)) == 6


def test_a_run_ends_when_every_node_has_failed_again_and_again() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH).fails(DownloadBatch, Cause.UNREACHABLE)
    world.start().play()

    assert declared(world).failure.message == "all 2 nodes have failed 8 times or more in a row"
    assert declared(world).resumable


def test_a_node_given_up_is_still_asked_now_and_then() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=(directory("t1", [9] * 400),))
    world.fails(DownloadBatch, Cause.UNREACHABLE, node="n2", times=NODE_GIVEN_UP + 2)
    world.took_s = lambda _: 20.0
    world.start().play()

    assert world.state.status is Status.DONE
    assert [e.node for e in world.events(BatchAssigned)].count("n2") > NODE_GIVEN_UP


def test_the_staging_directory_of_a_failed_attempt_is_in_the_ledger_until_it_is_gone() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH)
    world.fails(DownloadBatch, Cause.FAILED, times=1, staging_left=True).start()
    world.play(lambda state: bool(state.suspended))
    assert "staging/1/1" in world.state.ledger.entries

    world.play()

    assert world.state.status is Status.DONE
    assert not world.state.ledger.entries


def test_a_batch_that_failed_everywhere_is_declared_when_the_last_other_node_is_given_up() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH)
    world.fails(LoadSSTables, Cause.FAILED, node="n1").fails(DownloadBatch, Cause.UNREACHABLE, node="n2")
    world.start().play()

    assert world.state.status is Status.FAILED
    assert declared(world).failure.message.startswith("2 SSTables of ks.t1")
    assert places(world).count("n1") == 3


def test_a_node_that_cannot_be_set_up_is_asked_again_later() -> None:
    world = World(hosts=hosts("n1"), directories=ONE_BATCH).on(Alter, node_failed, times=2).start().play()

    assert world.state.status is Status.DONE
    assert len(world.commands(Alter)) == 3


def test_a_run_ends_when_no_node_can_be_set_up() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=ONE_BATCH).on(Alter, node_failed).start().play()

    assert declared(world).failure.message == "all 2 nodes have failed 8 times or more in a row"
    assert not world.events(BatchAssigned)
