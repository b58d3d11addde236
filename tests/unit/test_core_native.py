"""Batches that Scylla restores by itself: who takes them, what happens when that fails, and when a run ends meanwhile."""

import pytest
from tests.support.answers import native_started
from tests.support.hosts import LOCATION, Host, directory, hosts, native_hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    DownloadBatch,
    ReadNodeSettings,
    RestoreNatively,
    StopNativeRestore,
)
from scylla_restore.engine.core.limits import NATIVE_FAILURES, USER_TTL_S
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.alterations import AlterationIntended, AlterationUndone, UserTtlSet
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchReturned,
    NativeRestoreProgressed,
    NativeRestoreRequested,
    NativeRestoreStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.locations import DirectoryIndexed, SSTableShape
from scylla_restore.events.model.run import AbortRequested, RunFailed
from scylla_restore.events.model.target import Method, Tuning

SNAPSHOT = "sm_20260101000000UTC"
INTEGERS = directory("t2", (5, 5), ids=("1", "2"))
VERSIONED = directory("t3", (7,), ids=("3gt3-0000",), suffixes={"3gt3-0000": {"Data.db": SNAPSHOT}})
NO_TOC = directory("t4", (3,), shape=SSTableShape(version="me", format="big", components=("Data.db",)))


def methods(world: World) -> dict[str, set[Method]]:
    by_directory: dict[str, set[Method]] = {}
    for assigned in world.events(BatchAssigned):
        by_directory.setdefault(assigned.directory, set()).add(assigned.method)
    return by_directory


def test_scylla_restores_what_it_can_and_the_agents_copy_the_rest() -> None:
    world = World(hosts=native_hosts("n1", "n2"), directories=(directory("t1", (9, 8)), INTEGERS, VERSIONED))
    world.start().play()

    assert world.state.status is Status.DONE
    assert methods(world) == {"t1": {Method.NATIVE}, "t2": {Method.RCLONE}, "t3": {Method.RCLONE}}


def test_sstables_without_a_table_of_contents_are_copied() -> None:
    world = World(hosts=native_hosts("n1"), directories=(NO_TOC,)).start().play()

    assert methods(world) == {"t4": {Method.RCLONE}}


def test_scylla_is_asked_for_tables_of_contents_below_the_directory() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", (9, 8)),)).start().play()
    (command,) = world.commands(RestoreNatively)

    assert (command.endpoint, command.bucket, command.prefix) == (
        "https://s3.example:443",
        "backups",
        "backup/sst/t1",
    )
    assert command.sstables == ("me-3gt1-0000-big-TOC.txt", "me-3gt1-0001-big-TOC.txt")
    assert (command.keyspace, command.table, command.size) == ("ks", "t1", 17)


def test_one_native_restore_runs_on_a_node_at_a_time_and_copies_beside_it() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", [9] * 400), INTEGERS))
    world.hangs(RestoreNatively).start()
    world.play(lambda state: bool(state.in_phase(Phase.RESTORING)) and bool(state.nodes["n1"].staged))

    assert len(world.state.in_phase(Phase.RESTORING)) == 1


@pytest.mark.parametrize(
    ("version", "method", "expected"),
    [
        ("2026.1.0", Method.AUTO, Method.NATIVE),
        ("2025.4.3", Method.AUTO, Method.RCLONE),
        ("666.development", Method.AUTO, Method.RCLONE),
        ("2025.4.3", Method.NATIVE, Method.NATIVE),
        ("2026.1.0", Method.RCLONE, Method.RCLONE),
    ],
)
def test_the_release_decides_unless_somebody_insists(version: str, method: Method, expected: Method) -> None:
    host = Host(address="n1", scylla_version=version, native={LOCATION.key: "https://s3.example"})
    world = World(hosts=(host,), directories=(directory("t1", (9,)),), tuning=Tuning(method=method))

    assert methods(world.start().play()) == {"t1": {expected}}


def test_a_node_whose_scylla_does_not_reach_the_location_copies() -> None:
    world = World(hosts=(*native_hosts("n1"), *hosts("n2")), directories=(directory("t1", [9] * 40),))
    world.start().play()
    by_node = {(assigned.node, assigned.method) for assigned in world.events(BatchAssigned)}

    assert by_node == {("n1", Method.NATIVE), ("n2", Method.RCLONE)}


def test_a_batch_that_scylla_could_not_restore_is_copied_the_next_time() -> None:
    world = World(hosts=native_hosts("n1", "n2"), directories=(directory("t1", (9,)),))
    world.fails(RestoreNatively, Cause.FAILED).start().play()

    assert [assigned.method for assigned in world.events(BatchAssigned)] == [Method.NATIVE, Method.RCLONE]
    assert world.state.status is Status.DONE


