"""From flags to a target."""

import msgspec
import pytest

from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import (
    BackupLocation,
    IndexVia,
    Method,
    RateLimit,
    RestoreKind,
    RestoreTarget,
    Selection,
    Staging,
    Tuning,
)

TAG = "sm_20230114183231UTC"
CLUSTER = "7d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10"


def flags(**more: object) -> TargetFlags:
    least = {"location": ("s3:b",), "snapshot_tag": TAG, "restore_tables": True}
    return msgspec.convert({**least, **more}, TargetFlags)


def test_what_is_not_asked_for_has_the_defaults_of_the_command_line() -> None:
    assert build_target(flags()) == RestoreTarget(
        selection=Selection(
            kind=RestoreKind.TABLES,
            locations=(BackupLocation(provider="s3", bucket="b"),),
            snapshot_tag=TAG,
            keyspace=("*",),
        ),
        tuning=Tuning(),
    )


def test_everything_that_is_asked_for_is_in_the_target() -> None:
    target = build_target(
        flags(
            location=("dc1:s3:b,gcs:c",),
            source_cluster=CLUSTER.upper(),
            source_task=CLUSTER,
            keyspace=("ks,!ks.t", "other"),
            method="native",
            batch_size=4,
            parallel=3,
            transfers=-1,
            rate_limit=("100,dc1:50", "dc2:0"),
            allow_compaction=True,
            unpin_agent_cpu=True,
            index_via="agent",
            staging="off",
            dc_mapping=("dc1=eu,dc2=us",),
            rename=("ks=ks2,a.t=b.t",),
            allow_non_empty=True,
        )
    )
    assert target.selection == Selection(
        kind=RestoreKind.TABLES,
        locations=(
            BackupLocation(provider="s3", bucket="b", dc="dc1"),
            BackupLocation(provider="gcs", bucket="c"),
        ),
        snapshot_tag=TAG,
        keyspace=("ks", "!ks.t", "other"),
        source_cluster=CLUSTER,
        source_task=CLUSTER,
        dc_mapping=(("dc1", "eu"), ("dc2", "us")),
        rename=(("ks", "ks2"), ("a.t", "b.t")),
        allow_non_empty=True,
    )
    assert target.tuning == Tuning(
        method=Method.NATIVE,
        batch_size=4,
        parallel=3,
        transfers=-1,
        rate_limit=(
            RateLimit(mib_per_second=100),
            RateLimit(mib_per_second=50, dc="dc1"),
            RateLimit(mib_per_second=0, dc="dc2"),
        ),
        allow_compaction=True,
        unpin_agent_cpu=True,
        index_via=IndexVia.AGENT,
        staging=Staging.OFF,
    )


def test_a_restore_of_the_schema_selects_the_tables_of_the_schema() -> None:
    target = build_target(flags(restore_tables=None, restore_schema=True))
    assert target.selection.kind is RestoreKind.SCHEMA
    assert target.selection.keyspace == ("system_schema",)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"location": None}, "no backup location is given"),
        ({"location": ()}, "no backup location is given"),
        ({"location": ("s3:b", "x:s3:b")}, "named twice"),
        ({"snapshot_tag": None}, "no snapshot tag is given"),
        ({"snapshot_tag": "yesterday"}, "is not a snapshot tag"),
        ({"snapshot_tag": "sm_20230229000000UTC"}, "does not exist"),
        ({"restore_tables": None}, "neither of tables and schema"),
        ({"restore_schema": True}, "both of tables and schema"),
        ({"restore_tables": False, "restore_schema": True, "keyspace": ("ks",)}, "always restores all of it"),
        ({"restore_tables": False, "restore_schema": True, "method": "native"}, "downloads no SSTables"),
        ({"batch_size": -1}, "--batch-size -1 is too small"),
        ({"parallel": -1}, "--parallel -1 is too small"),
        ({"transfers": -2}, "--transfers -2 is too small"),
        ({"method": "natve"}, "--method cannot be 'natve'"),
        ({"index_via": "s3"}, "--index-via cannot be 's3'"),
        ({"staging": "on"}, "--staging cannot be 'on'"),
        ({"keyspace": ("ks.",)}, "has no table after"),
        ({"rate_limit": ("dc1:fast",)}, "'dc1:fast' is not a rate limit"),
        ({"rate_limit": ("-5",)}, "is not a rate limit"),
        ({"rate_limit": ("dc1:5,dc1:6",)}, "two rate limits are given for DC dc1"),
        ({"rate_limit": ("5", "6")}, "two rate limits are given for all DCs"),
        ({"dc_mapping": ("dc1",)}, "'dc1' is not a DC mapping"),
        ({"dc_mapping": ("dc1=",)}, "is not a DC mapping"),
        ({"dc_mapping": ("a=b=c",)}, "is not a DC mapping"),
        ({"dc_mapping": ("a=b,a=c",)}, "source DC a is named twice"),
        ({"rename": ("ks.t=ks2",)}, "does not rename a keyspace to a keyspace"),
        ({"rename": ("ks=ks2.t",)}, "does not rename a keyspace to a keyspace"),
        ({"rename": ("ks=../x",)}, "does not rename"),
        ({"rename": ("ks=ks",)}, "renames nothing"),
        ({"rename": ("a=c,b=c",)}, "target c is named twice"),
        ({"rename": ("a=b,a=c",)}, "source a is named twice"),
        ({"source_cluster": "prod"}, "--source-cluster 'prod' is not an id"),
        ({"source_task": "x"}, "--source-task 'x' is not an id"),
    ],
)
def test_an_impossible_target_is_refused_in_plain_words(more: dict[str, object], problem: str) -> None:
    with pytest.raises(TargetError, match=problem) as caught:
        build_target(flags(**more))
    assert caught.value.exit_code == 2


def test_a_mistyped_choice_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(TargetError) as caught:
        build_target(flags(method="natve"))
    assert caught.value.hint == "did you mean native? it is one of auto, native, rclone"
