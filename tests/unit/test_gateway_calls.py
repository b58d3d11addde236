"""What the gateway makes of many answers, and what it never sends."""

import threading
from collections.abc import Callable

import msgspec
import pytest
from tests.support.reached import reached
from tests.support.scripted_agent import Action, Received, Reply, said

from scylla_restore.engine.cluster.gateway import RestNodeGateway
from scylla_restore.engine.cluster.port import NodeInfo, RemoteFile
from scylla_restore.engine.errors import DirectoryMissing, NodeRefused, NodeUnreachable
from scylla_restore.events.model.nodes import DiscoveredNode

ENTRY = {"Path": "me-1-big-TOC.txt", "Name": "me-1-big-TOC.txt", "Size": 7, "ModTime": "", "IsDir": False}


def entry(**changes: object) -> Reply:
    return said({"list": [{**ENTRY, **changes}]})


class World:
    """Scylla's side of a cluster of ``size`` nodes, of which some are not normal."""

    def __init__(self, size: int, *, down: int = 0, leaving: int = 0, joining: int = 0) -> None:
        self.addresses = [f"10.0.{number // 250}.{number % 250 + 1}" for number in range(size)]
        self.down = self.addresses[:down]
        self.leaving = self.addresses[down : down + leaving]
        self.joining = [f"10.9.0.{number}" for number in range(joining)]
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, received: Received) -> Action:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return said(self._answer(received))
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, received: Received) -> object:
        number = received.query.rpartition(".")[2]
        answers: dict[str, object] = {
            "/storage_service/cluster_name": "prod",
            "/storage_service/host_id": [{"key": a, "value": f"id-{a}"} for a in self.addresses],
            "/gossiper/endpoint/live/": [*sorted(set(self.addresses) - set(self.down)), *self.joining],
            "/storage_service/nodes/joining": self.joining,
            "/storage_service/nodes/leaving": self.leaving,
            "/snitch/datacenter": f"dc{ord(number[-1]) % 2}" if number else "",
            "/snitch/rack": f"rack{number}",
            "/storage_service/keyspaces": [received.query],
            "/column_family/name": ["ks:t"],
        }
        return answers[received.path]


def test_a_topology_names_every_node_once_with_its_own_rack() -> None:
    world = World(300)
    with reached(world) as (gateway, agent):
        topology = gateway.topology()
    assert len(topology.nodes) == 300
    assert topology.not_normal == {}
    assert all(node.rack == f"rack{node.address.rpartition('.')[2]}" for node in topology.nodes)
    assert list(topology.nodes) == sorted(topology.nodes, key=lambda node: (node.dc, node.address))
    assert len(agent.requests) == 600 + 8
    assert world.most_at_once <= 8
    assert agent.connections <= 8


def test_a_topology_tells_keyspaces_of_both_kinds_and_all_tables() -> None:
    with reached(World(1)) as (gateway, _agent):
        topology = gateway.topology()
    node = DiscoveredNode(address="10.0.0.1", host_id="id-10.0.0.1", dc="dc1", rack="rack1")
    assert topology.nodes == (node,)
    assert topology.name == "prod"
    assert topology.keyspaces == ("type=non_local_strategy",)
    assert topology.user_keyspaces == ("type=user",)
    assert topology.tables == ("ks:t",)


def test_a_topology_names_nodes_that_are_down_leaving_or_joining() -> None:
    with reached(World(4, down=1, leaving=1, joining=1)) as (gateway, _agent):
        topology = gateway.topology()
    assert topology.not_normal == {"10.0.0.1": "down", "10.0.0.2": "leaving", "10.9.0.0": "joining"}
    assert len(topology.nodes) == 4