@pytest.mark.parametrize("cause", [Cause.UNREACHABLE, Cause.AGENT_RESTARTED])
def test_a_batch_that_was_lost_with_its_node_is_scyllas_again(cause: Cause) -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),))
    world.fails(RestoreNatively, cause, times=1).start().play()

    assert [assigned.method for assigned in world.events(BatchAssigned)] == [Method.NATIVE, Method.NATIVE]


def test_a_node_that_fails_again_and_again_copies_from_then_on() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", [9] * 400),))
    world.fails(RestoreNatively, Cause.FAILED).start().play()

    assert len(world.commands(RestoreNatively)) == NATIVE_FAILURES
    assert world.state.status is Status.DONE


def test_who_insists_is_told_when_scylla_fails_for_good() -> None:
    world = World(
        hosts=native_hosts("n1"), directories=(directory("t1", (9,)),), tuning=Tuning(method=Method.NATIVE)
    )
    world.fails(RestoreNatively, Cause.FAILED).start().play()

    assert not world.commands(DownloadBatch)
    assert "failed 3 times" in world.events(RunFailed)[-1].failure.message


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (INTEGERS, "2 SSTables of ks.t2 in s3:backups by itself: they have integer ids"),
        (VERSIONED, "1 SSTables of ks.t3 in s3:backups by itself: they are kept under names with a snapshot"),
        (NO_TOC, "1 SSTables of ks.t4 in s3:backups by itself: they have no TOC"),
    ],
)
def test_who_insists_is_refused_for_what_scylla_cannot_restore(made: DirectoryIndexed, words: str) -> None:
    world = World(hosts=native_hosts("n1"), directories=(made,), tuning=Tuning(method=Method.NATIVE))
    (refused,) = world.start().play().events(RunFailed)

    assert words in refused.failure.message
    assert (refused.resumable, refused.exit_code) == (False, 2)


def test_who_insists_is_refused_where_no_node_can() -> None:
    host = Host(
        address="n1", native_refusals={LOCATION.key: "its Scylla has no object_storage_endpoints configured"}
    )
    world = World(
        hosts=(host, *hosts("n2")), directories=(directory("t1", (9,)),), tuning=Tuning(method=Method.NATIVE)
    )
    (refused,) = world.start().play().events(RunFailed)

    assert (
        "n1: its Scylla has no object_storage_endpoints configured (and 1 more nodes)"
        in refused.failure.message
    )
    assert (refused.resumable, refused.exit_code, refused.failure.hint) == (
        False,
        2,
        "`--method auto` downloads what Scylla cannot restore by itself",
    )


def test_who_insists_leaves_the_work_to_the_nodes_that_can() -> None:
    world = World(
        hosts=(*native_hosts("n1"), *hosts("n2")),
        directories=(directory("t1", [9] * 40),),
        tuning=Tuning(method=Method.NATIVE),
    )
    world.start().play()

    assert {assigned.node for assigned in world.events(BatchAssigned)} == {"n1"}


def test_who_insists_later_is_told_what_is_beyond_every_node() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)), INTEGERS))
    world.hangs(DownloadBatch).start().play(lambda state: bool(state.in_phase(Phase.DOWNLOADING)))
    world.pause().heal().play()
    world.resume(Tuning(method=Method.NATIVE)).play()

    assert "2 SSTables of ks.t2" in world.events(RunFailed)[-1].failure.message
    assert world.events(RunFailed)[-1].resumable


def test_the_time_for_which_tasks_are_known_is_raised_and_put_back() -> None:
    world = World(hosts=native_hosts("n1", user_ttl=60), directories=(directory("t1", (9,)),)).start().play()
    alteration = UserTtlSet(node="n1", before=60, after=USER_TTL_S)
    (intended,) = [e for e in world.events(AlterationIntended) if e.alteration == alteration]

    assert AlterationUndone(id=intended.id) in world.events(AlterationUndone)
    assert world.commands(ReadNodeSettings)[0].native


@pytest.mark.parametrize("user_ttl", [None, USER_TTL_S])
def test_a_time_that_is_long_enough_or_unknown_is_left_alone(user_ttl: int | None) -> None:
    world = World(hosts=native_hosts("n1", user_ttl=user_ttl), directories=(directory("t1", (9,)),))
    world.start().play()

    assert not [e for e in world.events(AlterationIntended) if isinstance(e.alteration, UserTtlSet)]


