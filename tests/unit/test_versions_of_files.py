import pytest

from scylla_restore.engine.backup.versions import choose_versions, split_version

F = "me-1-big-Data.db"


def tag(second: int) -> str:
    return f"sm_202501010000{second:02}UTC"


@pytest.mark.parametrize(("restored", "chosen"), [(1, 3), (2, 3), (3, 5), (4, 5), (5, None), (6, None)])
def test_the_oldest_copy_that_is_newer_than_the_snapshot_belongs_to_it(
    restored: int, chosen: int | None
) -> None:
    listing = {F: 100, f"{F}.{tag(3)}": 103, f"{F}.{tag(5)}": 105}
    files = choose_versions(listing, tag(restored))
    assert files.sizes[F] == 100 + (chosen or 0)
    assert files.tags == ({} if chosen is None else {F: tag(chosen)})
    assert set(files.sizes) == {F}
    assert files.older == frozenset()


def test_a_file_with_nothing_but_older_copies_is_missing() -> None:
    files = choose_versions({f"{F}.{tag(3)}": 1}, tag(3))
    assert F not in files.sizes
    assert files.older == {F}


def test_a_file_that_is_gone_may_still_have_the_right_copy() -> None:
    files = choose_versions({f"{F}.{tag(5)}": 7}, tag(3))
    assert files.sizes == {F: 7}
    assert files.tags == {F: tag(5)}


def test_each_file_is_chosen_on_its_own() -> None:
    files = choose_versions({"a": 1, f"a.{tag(5)}": 2, "b": 3}, tag(4))
    assert files.sizes == {"a": 2, "b": 3}
    assert files.tags == {"a": tag(5)}


def test_a_directory_without_copies_is_taken_as_it_is() -> None:
    listing = {F: 1, "other": 2}
    files = choose_versions(listing, tag(4))
    assert files.sizes == listing
    assert files.tags == {}


def test_manifests_beside_the_sstables_have_no_versions() -> None:
    files = choose_versions({f"manifest.json.{tag(9)}": 1, F: 1}, tag(4))
    assert files.sizes == {F: 1}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (F, (F, None)),
        (f"{F}.{tag(3)}", (F, tag(3))),
        (f"{F}.{tag(3)}.{tag(5)}", (f"{F}.{tag(3)}", tag(5))),
        (f"{F}.sm_20250230000000UTC", (f"{F}.sm_20250230000000UTC", None)),
        (f".{tag(3)}", (f".{tag(3)}", None)),
        (tag(3), (tag(3), None)),
    ],
)
def test_a_name_is_split_at_its_tag(name: str, parts: tuple[str, str | None]) -> None:
    assert split_version(name) == parts


def test_a_tag_of_an_impossible_date_is_part_of_the_name() -> None:
    odd = f"{F}.sm_20250230000000UTC"
    assert choose_versions({odd: 1, f"{F}.{tag(3)}": 2}, tag(2)).sizes == {odd: 1, F: 2}
