"""What nodes and the cluster are asked before anything is altered."""

from collections import deque

import msgspec
import pytest
from tests.support.scripted_node import ADDRESS, ScriptedNode, missing, refused, topology, unreachable
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.discover import discover, resolve_tables
from scylla_restore.actors.procedures.join import join, read_settings
from scylla_restore.engine.core.commands import JoinNode, ReadNodeSettings, ResolveTables
from scylla_restore.engine.core.object_storage import AgentStore, ScyllaStore
from scylla_restore.engine.errors import NotAuthorized
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import (
    ClusterDiscovered,
    DiscoveredNode,
    DiscoveryFailed,
    NodeFailed,
    NodeJoined,
    NodeSettingsRead,
    TableDirectory,
    TablesResolved,
)

ID_1, ID_2 = "0" * 32, "f" * 32
JOIN = JoinNode(
    node=ADDRESS,
    discovered=DiscoveredNode(address=ADDRESS, host_id="h1", dc="dc1", rack="r1"),
    locations=("s3:here", "s3:gone", "gcs:closed"),
)
UNAUTHORIZED = NotAuthorized("unauthorized", node=ADDRESS, call="any", status=401)


class Asked:
    """A node and what was reported about it."""

    def __init__(self) -> None:
        self.node = ScriptedNode()
        self.runtime = SteppingRuntime()
        self.events: list[AnyEvent] = []
        self.asking = Node(self.node, address=ADDRESS, now=self.runtime.now, report=self.events.append)

    def event(self) -> AnyEvent:
        (event,) = self.events
        return event


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_node_joins_with_the_stores_that_its_scylla_reaches_too(asked: Asked) -> None:
    asked.node.unlistable = {"s3:gone": missing()}
    asked.node.node_info = msgspec.structs.replace(
        asked.node.node_info,
        agent_stores={"s3": AgentStore(endpoint="http://s3.example"), "gcs": AgentStore()},
        scylla_stores=(ScyllaStore(name="http://s3.example:80", type="s3"),),
    )
    asked.runtime.drive(join(asked.asking, JOIN))
    event = asked.event()
    assert isinstance(event, NodeJoined)
    assert event.native_endpoints == {"s3:here": "http://s3.example:80"}
    assert list(event.native_refusals) == ["gcs:closed"]


@pytest.mark.parametrize(("native", "expected"), [(True, 60), (False, None)])
def test_scylla_is_asked_for_how_long_it_knows_tasks_where_that_matters(
    asked: Asked, native: bool, expected: int | None
) -> None:
    asked.runtime.drive(read_settings(asked.asking, ReadNodeSettings(node=ADDRESS, tables=(), native=native)))
    event = asked.event()
    assert isinstance(event, NodeSettingsRead)
    assert event.user_ttl == expected


def test_a_scylla_that_does_not_tell_for_how_long_it_knows_tasks_joins_all_the_same(asked: Asked) -> None:
    asked.node.fails["user_ttl"].append(refused("not found", status=404))
    asked.runtime.drive(read_settings(asked.asking, ReadNodeSettings(node=ADDRESS, tables=(), native=True)))
    event = asked.event()
    assert isinstance(event, NodeSettingsRead)
    assert event.user_ttl is None


def test_a_node_joins_with_the_locations_that_it_can_list(asked: Asked) -> None:
    asked.node.unlistable = {"s3:gone": missing(), "gcs:closed": refused("access denied")}
    asked.runtime.drive(join(asked.asking, JOIN))
    event = asked.event()
    assert isinstance(event, NodeJoined)
    assert event.locations == ("s3:here",)
    assert event.unreachable_locations == {"s3:gone": "directory not found", "gcs:closed": "access denied"}
    assert (event.host_id, event.dc, event.rack, event.shards) == ("h1", "dc1", "r1", 2)


@pytest.mark.parametrize("silent", ["info", "list_location"])
def test_a_silent_node_does_not_join(asked: Asked, silent: str) -> None:
    asked.node.fails[silent] = deque([unreachable() for _ in range(100)])
    asked.runtime.drive(join(asked.asking, JOIN))
    event = asked.event()
    assert isinstance(event, NodeFailed)
    assert event.failure.cause is Cause.UNREACHABLE


def test_a_wrong_token_is_told_with_its_exit_code(asked: Asked) -> None:
    asked.node.fails["info"] = deque([UNAUTHORIZED])
    asked.runtime.drive(join(asked.asking, JOIN))
    event = asked.event()
    assert isinstance(event, NodeFailed)
    assert (event.failure.cause, event.exit_code) == (Cause.REFUSED, 2)


