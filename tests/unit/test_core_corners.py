"""Corners of the core that no story turns: what is folded all the same, and what is never asked."""

import pytest
from tests.support.answers import failed, node_failed
from tests.support.hosts import Host, directory, hosts
from tests.support.world import START, World

from scylla_restore.engine.core.alterations import wanted_alterations
from scylla_restore.engine.core.backoff import space_check, suspension
from scylla_restore.engine.core.commands import DownloadBatch, JoinNode, LoadSSTables, OpenLocation
from scylla_restore.engine.core.limits import SUSPEND_MAX_S
from scylla_restore.engine.core.rules.attend import _recover
from scylla_restore.engine.core.rules.endings import conclude
from scylla_restore.engine.core.state import Ending, Phase, RunState, Status
from scylla_restore.engine.core.state.run_state import (
    decode_checkpoint,
    encode_checkpoint,
    seen_of_checkpoint,
)
from scylla_restore.events.model import alterations, batches, run
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import LocationOpened
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.model.run import FailureDeclared

WORK = (directory("t1", range(1, 20)),)
NO = Failure(cause=Cause.FAILED, message="no")


def at(phase: Phase) -> World:
    return World(hosts=hosts("n1"), directories=WORK).start().until_phase(phase)


def test_what_is_undone_already_can_neither_be_made_nor_fail_to_be_undone() -> None:
    world = at(Phase.STAGED)
    before = dict(world.state.ledger.entries)

    world.tell(
        alterations.AlterationMade(id="gone"),
        alterations.UndoFailed(id="gone", failure=NO),
        alterations.AlterationUndone(id="gone"),
    )

    assert world.state.ledger.entries == before


def test_a_second_wish_changes_nothing_about_an_end() -> None:
    world = at(Phase.STAGED)
    world.tell(
        run.AbortRequested(requested_by="ann"),
        run.PauseRequested(requested_by="bob", reason="late"),
        FailureDeclared(failure=NO, resumable=True, exit_code=1),
    )

    assert world.state.ending is Ending.ABORT
    assert world.state.ending_reason == ""


def test_a_node_that_failed_twice_is_settled_once() -> None:
    world = at(Phase.STAGED)
    (failure,) = node_failed(JoinNode(node="n1", discovered=Host(address="n1").discovered, locations=()))
    world.tell(failure, failure)

    assert world.state.unsettled_nodes == ["n1"]
    world.decide()
    assert [e.failures for e in world.events(NodeSuspended)] == [2]


def test_a_node_that_rests_already_rests_no_longer_for_what_fails_meanwhile() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(LoadSSTables).start().until_phase(Phase.LOADING)
    world.fails(DownloadBatch, Cause.UNREACHABLE, times=1).play(lambda state: bool(state.suspended))
    until = world.state.nodes["n1"].suspended_until

    world.report("node/n1", failed(world.commands(LoadSSTables)[0], Cause.FAILED))

    assert world.state.nodes["n1"].suspended_until == until
    assert len(world.events(NodeSuspended)) == 1


def test_a_loaded_batch_whose_directory_could_not_be_removed_leaves_an_entry() -> None:
    world = World(hosts=hosts("n1"), directories=WORK)
    world.on(
        LoadSSTables,
        lambda c: (batches.SSTablesLoaded(batch=c.batch, attempt=c.attempt, staging_left=True),),
        times=1,
    )
    world.start().play(lambda state: state.restored_sstables > 0)
    assert "staging/1/1" in world.state.ledger.entries

    assert world.play().state.status is Status.DONE
    assert not world.state.ledger.entries


def test_a_batch_may_go_to_the_load_lane_without_having_been_seen_in_staging() -> None:
    world = at(Phase.STAGED)
    batch = world.state.in_phase(Phase.STAGED)[0]
    world.state.nodes["n1"].staged.remove(batch.id)
    world.state.nodes["n1"].load = None

    world.tell(batches.LoadRequested(batch=batch.id, attempt=batch.attempt))

    assert world.state.nodes["n1"].load == batch.id


def test_a_batch_of_which_nobody_knows_when_it_began_says_nothing_about_pace() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(DownloadBatch).start()
    world.until_phase(Phase.DOWNLOADING)
    world.state.in_phase(Phase.DOWNLOADING)[0].began = None

    world.report("node/n1", batches.BatchDownloaded(batch=1, attempt=1, downloaded=1))

    assert world.state.nodes["n1"].moved_s == 0.0


@pytest.mark.parametrize("phase", [Phase.STAGED, Phase.FAILED, Phase.RETURNED])
def test_what_is_in_no_lane_needs_no_recovery(phase: Phase) -> None:
    world = at(Phase.STAGED)
    batch = world.state.in_phase(Phase.STAGED)[0]
    batch.phase = phase

    assert _recover(world.state, batch) == (None, None)


def test_a_run_that_is_not_ending_is_not_concluded() -> None:
    assert conclude(RunState(run="r"), START) is None


def test_a_node_of_unknown_settings_wants_nothing_altered() -> None:
    world = at(Phase.STAGED)
    world.state.nodes["n1"].settings = None

    assert list(wanted_alterations(world.state, world.state.nodes["n1"])) == []


def test_a_snapshot_that_is_nowhere_is_refused_by_its_tag() -> None:
    world = World(hosts=hosts("n1"))
    world.on(OpenLocation, lambda c: (LocationOpened(location=c.location, manifests=()),)).start().play()

    (declared,) = world.events(FailureDeclared)
    assert "snapshot sm_20260102030405UTC" in declared.failure.message
    assert (declared.resumable, declared.exit_code) == (False, 2)


def test_jitter_spreads_nodes_and_is_the_same_every_time() -> None:
    rests = {suspension(7, f"n{number}", 1) for number in range(20)}

    assert len(rests) > 15
    assert all(1.6 <= rest.total_seconds() <= 2.4 for rest in rests)
    assert suspension(7, "n1", 3) == suspension(7, "n1", 3)
    assert suspension(7, "n1", 1000).total_seconds() <= 1.2 * SUSPEND_MAX_S
    assert suspension(7, "n1", 0) != space_check(7, "n1", 0)


def test_a_checkpoint_that_cannot_be_read_says_so() -> None:
    data = encode_checkpoint(at(Phase.LOADING).state, b"seen")

    assert seen_of_checkpoint(data) == b"seen"
    with pytest.raises(ValueError, match="truncated"):
        decode_checkpoint(data[:-9])


def test_a_hundred_batches_leave_nothing_behind_but_their_sums() -> None:
    world = World(hosts=hosts("n1"), directories=(directory("t1", [5] * 400),)).start().play()

    assert world.state.last_batch > 15
    assert not world.state.batches
    assert not world.state.ledger.entries
    assert world.state.workload.heaps == {"s3:backups": []}
    assert all(not s.taken for d in world.state.workload.directories.values() for s in d.segments)
