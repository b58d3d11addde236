"""Which SSTables a node is given next, drawn."""

import pytest
from tests.support.hosts import Host, directory, hosts
from tests.support.world import START, World

from scylla_restore.engine.core.commands import Command, DownloadBatch, LoadSSTables
from scylla_restore.engine.core.limits import FILES_PER_BATCH, STAGED_PER_NODE
from scylla_restore.engine.core.planning import next_batch
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.model.batches import BatchAssigned, SSTablesLoaded
from scylla_restore.events.model.locations import SSTableShape
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import BackupLocation, Tuning

ALIKE = (directory("t1", [10] * 400),)


def takes(bytes_per_s: float, slow: str = "", times: float = 1.0) -> "type[World]":
    """Worlds in which bytes take their time, on one node more than on others."""

    def took_s(command: Command) -> float:
        match command:
            case DownloadBatch() | LoadSSTables():
                size = sum(sstable.size for sstable in command.sstables)
                return size / bytes_per_s * (times if command.node == slow else 1.0)
            case _:
                return 0.1

    class Slow(World):
        def start(self) -> World:
            self.took_s = took_s
            return super().start()

    return Slow


def counts(world: World, node: str) -> list[int]:
    return [len(e.sstables) for e in world.events(BatchAssigned) if e.node == node]


def ends_s(world: World, node: str) -> float:
    """When a node loaded its last batch, in seconds after the start."""
    of_node = [e.at for e in world.log if e.actor == f"node/{node}" and isinstance(e.event, SSTablesLoaded)]
    return (of_node[-1] - START).total_seconds()


def test_batches_shrink_towards_the_end() -> None:
    """n1 ██████████ ██████████ … ██████████ ████████ ██████ ████ ████ ██ ██ ██ ██, and so does n2."""
    world = takes(10.0)(hosts=hosts("n1", "n2"), directories=ALIKE).start().play()

    assert counts(world, "n1") == counts(world, "n2") == [10] * 17 + [8, 6, 4, 4, 2, 2, 2, 2]
    assert ends_s(world, "n1") == pytest.approx(ends_s(world, "n2"), abs=0.5)


def test_a_slow_node_gets_less_and_all_finish_together() -> None:
    """n1 ██████████ ██████████ … ██████████████████ … ██████ ████ ██ ██ ██

    n2 ██████████     ████ … ████    ██    ██
    """
    world = takes(10.0, slow="n2", times=4)(hosts=hosts("n1", "n2"), directories=ALIKE).start().play()

    fast, slow = counts(world, "n1"), counts(world, "n2")
    assert 3 <= sum(fast) / sum(slow) <= 5
    assert max(slow[3:]) == 4 < max(fast) == 18
    assert ends_s(world, "n1") == pytest.approx(ends_s(world, "n2"), rel=0.1)


def test_a_node_with_more_shards_gets_more() -> None:
    both = (Host(address="n1", shards=2), Host(address="n2", shards=8))
    world = takes(10.0)(hosts=both, directories=(directory("t1", [10] * 800),)).start()
    world.play(lambda state: state.last_batch == 2)

    first, second = world.events(BatchAssigned)
    assert (first.node, len(first.sstables)) == ("n1", 8)
    assert (second.node, len(second.sstables)) == ("n2", 32)


def test_a_location_of_one_dc_is_read_by_the_nodes_of_that_dc_only() -> None:
    where = BackupLocation(provider="s3", bucket="backups", dc="dc1")
    both = (Host(address="n1", dc="dc1"), Host(address="n2", dc="dc2"))
    world = World(hosts=both, directories=(directory("t1", [10] * 40, location=where),), where=(where,))
    world.start().play()

    assert {event.node for event in world.events(BatchAssigned)} == {"n1"}


def test_sstables_of_similar_size_go_together_big_first() -> None:
    world = (
        World(hosts=hosts("n1"), directories=(directory("t1", [1, 90, 2, 80, 3, 70, 4, 60]),)).start().play()
    )

    sizes = dict(zip(world.directories[0].ids, world.directories[0].sizes, strict=True))
    given = [[sizes[i] for i in e.sstables] for e in world.events(BatchAssigned)]
    assert given == [[90, 80], [70, 60], [4, 3], [2, 1]]


def test_the_directory_with_most_left_comes_first() -> None:
    work = (directory("t1", [5] * 2), directory("t2", [9] * 4), directory("t3", [9] * 2))
    world = World(hosts=hosts("n1"), directories=work).start().play()

    assert [e.directory for e in world.events(BatchAssigned)] == ["t2", "t2", "t3", "t1"]


def test_kinds_that_may_not_share_a_batch_do_not() -> None:
    sstables = ("1", "2", "3", "3gaa", "3gab", "4")
    suffixes = {"4": {"Data.db": "sm_20260101000000UTC"}}
    work = (directory("t1", (6, 5, 4, 3, 2, 1), ids=sstables, suffixes=suffixes),)
    world = World(hosts=hosts("n1", shards=8), directories=work).start().play()

    assert sorted(sorted(e.sstables) for e in world.events(BatchAssigned)) == [
        ["1", "2", "3"],
        ["3gaa", "3gab"],
        ["4"],
    ]


def test_what_would_be_less_than_one_for_each_shard_is_taken_along() -> None:
    world = World(hosts=hosts("n1", shards=4), directories=(directory("t1", [10] * 7),)).start().play()

    assert counts(world, "n1") == [7]


@pytest.mark.parametrize("shards", [1, 3, 7, 16])
def test_a_batch_has_no_more_files_than_an_agent_takes_and_whole_groups_all_the_same(shards: int) -> None:
    components = tuple(f"C{number}.db" for number in range(9))
    shape = SSTableShape(version="me", format="big", components=components)
    work = (directory("t1", [10] * 40_000, shape=shape),)
    world = World(hosts=hosts("n1", shards=shards), directories=work).start()
    world.play(lambda state: state.last_batch > 0)

    (count,) = counts(world, "n1")
    assert count % shards == 0
    assert FILES_PER_BATCH - 9 * shards < count * 9 <= FILES_PER_BATCH


def test_a_node_does_not_download_further_ahead_than_its_loads_can_follow() -> None:
    world = World(hosts=hosts("n1"), directories=ALIKE).hangs(LoadSSTables).start().pass_s(60)

    node = world.state.nodes["n1"]
    assert len(node.staged) == STAGED_PER_NODE
    assert node.download is None


def test_a_node_takes_the_larger_rest_of_two_locations() -> None:
    other = BackupLocation(provider="gcs", bucket="more")
    work = (directory("t1", [5] * 4), directory("t2", [9] * 4, location=other))
    where = (BackupLocation(provider="s3", bucket="backups"), other)
    world = (
        World(hosts=hosts("n1"), directories=work, where=where, tuning=Tuning(batch_size=2)).start().play()
    )

    assert [e.directory for e in world.events(BatchAssigned)] == ["t2", "t1"]


def test_a_node_that_has_not_joined_gets_nothing() -> None:
    world = World(hosts=hosts("n1"), directories=ALIKE).start().play(lambda state: state.stage is Stage.DATA)

    stranger = NodeState(address="n2")
    assert next_batch(world.state, stranger, world.now) is None


def test_a_run_without_work_has_no_batch() -> None:
    world = World(hosts=hosts("n1"), directories=ALIKE).start().play()
    node = world.state.nodes["n1"]

    assert next_batch(world.state, node, world.now) is None
    assert next_batch(RunState(run="empty"), node, world.now) is None