@pytest.mark.parametrize(
    "metrics",
    [
        b'scylla_database_total_writes{shard="0"} 0\nscylla_database_total_writes{shard="1"} 0\n',
        b"""
scylla_database_total_writes{class="user",shard="0"} 0
scylla_database_total_writes{class="system",shard="0"} 0
scylla_database_total_writes{class="user",shard="11",x="y"} 0
scylla_database_total_writes_failed{shard="2"} 0
""",
    ],
)
def test_shards_are_counted_once_each(metrics: bytes) -> None:
    info = {"agent_version": "3.5.0", "scylla_version": "2025.1.5", "cpu_count": 64}
    with reached([said(info), Reply(metrics)]) as (gateway, _agent):
        told = msgspec.structs.replace(gateway.info(), clock_skew_ms=None)
        assert told == NodeInfo(scylla_version="2025.1.5", agent_version="3.5.0", shards=2)


@pytest.mark.parametrize(
    ("date", "known"), [("Fri, 02 Jan 1970 00:00:00 GMT", True), ("yesterday", False), ("", False)]
)
def test_how_far_a_nodes_clock_is_off_is_read_from_what_its_answers_are_dated(
    date: str, *, known: bool
) -> None:
    info = {"agent_version": "3.5.0", "scylla_version": "2025.1.5"}
    metrics = Reply(b'scylla_database_total_writes{shard="0"} 0\n', headers={"Date": date})
    with reached([said(info), metrics]) as (gateway, _agent):
        skew_ms = gateway.info().clock_skew_ms
    assert (skew_ms is not None and skew_ms < -(10**9)) is known


def test_a_node_without_shards_is_refused() -> None:
    with reached([Reply(b"# nothing\n")]) as (gateway, _agent), pytest.raises(NodeRefused, match="no shards"):
        gateway.scylla.shards()


@pytest.mark.parametrize(
    "body", [b'{"list":[{"Path":"a","Size":1,"IsDir":false}', b'{"list":[', b"", b'{"list":[]']
)
def test_a_listing_that_ends_in_the_middle_is_asked_for_again(body: bytes) -> None:
    cut = Reply(body, chunked=True)
    with reached([cut, cut, entry()]) as (gateway, _agent):
        assert gateway.list_files("ks/t-1/upload") == (
            RemoteFile(path="me-1-big-TOC.txt", size=7, is_dir=False),
        )


def test_a_listing_that_never_ends_well_is_no_answer() -> None:
    with (
        reached([Reply(b'{"list":[', chunked=True)] * 4) as (gateway, _agent),
        pytest.raises(NodeUnreachable, match="ends in the middle"),
    ):
        gateway.list_files("ks/t-1/upload")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", "a/"])
def test_a_listing_with_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with (
        reached([entry(Path=name)]) as (gateway, _agent),
        pytest.raises(NodeRefused, match="cannot be a name"),
    ):
        gateway.list_location("s3:bucket", "backup")


def test_a_recursive_listing_has_paths_but_none_that_lead_up() -> None:
    with reached([entry(Path="a/b/c"), entry(Path="a/../../c")]) as (gateway, _agent):
        assert gateway.files.list_location("s3:b", "x", recursive=True)[0].path == "a/b/c"
        with pytest.raises(NodeRefused, match="cannot be a name"):
            gateway.files.list_location("s3:b", "x", recursive=True)


def test_only_directories_may_have_no_size() -> None:
    with reached([entry(Size=-1, IsDir=True), entry(Size=-1)]) as (gateway, _agent):
        assert gateway.list_directories("ks") == ("me-1-big-TOC.txt",)
        with pytest.raises(NodeRefused, match="size of -1"):
            gateway.list_files("ks/t-1/upload")


def test_an_object_that_is_too_long_or_cut_is_not_returned() -> None:
    whole, cut = Reply(b"12345"), Reply(b"1234", length=5)
    with reached([whole, whole, cut, whole]) as (gateway, _agent):
        assert gateway.files.read_object("s3:b", "backup/meta/m", limit_bytes=5) == b"12345"
        with pytest.raises(NodeRefused, match="more than 4 bytes"):
            gateway.files.read_object("s3:b", "backup/meta/m", limit_bytes=4)
        assert gateway.files.read_object("s3:b", "backup/meta/m", limit_bytes=5) == b"12345"


