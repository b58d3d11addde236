import pytest

from scylla_restore.engine.core.location import parse_location, parse_locations
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import BackupLocation


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("s3:my-bucket", BackupLocation(provider="s3", bucket="my-bucket")),
        ("dc1:gcs:b.x", BackupLocation(provider="gcs", bucket="b.x", dc="dc1")),
        ("DC_1.a-b:azure:b", BackupLocation(provider="azure", bucket="b", dc="DC_1.a-b")),
        ("localstorage:n", BackupLocation(provider="localstorage", bucket="n")),
        ("s3:gcs:b", BackupLocation(provider="gcs", bucket="b", dc="s3")),
    ],
)
def test_a_location_is_read_and_written_as_the_same_text(text: str, location: BackupLocation) -> None:
    assert parse_location(text) == location
    assert str(location) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a backup location"),
        ("bucket", "is not a backup location"),
        ("s3:", "is not a backup location"),
        ("s3:Bucket", "is not a backup location"),
        ("s3:a/b", "is not a backup location"),
        ("s3:bucket\n", "is not a backup location"),
        ("a:b:s3:c", "is not a backup location"),
        ("d c:s3:b", "is not a backup location"),
        ("dc1:bucket", "unknown provider 'dc1'"),
        ("data:b", "unknown provider 'data'"),
        ("localstorage:..", "names a directory, not a bucket"),
        ("s3:.", "names a directory, not a bucket"),
    ],
)
def test_what_is_no_location_is_refused_in_plain_words(text: str, problem: str) -> None:
    with pytest.raises(TargetError, match=problem) as caught:
        parse_location(text)
    assert "[<dc>:]<provider>:<bucket>" in str(caught.value.hint)


def test_locations_are_separated_by_commas_or_given_one_by_one() -> None:
    locations = parse_locations(["s3:a, dc2:s3:b", "gcs:a"])
    assert [str(location) for location in locations] == ["s3:a", "dc2:s3:b", "gcs:a"]


def test_a_bucket_named_twice_is_refused_whatever_its_dc() -> None:
    with pytest.raises(TargetError, match="bucket s3:a is named twice, as dc1:s3:a and as dc2:s3:a"):
        parse_locations(["dc1:s3:a", "dc2:s3:a"])


def test_an_empty_entry_in_a_list_is_refused() -> None:
    with pytest.raises(TargetError, match="'' is not a backup location"):
        parse_locations(["s3:a,"])
