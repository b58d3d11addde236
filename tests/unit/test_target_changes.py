import pytest

from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_changes import resumed_target, selection_changes, tuning_changes
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import Method, Tuning

STARTED = build_target(
    TargetFlags(
        location=("dc1:s3:b", "gcs:c"),
        snapshot_tag="sm_20230114183231UTC",
        restore_tables=True,
        keyspace=("ks", "!ks.t"),
        dc_mapping=("a=b",),
        rename=("ks=ks2",),
        batch_size=4,
    )
)
SCHEMA = build_target(
    TargetFlags(location=("s3:b",), snapshot_tag="sm_20230114183231UTC", restore_schema=True)
)


def test_changes_of_tuning_are_named_as_flags() -> None:
    changed = Tuning(batch_size=1, unpin_agent_cpu=True, method=Method.NATIVE)
    assert tuning_changes(Tuning(), changed) == ("--method", "--batch-size", "--unpin-agent-cpu")
    assert tuning_changes(changed, changed) == ()


def test_changes_of_the_selection_are_named_as_flags() -> None:
    assert selection_changes(STARTED.selection, SCHEMA.selection) == (
        "--restore-schema",
        "--location",
        "--keyspace",
        "--dc-mapping",
        "--rename",
    )


def test_a_resumed_run_keeps_what_is_not_given_and_takes_what_is() -> None:
    resumed = resumed_target(STARTED, TargetFlags(parallel=2))
    assert resumed.selection == STARTED.selection
    assert resumed.tuning == Tuning(batch_size=4, parallel=2)


@pytest.mark.parametrize(
    "same",
    [
        TargetFlags(),
        TargetFlags(location=("dc1:s3:b,gcs:c",), keyspace=("ks,!ks.t",)),
        TargetFlags(restore_tables=True, dc_mapping=("a=b",), rename=("ks=ks2",)),
    ],
)
def test_naming_the_same_selection_again_changes_nothing(same: TargetFlags) -> None:
    assert resumed_target(STARTED, same) == STARTED


def test_a_schema_restore_can_be_resumed() -> None:
    assert resumed_target(SCHEMA, TargetFlags()) == SCHEMA


@pytest.mark.parametrize(
    ("other", "flag"),
    [
        (TargetFlags(location=("s3:b",)), "--location"),
        (TargetFlags(location=("s3:b", "gcs:c")), "--location"),
        (TargetFlags(snapshot_tag="sm_20230114183232UTC"), "--snapshot-tag"),
        (TargetFlags(keyspace=("ks",)), "--keyspace"),
        (TargetFlags(dc_mapping=("a=c",)), "--dc-mapping"),
        (TargetFlags(rename=("ks=ks3",)), "--rename"),
        (TargetFlags(allow_non_empty=True), "--allow-non-empty"),
        (TargetFlags(source_task="7d0cb1f5-8f3f-4b2c-a6c1-6a3b6c0d8a10"), "--source-task"),
    ],
)
def test_a_resumed_run_cannot_select_other_data(other: TargetFlags, flag: str) -> None:
    with pytest.raises(TargetError, match=f"and {flag} would change that"):
        resumed_target(STARTED, other)