def test_a_node_tells_how_it_is_set(asked: Asked) -> None:
    asked.node.compaction["ks:u"] = False
    asked.runtime.drive(read_settings(asked.asking, ReadNodeSettings(node=ADDRESS, tables=("ks:t", "ks:u"))))
    assert asked.event() == NodeSettingsRead(
        node=ADDRESS, transfers=2, bandwidth_rate="off", compaction={"ks:t": True, "ks:u": False}, cpus=(0,)
    )


def test_an_agent_that_does_not_tell_its_cpus_is_no_failure(asked: Asked) -> None:
    asked.node.fails["cpus"] = deque([refused("not found", status=404)])
    asked.runtime.drive(read_settings(asked.asking, ReadNodeSettings(node=ADDRESS, tables=())))
    event = asked.event()
    assert isinstance(event, NodeSettingsRead)
    assert event.cpus == ()


def test_settings_that_cannot_be_read_are_a_failure(asked: Asked) -> None:
    asked.node.fails["transfers"] = deque([refused("no")])
    asked.runtime.drive(read_settings(asked.asking, ReadNodeSettings(node=ADDRESS, tables=())))
    assert isinstance(asked.event(), NodeFailed)


def test_a_cluster_is_discovered_when_all_its_nodes_are_up_and_normal(asked: Asked) -> None:
    asked.node.topologies.append(topology())
    asked.runtime.drive(discover(asked.asking))
    event = asked.event()
    assert isinstance(event, ClusterDiscovered)
    assert (event.name, event.tables) == ("lab", ("ks:t",))


def test_nodes_that_are_not_up_and_normal_are_named(asked: Asked) -> None:
    asked.node.topologies.append(topology(n1="down", n2="joining"))
    asked.runtime.drive(discover(asked.asking))
    event = asked.event()
    assert isinstance(event, DiscoveryFailed)
    assert "n1 (down), n2 (joining)" in event.failure.message


def test_a_contact_point_that_refuses_ends_the_discovery_with_its_exit_code(asked: Asked) -> None:
    asked.node.fails["topology"] = deque([UNAUTHORIZED])
    asked.runtime.drive(discover(asked.asking))
    event = asked.event()
    assert isinstance(event, DiscoveryFailed)
    assert event.exit_code == 2


def test_each_table_has_one_directory(asked: Asked) -> None:
    asked.node.directories = {
        f"ks/t-{ID_1}": {},
        f"ks/t-x-{ID_2}": {},
        f"alternator_T/T:g-{ID_2}": {},
        "ks/lost+found": {},
    }
    asked.runtime.drive(resolve_tables(asked.asking, ResolveTables(tables=("ks:t", "alternator_T:T:g"))))
    assert asked.event() == TablesResolved(
        tables=(
            TableDirectory(keyspace="ks", table="t", directory=f"t-{ID_1}"),
            TableDirectory(keyspace="alternator_T", table="T:g", directory=f"T:g-{ID_2}"),
        )
    )


def test_two_directories_of_one_table_are_both_named(asked: Asked) -> None:
    asked.node.directories = {f"ks/t-{ID_1}": {}, f"ks/t-{ID_2}": {}}
    asked.runtime.drive(resolve_tables(asked.asking, ResolveTables(tables=("ks:t",))))
    event = asked.event()
    assert isinstance(event, DiscoveryFailed)
    assert event.exit_code == 2
    assert f"t-{ID_1}, t-{ID_2}" in event.failure.message


def test_a_table_without_a_directory_is_named(asked: Asked) -> None:
    asked.runtime.drive(resolve_tables(asked.asking, ResolveTables(tables=("ks:t",))))
    event = asked.event()
    assert isinstance(event, DiscoveryFailed)
    assert event.exit_code == 2
    assert "ks.t has no directory" in event.failure.message


def test_a_silent_contact_point_resolves_nothing(asked: Asked) -> None:
    asked.node.fails["list_directories"] = deque([unreachable() for _ in range(100)])
    asked.runtime.drive(resolve_tables(asked.asking, ResolveTables(tables=("ks:t",))))
    event = asked.event()
    assert isinstance(event, DiscoveryFailed)
    assert (event.failure.cause, event.exit_code) == (Cause.UNREACHABLE, 1)
