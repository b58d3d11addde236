"""INIT: what has to be known, and what stands in the way."""

import msgspec
import pytest
from tests.support.answers import node_failed
from tests.support.hosts import LOCATION, Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    DiscoverCluster,
    IndexLocation,
    JoinNode,
    OpenLocation,
    ReadNodeSettings,
    ResolveTables,
    VerifyLocation,
)
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.alterations import AlterationIntended
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import LocationFailed
from scylla_restore.events.model.nodes import DiscoveryFailed, NodeReadmitted, NodeSuspended
from scylla_restore.events.model.run import RunFailed
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import BackupLocation

NO = Failure(cause=Cause.REFUSED, message="no such bucket")
DIRECTORIES = (directory("t1", (3, 2, 1)),)


def verdict(world: World) -> RunFailed:
    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert not world.events(AlterationIntended)
    return event


def test_nodes_are_asked_to_join_side_by_side_while_the_location_is_listed() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=DIRECTORIES).start()
    world.on(JoinNode, lambda _: ()).on(OpenLocation, lambda _: ()).pass_s(5)

    assert [command.node for command in world.commands(JoinNode)] == ["n1", "n2"]
    assert world.commands(JoinNode)[0].locations == ("s3:backups",)
    assert len(world.commands(OpenLocation)) == 1


def test_a_location_is_indexed_with_what_the_cluster_can_take() -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES).start().play()

    (command,) = world.commands(IndexLocation)
    assert command.manifests == ("manifest",)
    assert command.tables == ("ks:t1",)
    assert world.state.locations["s3:backups"].read == {"manifest": "ab" * 32}
    assert not world.commands(VerifyLocation)


def test_the_tables_that_are_resolved_are_those_of_the_backup() -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES).start().play()

    assert [command.tables for command in world.commands(ResolveTables)] == [("ks:t1",)]
    assert [command.tables for command in world.commands(ReadNodeSettings)] == [("ks:t1",)]


@pytest.mark.parametrize(("exit_code", "kind"), [(1, OpenLocation), (2, IndexLocation)])
def test_a_location_that_says_no_ends_a_run_that_has_touched_nothing(
    exit_code: int, kind: type[OpenLocation | IndexLocation]
) -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES)
    failed = LocationFailed(location="s3:backups", failure=NO, exit_code=exit_code)
    world.on(kind, lambda _: (failed,)).start().play()

    assert verdict(world) == RunFailed(failure=NO, resumable=False, exit_code=exit_code)


@pytest.mark.parametrize("kind", [DiscoverCluster, ResolveTables])
def test_a_cluster_that_says_no_ends_it_too(kind: type[DiscoverCluster | ResolveTables]) -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES)
    world.on(kind, lambda _: (DiscoveryFailed(failure=NO, exit_code=2),)).start().play()

    assert verdict(world) == RunFailed(failure=NO, resumable=False, exit_code=2)


def test_a_backup_without_matching_data_is_refused_with_the_patterns() -> None:
    world = World(hosts=hosts("n1")).start().play()

    failed = verdict(world)
    assert failed.failure.message == "no data in the backup matches the keyspace patterns 'ks'"
    assert (failed.resumable, failed.exit_code) == (False, 2)
    assert not world.commands(ResolveTables)


def test_a_location_that_no_node_can_list_is_refused_in_the_agents_words() -> None:
    host = Host(address="n1", locations=(), unreachable={"s3:backups": "access denied"})
    failed = verdict(World(hosts=(host,), directories=DIRECTORIES).start().play())

    assert failed.failure.message == "no node can list s3:backups: n1: access denied"
    assert failed.exit_code == 2


def test_a_location_for_a_dc_without_nodes_is_refused_by_name() -> None:
    where = BackupLocation(provider="s3", bucket="backups", dc="dc9")
    failed = verdict(World(hosts=hosts("n1"), directories=DIRECTORIES, where=(where,)).start().play())

    assert failed.failure.message == "no node of DC dc9 can list dc9:s3:backups"


def test_of_two_locations_the_one_that_nobody_reaches_is_named() -> None:
    other = BackupLocation(provider="gcs", bucket="more")
    host = Host(address="n1", locations=(LOCATION.key,))
    world = World(
        hosts=(host,),
        directories=(*DIRECTORIES, directory("t2", (1,), location=other)),
        where=(LOCATION, other),
    )

    assert verdict(world.start().play()).failure.message == "no node can list gcs:more"


def test_a_node_that_does_not_join_is_asked_again_later() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=DIRECTORIES)
    world.on(JoinNode, node_failed, node="n2", times=2).start().play()

    assert world.state.status is Status.DONE
    assert [command.node for command in world.commands(JoinNode)] == ["n1", "n2", "n2", "n2"]
    suspensions = world.events(NodeSuspended)
    assert [(e.node, e.failures) for e in suspensions] == [("n2", 1), ("n2", 2)]
    assert len(world.events(NodeReadmitted)) == 2


def test_a_node_that_does_not_join_three_times_ends_the_run() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=DIRECTORIES)
    world.on(JoinNode, node_failed, node="n2").start().play()

    failed = verdict(world)
    assert failed.failure.message == "n2 does not answer"
    assert len(world.events(NodeSuspended)) == 3


def test_a_node_that_can_never_take_part_ends_the_run_at_once() -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES)
    world.on(JoinNode, lambda command: node_failed(command, exit_code=2)).start().play()

    assert verdict(world).exit_code == 2
    assert len(world.commands(JoinNode)) == 1


def test_settings_that_could_not_be_read_are_read_again() -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES)
    world.on(ReadNodeSettings, node_failed, times=1).start().play()

    assert world.state.status is Status.DONE
    assert len(world.commands(ReadNodeSettings)) == 2
    assert len(world.commands(JoinNode)) == 1


def test_a_node_is_not_asked_for_its_settings_while_it_rests() -> None:
    world = World(hosts=hosts("n1"), directories=DIRECTORIES)
    world.on(ReadNodeSettings, node_failed, times=1).start()
    world.play(lambda state: bool(state.suspended))

    assert len(world.commands(ReadNodeSettings)) == 1
    assert world.wake_at == world.state.nodes["n1"].suspended_until


def test_a_large_directory_may_come_in_parts() -> None:
    parts = (directory("t1", (5, 4)), directory("t1", (9,), ids=("3gmore",)))
    parts = (parts[0], msgspec.structs.replace(parts[1], shape_of=(0,)))
    world = World(hosts=hosts("n1"), directories=parts).start().play()

    assert world.state.restored_sstables == 3
    assert world.state.stage is Stage.DONE
