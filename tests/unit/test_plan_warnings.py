"""What a plan tells somebody to look at."""

import msgspec
import pytest
from tests.support.dry_runs import dry
from tests.support.hosts import LOCATION, Host, directory, hosts, native_hosts
from tests.support.schemas import recorded_table
from tests.support.world import START, World

from scylla_restore.engine.api.disks import Disks
from scylla_restore.engine.api.plan_warnings import warnings_of
from scylla_restore.engine.cluster.port import DiskSpace
from scylla_restore.engine.core.commands import OpenLocation
from scylla_restore.engine.core.rehearsal import Speed, rehearse
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model.locations import LocationOpened
from scylla_restore.events.model.schema import SchemaRecorded
from scylla_restore.events.model.target import Method, RateLimit, Tuning

OTHER_RUN = "6f1d2c3b-0000-4000-8000-000000000002"
PLAIN = SchemaRecorded(offered=True, tables=(recorded_table("t1"),))
MUCH = (directory("t1", [100] * 60),)


def warnings(
    *nodes: Host, tuning: Tuning | None = None, sizes: tuple[int, ...] = (), **found: object
) -> list[str]:
    directories = (directory("t1", sizes),) if sizes else MUCH
    world = World(hosts=nodes, directories=directories, tuning=tuning)
    world.schema = PLAIN
    return told(dry(world).state, **found)


def told(state: RunState, **found: object) -> list[str]:
    rehearsal = rehearse(state, dict.fromkeys(state.nodes, Speed(download=1.0, load=1.0)), START)
    return list(warnings_of(state, rehearsal, msgspec.convert(found, Disks)))


def test_there_is_nothing_to_say_of_a_plain_restore() -> None:
    assert warnings(*hosts("n1", "n2")) == []


def test_a_node_that_does_not_reach_a_location_is_named_with_what_it_said() -> None:
    deaf = Host(address="n2", locations=(), unreachable={LOCATION.key: "403 Forbidden"})

    assert warnings(Host(address="n1"), deaf) == [
        "n2 cannot read s3:backups, which leaves it to n1: 403 Forbidden",
        "n2 would have nothing to do: there is too little for all nodes, or it is out of their reach",
    ]


def test_a_dc_that_a_mapping_leaves_out_is_noticed_and_its_nodes_are_not_missed() -> None:
    nodes = (Host(address="n1", dc="dc1"), Host(address="n2", dc="dc2"))
    world = World(hosts=nodes, directories=MUCH)
    world.schema = PLAIN
    world.on(
        OpenLocation,
        lambda c: (LocationOpened(location=c.location, manifests=("manifest",), dcs=("source", "other")),),
    )
    state = dry(world, dc_mapping=(("source", "dc1"),)).state

    assert told(state) == [
        "s3:backups is left to n1 alone: no other node is in a DC that reads it",
        "the DC mapping leaves out other of the backup: nothing is restored from there",
        "n2 would have nothing to do: there is too little for all nodes, or it is out of their reach",
    ]


def test_many_nodes_are_counted() -> None:
    deaf = [Host(address=f"n{number}", locations=()) for number in range(2, 9)]

    assert warnings(Host(address="n1"), *deaf)[0] == (
        "n2, n3, n4 and 4 more cannot read s3:backups, which leaves it to n1: it is not listed there"
    )


def test_a_rate_limit_for_a_dc_that_is_not_there_is_noticed() -> None:
    limits = (RateLimit(mib_per_second=5), RateLimit(mib_per_second=7, dc="dc9"))

    assert warnings(*hosts("n1"), tuning=Tuning(rate_limit=limits)) == [
        "a rate limit is for DC dc9, which the cluster does not have: it has dc1"
    ]


def test_compaction_that_is_off_already_stays_off() -> None:
    off = Host(address="n2", compacting=False)

    assert warnings(Host(address="n1"), off) == [
        "automatic compaction is off already on n2 for ks.t1: it stays as it is, during the restore and after it"
    ]


@pytest.mark.parametrize(("free", "count"), [(99, 1), (100, 0)])
def test_a_disk_that_is_too_full_is_named(free: int, count: int) -> None:
    found = warnings(*hosts("n1"), disks={"n1": DiskSpace(total=1000, free=free)}, sizes=(9, 9))

    assert len(found) == count
    assert all(warning.startswith("n1 has 9 % of its disk free, and 10 % are kept free") for warning in found)


