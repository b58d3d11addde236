"""A directory as a bucket."""

import os
from pathlib import Path

import pytest
from tests.support.object_store_suite import ObjectStoreSuite, StoreUnderTest

from scylla_restore.engine.errors import ObjectMissing, StorageDenied, StorageUnavailable
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.engine.storage.port import ObjectStore


class Directory(StoreUnderTest):
    has_files_beside_directories = False

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "bucket"
        self.path.mkdir()
        self.store = LocalStorage(root, "bucket")

    def put(self, key: str, data: bytes) -> None:
        path = self.path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return LocalStorage(self.root, "missing")


@pytest.fixture
def bucket(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


class TestLocalStorage(ObjectStoreSuite):
    pass


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../bucket", "a\x00"])
def test_a_bucket_cannot_lead_out_of_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageDenied):
        LocalStorage(tmp_path, name)


def test_symbolic_links_are_as_if_they_were_not_there(bucket: Directory) -> None:
    (bucket.root / "secret").mkdir()
    (bucket.root / "secret" / "file").write_bytes(b"secret")
    bucket.put("a/real", b"1")
    (bucket.path / "a" / "directory").symlink_to(bucket.root / "secret")
    (bucket.path / "a" / "file").symlink_to(bucket.root / "secret" / "file")
    assert [found.key for found in bucket.store.list("a/")] == ["a/real"]
    assert bucket.store.list_directories("a/") == ()
    assert list(bucket.store.list("a/directory/")) == []
    assert list(bucket.store.pages("a/")) == [{"real": 1}]
    assert list(bucket.store.pages("a/directory/")) == []
    assert bucket.store.find("a/", ("real", "file", "directory")) == {"real": 1}
    assert bucket.store.find("a/directory/", ("file",)) == {}
    for key in ("a/file", "a/directory/file"):
        with pytest.raises(ObjectMissing):
            bucket.store.read(key, limit_bytes=100)


def test_what_is_neither_file_nor_directory_is_no_object(bucket: Directory) -> None:
    bucket.put("a/real", b"1")
    os.mkfifo(bucket.path / "a" / "pipe")
    assert [found.key for found in bucket.store.list("a/")] == ["a/real"]
    with pytest.raises(ObjectMissing):
        bucket.store.read("a/pipe", limit_bytes=100)


def test_empty_directories_have_nothing_below_them(bucket: Directory) -> None:
    (bucket.path / "a" / "empty" / "deep").mkdir(parents=True)
    assert bucket.store.list_directories("a/") == ()
    bucket.store.close()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (PermissionError(13, "Permission denied"), StorageDenied),
        (OSError(5, "Input/output error"), StorageUnavailable),
    ],
)
def test_what_the_file_system_says_is_told(
    bucket: Directory, monkeypatch: pytest.MonkeyPatch, error: OSError, raised: type[StorageDenied]
) -> None:
    def fail(*_: object) -> None:
        raise error

    bucket.put("a/real", b"1")
    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(raised, match=f"localstorage:bucket/a/: {str(error.strerror).lower()}"):
        list(bucket.store.list("a/"))


def test_a_file_that_vanishes_while_it_is_listed_is_left_out(bucket: Directory) -> None:
    bucket.put("a/1", b"1")
    bucket.put("a/2", b"2")
    listing = bucket.store.list("a/")
    assert next(listing).key == "a/1"
    (bucket.path / "a" / "2").unlink()
    assert list(listing) == []
