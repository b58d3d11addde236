from datetime import UTC, datetime, timedelta, timezone

import pytest

from scylla_restore.engine.core.snapshot_tag import (
    is_snapshot_tag,
    nearest_in_words,
    nearest_tags,
    snapshot_tag,
    snapshot_time,
)
from scylla_restore.engine.errors import TargetError


def test_a_tag_is_a_moment_in_utc() -> None:
    moment = datetime(2023, 1, 14, 18, 32, 31, tzinfo=UTC)
    assert snapshot_time("sm_20230114183231UTC") == moment
    assert snapshot_tag(moment) == "sm_20230114183231UTC"
    assert snapshot_tag(moment.astimezone(timezone(timedelta(hours=5)))) == "sm_20230114183231UTC"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sm_20230114183231",
        "sm_2023011418323UTC",
        "sm_20230114183231utc",
        "SM_20230114183231UTC",
        "sm_20230114183231UTC\n",
        "sm_٢0230114183231UTC",
        "xsm_20230114183231UTC",
    ],
)
def test_other_texts_are_no_tags(text: str) -> None:
    assert not is_snapshot_tag(text)
    with pytest.raises(TargetError, match="is not a snapshot tag") as caught:
        snapshot_time(text)
    assert "sm_20060102150405UTC" in str(caught.value.hint)


@pytest.mark.parametrize(
    "text", ["sm_20230229000000UTC", "sm_20231301000000UTC", "sm_20230101240000UTC", "sm_20230101000060UTC"]
)
def test_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    assert not is_snapshot_tag(text)
    with pytest.raises(TargetError, match="does not exist"):
        snapshot_time(text)


def test_the_nearest_tags_come_first_and_what_is_no_tag_is_none_of_them() -> None:
    tags = [f"sm_202401{day:02}000000UTC" for day in (1, 9, 11, 14, 30)]
    assert nearest_tags("sm_20240110000000UTC", [*tags, "sm_other"]) == (tags[1], tags[2], tags[3])
    assert nearest_in_words(()).startswith("there is none at all")
