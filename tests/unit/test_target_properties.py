import msgspec
import pytest

from scylla_restore.engine.core.target import target_from_properties
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import Method, RateLimit, RestoreKind

TAG = "sm_20230114183231UTC"
LEAST: dict[str, object] = {"location": ["s3:b"], "snapshot_tag": TAG, "restore_tables": True}


def document(**more: object) -> bytes:
    return msgspec.json.encode({**LEAST, **more})


def test_absent_and_null_keys_have_the_defaults_of_scylla_manager() -> None:
    for properties in (document(), document(batch_size=None, keyspace=None, dc_mapping=None, method=None)):
        target = target_from_properties(properties)
        assert target.tuning.method is Method.RCLONE
        assert target.tuning.batch_size == 2
        assert (target.tuning.parallel, target.tuning.transfers, target.tuning.rate_limit) == (0, 0, ())
        assert target.selection.keyspace == ("*",)


def test_every_key_of_scylla_manager_is_understood() -> None:
    target = target_from_properties(
        document(
            keyspace=["a.*", "!a.b"],
            restore_schema=False,
            batch_size=0,
            parallel=1,
            transfers=-1,
            rate_limit=["dc1:10", "5"],
            allow_compaction=True,
            unpin_agent_cpu=True,
            dc_mapping={"dc1": "eu"},
            method="auto",
            **{"continue": False},
        )
    )
    assert target.selection.keyspace == ("a.*", "!a.b")
    assert target.selection.dc_mapping == (("dc1", "eu"),)
    assert target.tuning.batch_size == 0
    assert target.tuning.transfers == -1
    assert target.tuning.method is Method.AUTO
    assert target.tuning.rate_limit == (RateLimit(mib_per_second=10, dc="dc1"), RateLimit(mib_per_second=5))


def test_a_flag_beats_the_document() -> None:
    given = TargetFlags(batch_size=7, method="native", restore_schema=None, keyspace=("x",))
    target = target_from_properties(document(batch_size=3, keyspace=["y"]), given)
    assert (target.tuning.batch_size, target.tuning.method) == (7, Method.NATIVE)
    assert target.selection.keyspace == ("x",)


def test_a_flag_for_the_schema_replaces_a_document_for_tables() -> None:
    target = target_from_properties(document(), TargetFlags(restore_schema=True))
    assert target.selection.kind is RestoreKind.SCHEMA


@pytest.mark.parametrize(
    ("properties", "problem", "hint"),
    [
        (document(batchsize=1), "unknown key 'batchsize'", "did you mean 'batch_size'?"),
        (document(qqq=1), "unknown key 'qqq'", "its keys are location,"),
        (b'{"properties": {}}', "unknown key 'properties'", "value of its `properties` alone"),
        (b"[]", "cannot be read: Expected `object`", "restore task"),
        (b'{"location"', "cannot be read: Input data was truncated", "restore task"),
        (b"\xff", "cannot be read", "restore task"),
        (
            document(batch_size="2"),
            r"cannot be read: Expected `int`, got `str` - at `\$.batch_size`",
            "restore task",
        ),
        (document(location="s3:b"), "cannot be read: Expected `array", "restore task"),
    ],
)
def test_a_document_that_is_not_one_is_refused_in_plain_words(
    properties: bytes, problem: str, hint: str
) -> None:
    with pytest.raises(TargetError, match=problem) as caught:
        target_from_properties(properties)
    assert hint in str(caught.value.hint)