def test_a_backup_that_is_larger_than_all_disks_is_noticed() -> None:
    disks = {"n1": DiskSpace(total=10_000, free=3_000), "n2": DiskSpace(total=10_000, free=2_999)}

    assert warnings(*hosts("n1", "n2"), disks=disks) == [
        "the nodes have 5,999 bytes free in all, which is less than the 6,000 of the backup, replicas not counted"
    ]


def test_what_other_runs_have_left_is_told() -> None:
    path = f"ks/t1-0/snapshots/scylla-restore-{OTHER_RUN}-1-1"

    (found,) = warnings(Host(address="n1", staging=(path,)), Host(address="n2"))
    assert found == (
        f"another run restores into these tables, or has left files there: n1:data:{path}; `run` refuses that"
    )


def test_tables_that_hold_data_are_told_with_their_bytes_over_all_nodes() -> None:
    nodes = (Host(address="n1", used={"ks:t1": 40}), Host(address="n2", used={"ks:t1": 2}))

    assert warnings(*nodes) == ["a table holds data already: ks.t1 (42 bytes); `run` refuses that"]


def test_files_of_others_in_upload_are_told() -> None:
    (found,) = warnings(Host(address="n1", uploads=("ks/t1-0/upload",)), Host(address="n2"))
    assert found.startswith("files of somebody else are in n1:data:ks/t1-0/upload: ")


@pytest.mark.parametrize(("skew_ms", "words"), [(95_400, "95 s ahead of"), (-31_000, "31 s behind")])
def test_a_clock_that_is_off_is_told(skew_ms: int, words: str) -> None:
    (found,) = warnings(Host(address="n1", clock_skew_ms=skew_ms), Host(address="n2", clock_skew_ms=1_000))
    assert found.startswith(f"the clock of n1 is {words} this host's: ")


def test_a_node_that_does_not_tell_is_no_obstacle() -> None:
    assert warnings(*hosts("n1"), silent={"n1": "timed out"}) == ["n1 did not tell of its disk: timed out"]


def of_schema(schema: SchemaRecorded) -> list[str]:
    world = World(hosts=hosts("n1", "n2"), directories=MUCH)
    world.schema = schema
    return told(dry(world).state)


def test_a_cluster_without_cql_is_told_what_is_left_as_it_is() -> None:
    warning = of_schema(SchemaRecorded(offered=False, reason="native_transport_port is 0"))
    assert warning == ["views and tombstone_gc are left as they are: native_transport_port is 0"]


def test_a_cluster_that_knows_no_tombstone_gc_is_told_so() -> None:
    (warning,) = of_schema(SchemaRecorded(offered=True, tables=(recorded_table("t1", None),)))
    assert warning == "the cluster knows no tombstone_gc of ks.t1: it is passed by"


def test_a_table_whose_tombstones_somebody_keeps_already_is_named() -> None:
    (warning,) = of_schema(
        SchemaRecorded(offered=True, tables=(recorded_table("t1", (("mode", "disabled"),)),))
    )
    assert warning.startswith("tombstone_gc is disabled already for ks.t1: it stays as it is")


def test_a_node_that_would_download_what_others_do_not_is_named_with_its_reason() -> None:
    refused = {LOCATION.key: "its Scylla has no object_storage_endpoints configured"}
    plain = Host(address="n2", scylla_version="2026.1.0", native_refusals=refused)
    words = (
        "n2 would download from s3:backups instead of having Scylla restore it by itself: "
        "its Scylla has no object_storage_endpoints configured"
    )

    assert words in warnings(*native_hosts("n1"), plain)
    assert words in warnings(*hosts("n1"), plain)
    assert warnings(*native_hosts("n1"), plain, tuning=Tuning(method=Method.RCLONE)) == []


def test_an_older_release_downloads_without_a_word_unless_others_restore_natively() -> None:
    old = Host(address="n2", native={LOCATION.key: "https://s3.example"}, scylla_version="2025.4.0")

    assert warnings(*hosts("n1"), old) == []
    assert any(
        "it runs Scylla 2025.4.0, and native restore is relied on from 2026.1 on" in said
        for said in warnings(*native_hosts("n1"), old)
    )
