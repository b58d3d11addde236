"""What a person can ask for: how many nodes, how much at a time, how fast, from where, with which settings."""

import msgspec
import pytest
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import Alter, DownloadBatch, LoadSSTables, Undo
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.alterations import (
    Alteration,
    AlterationIntended,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    TransfersSet,
)
from scylla_restore.events.model.batches import BatchAssigned
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.target import BackupLocation, RateLimit, Tuning

WORK = (directory("t1", range(1, 40)),)


def made(world: World, node: str = "n1") -> list[Alteration]:
    """The settings that were altered, as the node saw it."""
    return [a for command in world.commands(Alter) if command.node == node for _, a in command.alterations]


def busy(world: World) -> int:
    return sum(node.busy for node in world.state.nodes.values())


def test_no_more_nodes_work_at_a_time_than_asked_for() -> None:
    world = World(hosts=hosts("n1", "n2", "n3"), directories=WORK, tuning=Tuning(parallel=2)).start()
    seen = set()
    while not world.state.over:
        seen.add(busy(world))
        assert world._step()

    assert seen == {0, 1, 2}
    assert world.state.status is Status.DONE


def test_a_node_at_work_is_not_given_up_for_another() -> None:
    world = World(hosts=hosts("n1", "n2", "n3"), directories=WORK, tuning=Tuning(parallel=1)).start().play()

    assert {e.node for e in world.events(BatchAssigned)} == {"n1"}


def test_a_batch_that_failed_goes_elsewhere_even_when_one_node_works_at_a_time() -> None:
    world = World(hosts=hosts("n1", "n2"), directories=WORK, tuning=Tuning(parallel=1))
    world.fails(LoadSSTables, Cause.FAILED, node="n1", times=1).start().play()

    assert world.state.status is Status.DONE


def test_a_batch_has_as_many_sstables_per_shard_as_asked_for() -> None:
    world = World(hosts=hosts("n1", shards=3), directories=WORK, tuning=Tuning(batch_size=2)).start().play()

    assert [len(e.sstables) for e in world.events(BatchAssigned)] == [6] * 6 + [3]


@pytest.mark.parametrize(
    ("limits", "rates"),
    [
        ((), ("0M", "0M")),
        ((RateLimit(mib_per_second=100),), ("100M", "100M")),
        ((RateLimit(mib_per_second=100), RateLimit(mib_per_second=7, dc="dc2")), ("100M", "7M")),
        ((RateLimit(mib_per_second=100), RateLimit(mib_per_second=0, dc="dc2")), ("100M", "0M")),
        ((RateLimit(mib_per_second=7, dc="dc2"),), ("0M", "7M")),
    ],
)
def test_a_rate_limit_holds_for_its_dc_or_wherever_no_other_does(
    limits: tuple[RateLimit, ...], rates: tuple[str, str]
) -> None:
    both = (Host(address="n1", dc="dc1"), Host(address="n2", dc="dc2"))
    world = World(hosts=both, directories=WORK, tuning=Tuning(rate_limit=limits)).start().play()

    assert {c.node: c.bandwidth_rate for c in world.commands(DownloadBatch)} == dict(
        zip(("n1", "n2"), rates, strict=True)
    )


@pytest.mark.parametrize(("asked", "wanted"), [(0, 4), (9, 9), (-1, -1)])
def test_transfers_are_as_asked_for_or_twice_the_shards(asked: int, wanted: int) -> None:
    world = (
        World(hosts=hosts("n1", shards=2), directories=WORK, tuning=Tuning(transfers=asked)).start().play()
    )

    assert {c.transfers for c in world.commands(DownloadBatch)} == {wanted}


def test_each_setting_that_differs_is_altered_with_what_was_there_before() -> None:
    host = Host(address="n1", transfers=1, bandwidth_rate="50M")
    tuning = Tuning(transfers=9, rate_limit=(RateLimit(mib_per_second=7),), unpin_agent_cpu=True)
    world = World(hosts=(host,), directories=WORK, tuning=tuning).start().play()

    assert made(world) == [
        AutoCompactionDisabled(node="n1", tables=("ks:t1",)),
        TransfersSet(node="n1", before=1, after=9),
        BandwidthSet(node="n1", before="50M", after="7M"),
        CpuUnpinned(node="n1"),
    ]
    undone = [alteration for _, alteration in world.commands(Undo)[-1].alterations]
    assert undone == made(world)[::-1]


