"""How fast a plan takes the nodes to be."""

import msgspec
import pytest
from tests.support import story as told
from tests.support.dry_runs import dry
from tests.support.hosts import Host, directory
from tests.support.story import Story, indexed_story
from tests.support.world import World

from scylla_restore.engine.api.speeds import MIB, Seen, in_words, likely_speeds, seen_speeds
from scylla_restore.engine.core.rehearsal import Speed
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.batches import NativeRestoreStarted, SSTablesLoaded
from scylla_restore.events.model.target import Method, RateLimit, Tuning

OTHER_RUN = "6f1d2c3b-0000-4000-8000-000000000002"


def log_of(*stories: Story) -> MemoryLog:
    log = MemoryLog()
    for story in stories:
        story.write_to(log)
    return log


def prepared(*nodes: Host, tuning: Tuning | None = None) -> RunState:
    return dry(World(hosts=nodes, directories=(directory("t1", (1, 2)),), tuning=tuning)).state


def test_a_cluster_that_was_never_restored_into_is_as_fast_as_clusters_usually_are() -> None:
    state = prepared(Host(address="n1", shards=8))
    seen = seen_speeds(log_of(indexed_story()), told.CLUSTER_ID)

    assert seen is None
    assert likely_speeds(state, seen) == {"n1": Speed(download=160.0 * MIB, load=80.0 * MIB, batch_s=0.5)}
    assert in_words(seen, state) == (
        "no earlier run tells how fast this cluster is: 20 MiB/s for downloads and 10 MiB/s for loads are assumed "
        "per shard, and 0.5 s for each batch"
    )


def test_of_earlier_runs_the_one_that_restored_most_is_heard() -> None:
    large = indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1)
    small = indexed_story(OTHER_RUN).tell(told.batch_assigned(1, "d1", size=100)).restore(1)
    seen = seen_speeds(log_of(large, small), told.CLUSTER_ID)

    assert seen is not None
    assert seen.run == told.RUN
    assert all(speed.download > 0 and speed.load > 0 for speed in seen.nodes.values())
    assert seen_speeds(log_of(large), "another cluster") is None


def test_a_node_that_no_run_has_seen_is_as_fast_as_the_others_are_per_shard() -> None:
    seen = Seen(
        run=told.RUN,
        at=told.START,
        nodes={"n1": Speed(download=60.0, load=30.0)},
        per_shard=Speed(download=10.0, load=5.0),
    )
    state = prepared(Host(address="n1", shards=6), Host(address="n2", shards=2))

    assert likely_speeds(state, seen) == {
        "n1": Speed(download=60.0, load=30.0),
        "n2": Speed(download=20.0, load=10.0),
    }
    assert in_words(seen, state).startswith(
        f"as fast as run {told.RUN} was seen to be on 2026-01-02: 0.0 MiB/s"
    )


@pytest.mark.parametrize(("limit", "download"), [(1, 1.0 * MIB), (0, 40.0 * MIB), (1000, 40.0 * MIB)])
def test_a_node_downloads_no_faster_than_it_may(limit: int, download: float) -> None:
    state = prepared(
        Host(address="n1"), tuning=Tuning(rate_limit=(RateLimit(mib_per_second=limit, dc="dc1"),))
    )

    assert likely_speeds(state, None)["n1"].download == download
    assert in_words(None, state).endswith(", within the rate limits") is (limit > 0)


def test_a_log_that_cannot_be_read_tells_nothing() -> None:
    log = log_of(indexed_story())
    log.close()

    assert seen_speeds(log, told.CLUSTER_ID) is None


def test_a_node_whose_scylla_restored_by_itself_tells_of_one_speed() -> None:
    story = indexed_story()
    story.tell(msgspec.structs.replace(told.batch_assigned(1, "d1", size=300), method=Method.NATIVE))
    story.tell(NativeRestoreStarted(batch=1, attempt=1, task="task-1")).pass_s(3)
    seen = seen_speeds(log_of(story.tell(SSTablesLoaded(batch=1, attempt=1))), told.CLUSTER_ID)

    assert seen is not None
    assert seen.nodes["10.0.0.1"] == Speed(download=100.0, load=100.0)