def test_the_time_is_put_back_early_when_nobody_wants_native_restores_any_more() -> None:
    world = World(hosts=native_hosts("n1", user_ttl=60), directories=(directory("t1", [9] * 40),))
    world.hangs(RestoreNatively, times=1).start().play(lambda state: bool(state.in_phase(Phase.RESTORING)))
    world.pause().play()
    world.resume(Tuning(method=Method.RCLONE))
    world.hangs(DownloadBatch).play(lambda state: bool(state.in_phase(Phase.DOWNLOADING)))

    assert not [e for e in world.state.ledger.entries.values() if isinstance(e.alteration, UserTtlSet)]


def restoring(world: World) -> World:
    world.hangs(RestoreNatively, times=1).start()
    return world.play(lambda state: bool(state.in_phase(Phase.RESTORING)))


def test_an_engine_follows_the_task_that_the_one_before_began() -> None:
    world = restoring(World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),)))
    world.resume().play()

    assert [command.task for command in world.commands(RestoreNatively)] == ["", "task-1-1"]
    assert len(world.events(NativeRestoreRequested)) == len(world.events(SSTablesLoaded)) == 1


def test_an_engine_asks_again_where_nobody_knows_whether_scylla_took_the_request() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),))
    world.on(RestoreNatively, lambda _: (), times=1).start()
    world.play(lambda state: bool(state.in_phase(Phase.ASKED)) and bool(world.hanging))
    world.resume().play()

    assert [(e.batch, e.attempt) for e in world.events(NativeRestoreRequested)] == [(1, 1), (1, 1)]
    assert world.state.status is Status.DONE


def test_an_engine_that_only_ends_the_run_does_not_ask_again() -> None:
    world = World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),))
    world.on(RestoreNatively, lambda _: (), times=1).start()
    world.play(lambda state: bool(state.in_phase(Phase.ASKED)) and bool(world.hanging))
    world.resume(opening=(AbortRequested(requested_by="ann"),)).play()

    assert len(world.commands(RestoreNatively)) == 1
    assert "nobody knows whether Scylla took the request" in world.events(BatchReturned)[-1].reason


@pytest.mark.parametrize(("end", "status"), [("pause", Status.PAUSED), ("abort", Status.ABORTED)])
def test_a_native_restore_ends_with_the_run_and_is_begun_anew(end: str, status: Status) -> None:
    world = restoring(World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),)))
    (world.pause() if end == "pause" else world.abort()).play()

    assert [(c.batch, c.attempt) for c in world.commands(StopNativeRestore)] == [(1, 1)]
    assert world.state.status is status
    if end == "pause":
        world.resume().play()
        assert [command.task for command in world.commands(RestoreNatively)] == ["", ""]


def test_a_native_restore_that_was_done_when_it_was_to_stop_is_done() -> None:
    world = restoring(World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),)))
    world.on(StopNativeRestore, lambda c: (SSTablesLoaded(batch=c.batch, attempt=c.attempt),))
    world.pause().play()

    assert (world.state.status, world.state.restored_sstables) == (Status.PAUSED, 1)


def test_progress_of_a_task_that_is_no_longer_ours_is_dropped() -> None:
    world = restoring(World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),)))
    stale = NativeRestoreProgressed(batch=1, attempt=0, restored=3)
    world.report("node/n1", stale, NativeRestoreProgressed(batch=1, attempt=1, restored=5))

    assert [event.restored for event in world.events(NativeRestoreProgressed)] == [5]


def test_a_second_beginning_of_one_attempt_is_dropped() -> None:
    world = restoring(World(hosts=native_hosts("n1"), directories=(directory("t1", (9,)),)))
    (command,) = world.commands(RestoreNatively)
    world.report("node/n1", native_started(command))

    assert len(world.events(NativeRestoreStarted)) == 1


def test_a_node_that_is_gone_gives_its_native_batch_back() -> None:
    world = restoring(World(hosts=native_hosts("n1", "n2"), directories=(directory("t1", (9,)),)))
    (gone,) = [batch.node for batch in world.state.in_phase(Phase.RESTORING)]
    del world.hosts[gone]
    world.resume().play()

    assert world.events(BatchReturned)[-1].reason == f"{gone} left the cluster"
    assert world.state.status is Status.DONE


def test_only_so_many_nodes_restore_at_a_time() -> None:
    world = World(
        hosts=native_hosts("n1", "n2", "n3"),
        directories=(directory("t1", [9] * 60),),
        tuning=Tuning(parallel=1),
    )
    world.hangs(RestoreNatively).start().pass_s(60)

    assert len(world.state.in_phase(Phase.RESTORING)) == 1
