"""The planner for any backup and cluster: each SSTable in one batch, and every batch as batches have to be."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.hosts import Host, directory
from tests.support.world import RUN, World

from scylla_restore.engine.core.decide import evolve
from scylla_restore.engine.core.sstable_names import is_integer_id
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.workload import Workload
from scylla_restore.events.model.batches import BatchAssigned
from scylla_restore.events.model.locations import DirectoryIndexed
from scylla_restore.events.model.target import Tuning

TAG = "sm_20260101000000UTC"


@st.composite
def directories(draw: st.DrawFn) -> tuple[DirectoryIndexed, ...]:
    """Directories of integers, UUIDs and versioned SSTables of any sizes."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        ids = draw(st.lists(st.integers(0, 99), min_size=1, max_size=30, unique=True))
        names = tuple(str(i) if i % 2 else f"3g{i:02}" for i in ids)
        sizes = draw(st.lists(st.integers(0, 10_000), min_size=len(ids), max_size=len(ids)))
        suffixes = {name: {"Data.db": TAG} for i, name in zip(ids, names, strict=True) if i % 5 == 0}
        made.append(directory(f"t{number}", sizes, ids=names, suffixes=suffixes))
    return tuple(made)


clusters = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(
    lambda shards: tuple(Host(address=f"n{number}", shards=count) for number, count in enumerate(shards))
)


@settings(max_examples=60)
@given(work=directories(), hosts=clusters, batch_size=st.integers(0, 3))
def test_each_sstable_is_in_one_batch_and_every_batch_is_as_it_has_to_be(
    work: tuple[DirectoryIndexed, ...], hosts: tuple[Host, ...], batch_size: int
) -> None:
    world = World(hosts=hosts, directories=work, tuning=Tuning(batch_size=batch_size)).start().play()

    sizes = {(d.directory, i): size for d in work for i, size in zip(d.ids, d.sizes, strict=True)}
    suffixes = {d.directory: d.suffixes for d in work}
    shards = {host.address: host.shards for host in hosts}
    assigned = world.events(BatchAssigned)
    given_out = [(a.directory, i) for a in assigned for i in a.sstables]
    assert sorted(given_out) == sorted(sizes)
    for batch in assigned:
        assert batch.size == sum(sizes[batch.directory, i] for i in batch.sstables)
        kinds = {(is_integer_id(i), i in suffixes[batch.directory]) for i in batch.sstables}
        assert len(kinds) == 1
        assert not batch_size or len(batch.sstables) <= batch_size * shards[batch.node]
    assert world.state.restored_bytes == sum(sizes.values())


@settings(max_examples=60)
@given(work=directories(), hosts=clusters, batch_size=st.integers(0, 3))
def test_a_batch_has_whole_groups_unless_it_takes_the_last_of_its_kind(
    work: tuple[DirectoryIndexed, ...], hosts: tuple[Host, ...], batch_size: int
) -> None:
    world = World(hosts=hosts, directories=work, tuning=Tuning(batch_size=batch_size)).start()
    shards = {host.address: host.shards for host in hosts}
    folded = RunState(run=RUN)
    world.play()
    for envelope in world.log:
        evolve(folded, envelope)
        event = envelope.event
        if isinstance(event, BatchAssigned) and len(event.sstables) % shards[event.node]:
            last = folded.batches[event.batch].positions[-1]
            found = folded.workload.directories[event.directory]
            (segment,) = [s for s in found.segments if s.first <= last < s.end]
            assert segment.left == 0


@settings(max_examples=60)
@given(work=directories(), data=st.data())
def test_a_log_that_was_planned_in_another_order_leaves_the_right_rest(
    work: tuple[DirectoryIndexed, ...], data: st.DataObject
) -> None:
    workload = Workload()
    for indexed in work:
        workload.add(indexed)
    workload.close_location("s3:backups")
    sizes = {(d.directory, i): size for d in work for i, size in zip(d.ids, d.sizes, strict=True)}
    left = set(sizes)
    for name, ids in data.draw(st.permutations([(d.directory, d.ids) for d in work])):
        shuffled = data.draw(st.permutations(ids))
        cut = data.draw(st.integers(0, len(shuffled)))
        for batch in (shuffled[:cut:2], shuffled[1:cut:2]):
            if batch:
                positions = workload.assign(name, tuple(batch))
                assert [workload.directories[name].ids[p] for p in positions] == list(batch)
                left -= {(name, i) for i in batch}

    assert (workload.left, workload.left_bytes) == (len(left), sum(sizes[which] for which in left))
    assert _rest(workload) == left


def _rest(workload: Workload) -> set[tuple[str, str]]:
    """Hand out what is left, the largest first, as the planner does."""
    rest = set()
    while (found := workload.largest("s3:backups")) is not None:
        place, segment = found
        most = max(s.left_bytes for d in workload.directories.values() for s in d.segments if s.left)
        assert segment.left_bytes == most
        position = next(p for p in range(segment.cursor, segment.end) if p not in segment.taken)
        workload.assign(place.id, (place.ids[position],))
        rest.add((place.id, place.ids[position]))
    return rest