def test_why_an_object_is_refused_is_heard_however_small_it_should_be() -> None:
    no = Reply(b'{"message": "permission denied", "path": "operations/cat", "status": 500}', status=500)
    with reached([no]) as (gateway, _agent), pytest.raises(NodeRefused, match="permission denied"):
        gateway.read_object("s3:b", "backup/sst/x", limit_bytes=1)


UNSAFE: list[Callable[[RestNodeGateway], object]] = [
    lambda g: g.purge("ks"),
    lambda g: g.purge("ks/t-1"),
    lambda g: g.purge("ks/t-1/snapshots/../.."),
    lambda g: g.purge("/ks/t-1/snapshots"),
    lambda g: g.purge(""),
    lambda g: g.move_directory("ks/t-1", "ks/t-1/upload"),
    lambda g: g.move_directory("ks/t-1/upload", "../../somewhere/else"),
    lambda g: g.list_files(".."),
    lambda g: g.list_directories(""),
    lambda g: g.list_location("s3:b", "backup/../.."),
    lambda g: g.start_copy_renamed(location="s3:b", source="a/../b", destination="ks/t-1/snapshots/s/f"),
    lambda g: g.start_copy_renamed(location="s3:b", source="a/b", destination="ks/t-1/../../f"),
    lambda g: _copy(g, names=("a", "../../escape")),
    lambda g: _copy(g, names=("",)),
    lambda g: _copy(g, names=("f",), destination="ks/.."),
    lambda g: _copy(g, names=tuple(f"me-{number}-{'x' * 100}-big-Data.db" for number in range(10_000))),
]


def _copy(
    gateway: RestNodeGateway, *, names: tuple[str, ...], destination: str = "ks/t-1/snapshots/s"
) -> int:
    return gateway.start_copy(
        location="s3:b",
        source="backup/sst",
        names=names,
        destination=destination,
        transfers=None,
        bandwidth_rate=None,
    )


@pytest.mark.parametrize("ask", UNSAFE)
def test_what_could_hit_something_else_is_never_sent(ask: Callable[[RestNodeGateway], object]) -> None:
    with reached([]) as (gateway, agent):
        with pytest.raises(NodeRefused, match="was not asked"):
            ask(gateway)
        assert agent.requests == []


def test_a_download_without_wishes_leaves_the_agents_settings_alone() -> None:
    with reached([said({"jobid": 1}), said({"jobid": 2})]) as (gateway, agent):
        for transfers in (None, 0):
            gateway.start_copy(
                location="s3:b",
                source="s",
                names=("f",),
                destination="ks/t-1/snapshots/s",
                transfers=transfers,
                bandwidth_rate=None,
            )
    expected = {
        "srcFs": "s3:b",
        "srcRemote": "s",
        "dstFs": "data:ks",
        "dstRemote": "t-1/snapshots/s",
        "paths": ["f"],
    }
    assert [request.body for request in agent.requests] == [expected, expected]


def test_a_source_that_is_not_there_cannot_be_moved() -> None:
    missing = said({"message": "directory not found", "path": "sync/movedir"}, status=404)
    with reached([missing]) as (gateway, _agent), pytest.raises(DirectoryMissing):
        gateway.move_directory("ks/t-1/snapshots/s", "ks/t-1/upload")


def test_a_busy_toggle_is_tried_again() -> None:
    busy = said({"message": "Autocompaction toggle is busy", "code": 500}, status=500)
    with reached([busy, Reply()]) as (gateway, agent):
        gateway.set_auto_compaction("ks", "t", enabled=False)
    assert [request.method for request in agent.requests] == ["DELETE", "DELETE"]


def test_a_task_that_runs_has_not_ended_though_its_end_is_set_to_1970() -> None:
    running = {
        "id": "task-1",
        "state": "running",
        "start_time": "2026-11-22T11:04:34Z",
        "end_time": "1970-01-01T00:00:00Z",
        "error": "",
        "progress_total": 0,
        "progress_completed": 0,
    }
    waited_in_vain = said({"message": "timed out", "code": 408}, status=408)
    with reached([waited_in_vain, said(running)]) as (gateway, _):
        status = gateway.task_status("task-1", wait_s=10)
    assert (status.state, status.completed, status.total) == ("running", 0.0, 0.0)
