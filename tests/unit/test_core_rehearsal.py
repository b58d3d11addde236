"""How a restore would go, in numbers."""

from collections.abc import Iterable

import pytest
from tests.support.dry_runs import dry
from tests.support.hosts import LOCATION, Host, directory, hosts, native_hosts
from tests.support.world import START, World

from scylla_restore.engine.core.rehearsal import Rehearsal, Speed, rehearse
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.target import BackupLocation, Tuning

EVEN = Speed(download=100.0, load=100.0)
OTHER = BackupLocation(provider="s3", bucket="other")
MANY = (directory("t1", [100] * 400), directory("t2", range(1, 200)))


def rehearsed(
    nodes: Iterable[Host],
    directories: tuple[DirectoryIndexed, ...] = MANY,
    *,
    tuning: Tuning | None = None,
    **speeds: Speed,
) -> Rehearsal:
    where = (LOCATION, OTHER) if any(d.location == OTHER.key for d in directories) else (LOCATION,)
    state = dry(World(hosts=nodes, directories=directories, where=where, tuning=tuning)).state
    return rehearse(state, {address: speeds.get(address, EVEN) for address in state.nodes}, START)


def test_everything_is_restored_once_and_counted() -> None:
    rehearsal = rehearsed(hosts("n1", "n2", "n3"))

    assert sum(part.sstables for part in rehearsal.parts.values()) == 400 + 199
    assert sum(part.size for part in rehearsal.parts.values()) == 400 * 100 + sum(range(1, 200))
    assert (rehearsal.left, rehearsal.batches > 30) == (0, True)


def test_both_lanes_of_a_node_are_busy_at_one_time() -> None:
    size = sum(sum(d.sizes) for d in MANY)
    rehearsal = rehearsed(hosts("n1"))

    assert size / 100 < rehearsal.seconds < size / 100 * 1.1


def test_nodes_finish_together_and_the_slow_one_does_less() -> None:
    rehearsal = rehearsed(hosts("fast", "slow"), slow=Speed(download=1000.0, load=25.0))
    fast, slow = rehearsal.parts["fast"], rehearsal.parts["slow"]

    assert slow.size < fast.size / 2
    assert slow.seconds == pytest.approx(fast.seconds, rel=0.2)  # it took four batches before it was known


def test_a_location_that_one_node_reaches_is_that_nodes_work() -> None:
    nodes = (Host(address="n1"), Host(address="n2", locations=(LOCATION.key,)))
    directories = (directory("t1", [1] * 8), directory("t2", [100] * 8, location=OTHER))
    rehearsal = rehearsed(nodes, directories)

    assert (rehearsal.parts["n2"].size, rehearsal.left) == (8, 0)


def test_no_more_nodes_are_at_work_than_may_be() -> None:
    alone = rehearsed(hosts("n1", "n2", "n3"), tuning=Tuning(parallel=1))
    parts = alone.parts

    assert alone.seconds == pytest.approx(rehearsed(hosts("n1")).seconds, rel=0.05)
    assert (parts["n1"].batches, parts["n2"].batches, alone.left) == (alone.batches, 0, 0)


def test_what_a_batch_takes_beside_its_bytes_is_counted() -> None:
    plain = rehearsed(hosts("n1"))
    late = rehearsed(hosts("n1"), n1=Speed(download=100.0, load=100.0, batch_s=60.0))

    assert late.seconds > plain.seconds + 60 * late.batches


def test_scylla_restores_by_itself_as_fast_as_the_slower_lane_would_be() -> None:
    size = sum(sum(d.sizes) for d in MANY)
    rehearsal = rehearsed(native_hosts("n1"), n1=Speed(download=200.0, load=100.0))

    assert rehearsal.left == 0
    assert rehearsal.seconds == pytest.approx(size / 100)
