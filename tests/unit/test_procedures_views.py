"""Waiting for views: what is told while they are built, and when somebody has to look."""

from collections import deque

import msgspec
import pytest
from tests.support.schema_fake import FakeSchema
from tests.support.schema_world import SchemaWorld
from tests.support.scripted_node import ScriptedNode, refused, unreachable
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.schema import Schema
from scylla_restore.actors.procedures.views import await_views
from scylla_restore.engine.core.commands import AwaitViews
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.schema import BuildStatus, ViewBuildFailed, ViewBuildProgressed

A, B = "10.0.0.1", "10.0.0.2"


class OneNode:
    """A cluster that is asked through one node."""

    def __init__(self) -> None:
        self.node = ScriptedNode()
        self.world = SchemaWorld()
        self.world.execute(
            "CREATE KEYSPACE ks WITH replication = {}; CREATE TABLE ks.t (k int PRIMARY KEY, v int);"
            "CREATE MATERIALIZED VIEW ks.by_v AS SELECT k FROM ks.t PRIMARY KEY (k); CREATE INDEX on_v ON ks.t (v)"
        )
        self.views = tuple(
            sorted(FakeSchema(self.world).views(frozenset({"ks"})), key=lambda view: view.name)
        )

    def contact(self) -> ScriptedNode:
        return self.node

    def gateway(self, address: str) -> ScriptedNode:
        raise AssertionError(address)

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        return FakeSchema(self.world)

    def wait(self, views: int = 1) -> list[AnyEvent]:
        """Wait for so many of the views."""
        runtime = SteppingRuntime()
        reported: list[AnyEvent] = []
        schema = Schema(self, now=runtime.now, report=reported.append)
        runtime.drive(await_views(self, schema, AwaitViews(views=self.views[:views])))
        return reported


@pytest.fixture
def cluster() -> OneNode:
    return OneNode()


def progressed(status: BuildStatus, built: int, nodes: int, view: str = "by_v") -> ViewBuildProgressed:
    return ViewBuildProgressed(keyspace="ks", view=view, status=status, built=built, nodes=nodes)


def test_a_view_is_built_when_every_node_says_so(cluster: OneNode) -> None:
    cluster.node.builds = deque(
        [
            {A: "UNKNOWN", B: "UNKNOWN"},
            {A: "STARTED", B: "UNKNOWN"},
            {A: "STARTED", B: "UNKNOWN"},
            {A: "SUCCESS", B: "STARTED"},
            {A: "SUCCESS", B: "SUCCESS"},
        ]
    )
    assert cluster.wait() == [
        progressed(BuildStatus.UNKNOWN, 0, 2),
        progressed(BuildStatus.STARTED, 0, 2),
        progressed(BuildStatus.STARTED, 1, 2),
        progressed(BuildStatus.SUCCESS, 2, 2),
    ]


def test_every_view_is_waited_for_under_the_name_that_scylla_builds_it_by(cluster: OneNode) -> None:
    events = cluster.wait(views=2)
    asked = [call for call in cluster.node.asked if call[0] == "view_builds"]
    assert asked == [("view_builds", "ks", "by_v"), ("view_builds", "ks", "on_v_index")]
    assert [event.view for event in events if isinstance(event, ViewBuildProgressed)] == ["by_v", "on_v"]


def test_an_index_of_which_nothing_is_built_is_not_waited_for(cluster: OneNode) -> None:
    cluster.views = (msgspec.structs.replace(cluster.views[0], build_name=""),)
    assert cluster.wait() == [progressed(BuildStatus.SUCCESS, 0, 0)]
    assert not [call for call in cluster.node.asked if call[0] == "view_builds"]


def test_silence_is_waited_out(cluster: OneNode) -> None:
    cluster.node.fails["view_builds"] = deque([unreachable()] * 5)
    assert cluster.wait() == [progressed(BuildStatus.SUCCESS, 1, 1)]


def test_a_node_without_raft_needs_no_barrier(cluster: OneNode) -> None:
    cluster.node.fails["read_barrier"] = deque([refused("no such path", 404)])
    assert cluster.wait() == [progressed(BuildStatus.SUCCESS, 1, 1)]


def test_silence_without_end_is_told(cluster: OneNode) -> None:
    cluster.node.fails["view_builds"] = deque([unreachable()] * 1_000)
    (event,) = cluster.wait()
    assert isinstance(event, ViewBuildFailed)
    assert "ks.by_v" in event.failure.message


def test_a_view_that_is_dropped_while_it_is_built_is_told_with_what_creates_it(cluster: OneNode) -> None:
    cluster.node.builds = deque([{}] * 100)
    cluster.world.execute("DROP MATERIALIZED VIEW ks.by_v")
    *_, event = cluster.wait()
    assert isinstance(event, ViewBuildFailed)
    assert "ks.by_v of t is gone" in event.failure.message
    assert cluster.views[0].statement in (event.failure.hint or "")


def test_a_view_that_nobody_tells_of_and_that_is_there_is_waited_for(cluster: OneNode) -> None:
    cluster.node.builds = deque([{}] * 20)
    *_, last = cluster.wait()
    assert last == progressed(BuildStatus.SUCCESS, 1, 1)