def test_what_is_as_it_should_be_is_left_alone() -> None:
    host = Host(address="n1", transfers=4, compacting=False)
    world = World(hosts=(host,), directories=WORK).start().play()

    assert not world.commands(Alter)
    assert not world.commands(Undo)
    assert world.state.status is Status.DONE


def test_compaction_stays_on_where_that_is_asked_for() -> None:
    world = World(hosts=hosts("n1"), directories=WORK, tuning=Tuning(allow_compaction=True)).start().play()

    assert not world.events(AlterationIntended)


def test_a_location_with_a_dc_is_downloaded_by_nodes_of_that_dc_only() -> None:
    where = BackupLocation(provider="s3", bucket="backups", dc="dc2")
    both = (Host(address="n1", dc="dc1"), Host(address="n2", dc="dc2"))
    world = World(hosts=both, directories=WORK, where=(where,)).start().play()

    assert {e.node for e in world.events(BatchAssigned)} == {"n2"}
    assert world.state.status is Status.DONE


def test_each_dc_downloads_from_its_own_location() -> None:
    east = BackupLocation(provider="s3", bucket="east", dc="dc1")
    west = BackupLocation(provider="s3", bucket="west", dc="dc2")
    both = (Host(address="n1", dc="dc1"), Host(address="n2", dc="dc2"))
    work = (directory("t1", [5] * 10, location=east), directory("t2", [5] * 10, location=west))
    world = World(hosts=both, directories=work, where=(east, west)).start().play()

    assert {(e.node, e.directory) for e in world.events(BatchAssigned)} == {("n1", "t1"), ("n2", "t2")}


def test_settings_that_were_changed_on_resume_hold_from_then_on() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.STAGED).pause().play()
    world.resume(Tuning(transfers=9, rate_limit=(RateLimit(mib_per_second=7),), batch_size=1))
    world.sent.clear()
    world.play()

    assert {(c.transfers, c.bandwidth_rate) for c in world.commands(DownloadBatch)} == {(9, "7M")}
    assert TransfersSet(node="n1", before=4, after=9) in made(world)
    assert {len(c.sstables) for c in world.commands(DownloadBatch)} <= {1, 2}


def altered_and_killed(tuning: Tuning) -> World:
    world = World(hosts=(Host(address="n1", transfers=1),), directories=WORK, tuning=tuning)
    world.start().until_phase(Phase.STAGED).die().sent.clear()
    # the node shows what the dead engine has made of it
    world.hosts["n1"] = Host(address="n1", transfers=9, bandwidth_rate="100M", compacting=False)
    return world


BEFORE = Tuning(transfers=9, rate_limit=(RateLimit(mib_per_second=100),), unpin_agent_cpu=True)


def test_after_a_kill_the_true_originals_are_known_from_the_ledger() -> None:
    world = altered_and_killed(BEFORE)
    world.resume().play()

    undone = [a for c in world.commands(Undo) for _, a in c.alterations]
    assert TransfersSet(node="n1", before=1, after=9) in undone
    assert BandwidthSet(node="n1", before="off", after="100M") in undone
    assert len([e for e in world.events(AlterationIntended) if isinstance(e.alteration, TransfersSet)]) == 1


def test_after_a_kill_changed_settings_replace_those_of_the_dead_engine() -> None:
    world = altered_and_killed(BEFORE)
    world.resume(msgspec.structs.replace(BEFORE, transfers=5, rate_limit=())).play()

    assert [a.after for a in made(world) if isinstance(a, TransfersSet)][-1] == 5
    assert [a.after for a in made(world) if isinstance(a, BandwidthSet)][-1] == "off"
    undone = [a for c in world.commands(Undo) for _, a in c.alterations]
    assert [a.before for a in undone if isinstance(a, TransfersSet)] == [1, 1]
    assert [a.before for a in undone if isinstance(a, BandwidthSet)] == ["off", "off"]


def test_after_a_kill_what_is_no_longer_wanted_is_put_back_at_once() -> None:
    world = altered_and_killed(BEFORE)
    world.resume(msgspec.structs.replace(BEFORE, allow_compaction=True, unpin_agent_cpu=False))
    world.play(lambda state: state.nodes["n1"].altered)

    undone = [a for c in world.commands(Undo) for _, a in c.alterations]
    assert undone == [CpuUnpinned(node="n1"), AutoCompactionDisabled(node="n1", tables=("ks:t1",))]
    assert not {CpuUnpinned, AutoCompactionDisabled} & {type(a) for a in made(world)}
    assert world.play().state.status is Status.DONE
