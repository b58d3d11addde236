"""Buckets of a real S3 server."""

from collections.abc import Iterator

import pytest
from tests.support.object_store_suite import ObjectStoreSuite, StoreUnderTest
from tests.support.ports import HOST, reserved_ports
from tests.support.s3_server import S3Server

from scylla_restore.engine.errors import StorageDenied, StorageError, StorageUnavailable
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.engine.storage.s3 import S3Store

pytestmark = pytest.mark.real


def store_of(server: S3Server, bucket: str, *, key_id: str = "", secret: str = "") -> S3Store:
    return S3Store(
        bucket,
        endpoint=server.endpoint,
        region="us-east-1",
        access_key_id=Secret(key_id or server.access_key_id),
        secret_access_key=Secret(secret or server.secret_access_key),
        attempts=2,
    )


class Bucket(StoreUnderTest):
    def __init__(self, server: S3Server) -> None:
        self.server = server
        self.name = server.new_bucket()
        self.store = store_of(server, self.name)

    def put(self, key: str, data: bytes) -> None:
        self.server.put(self.name, key, data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return store_of(self.server, "missing-bucket")


@pytest.fixture
def bucket(s3_server: S3Server) -> Iterator[Bucket]:
    made = Bucket(s3_server)
    yield made
    made.store.close()


class TestS3(ObjectStoreSuite):
    pass


@pytest.mark.parametrize(
    ("key_id", "secret", "hint"),
    [
        ("unknown", "", "check access_key_id"),
        ("", "wrong", "check secret_access_key"),
        ("nobody", "", "s3:ListBucket"),
    ],
)
def test_credentials_that_do_not_suffice_are_refused_with_the_reason(
    s3_server: S3Server, key_id: str, secret: str, hint: str
) -> None:
    store = store_of(s3_server, s3_server.new_bucket(), key_id=key_id, secret=secret)
    for ask in (lambda: list(store.list("a/")), lambda: store.read("a/b", limit_bytes=1)):
        with pytest.raises(StorageDenied) as caught:
            ask()
        assert hint in str(caught.value.hint)
        assert s3_server.secret_access_key not in str(caught.value)
    store.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    (port,) = reserved_ports(1)
    store = S3Store(
        "bucket",
        endpoint=f"http://{HOST}:{port}",
        access_key_id=Secret("a"),
        secret_access_key=Secret("b"),
        attempts=1,
    )
    with pytest.raises(StorageUnavailable) as caught:
        list(store.list("a/"))
    assert caught.value.retryable
    assert str(port) in caught.value.message
    store.close()


def test_keys_that_stand_for_directories_are_no_objects(bucket: Bucket) -> None:
    bucket.put("d/sub/", b"")
    bucket.put("d/file", b"1")
    assert [found.key for found in bucket.store.list("d/")] == ["d/file"]


@pytest.mark.parametrize("endpoint", ["not a url", "ftp//x"])
def test_settings_that_the_sdk_refuses_are_refused(endpoint: str) -> None:
    with pytest.raises(StorageError, match="s3:b/: invalid endpoint"):
        S3Store("b", endpoint=endpoint, access_key_id=Secret("a"), secret_access_key=Secret("b"))


def test_a_profile_that_is_not_there_is_denied() -> None:
    with pytest.raises(StorageDenied, match="profile"):
        S3Store("b", profile="no-such-profile")
