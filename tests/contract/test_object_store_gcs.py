"""Buckets of a real server of Google Cloud Storage's API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.gcs_server import GcsServer
from tests.support.object_store_suite import ObjectStoreSuite, StoreUnderTest
from tests.support.ports import HOST, reserved_ports

from scylla_restore.engine.errors import StorageDenied, StorageUnavailable
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.gcs import GcsStore
from scylla_restore.engine.storage.port import ObjectStore

pytestmark = pytest.mark.real


class Bucket(StoreUnderTest):
    def __init__(self, server: GcsServer) -> None:
        self.server = server
        self.name = server.new_bucket()
        self.store = GcsStore(self.name, endpoint=server.endpoint)

    def put(self, key: str, data: bytes) -> None:
        self.server.put(self.name, key, data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return GcsStore("missing-bucket", endpoint=self.server.endpoint)


@pytest.fixture
def bucket(gcs_server: GcsServer) -> Iterator[Bucket]:
    made = Bucket(gcs_server)
    yield made
    made.store.close()


class TestGcs(ObjectStoreSuite):
    pass


def test_a_server_that_is_not_there_is_unavailable() -> None:
    (port,) = reserved_ports(1)
    store = GcsStore("bucket", endpoint=f"http://{HOST}:{port}", patience_s=0.1)
    with pytest.raises(StorageUnavailable, match=str(port)) as caught:
        list(store.list("a/"))
    assert caught.value.retryable
    assert store.report().retries
    store.close()


def test_keys_that_stand_for_directories_are_no_objects(bucket: Bucket) -> None:
    bucket.put("d/sub/", b"")
    bucket.put("d/file", b"1")
    assert [found.key for found in bucket.store.list("d/")] == ["d/file"]


def test_an_object_that_says_that_it_is_compressed_comes_as_it_is_stored(bucket: Bucket) -> None:
    blob = bucket.server.client.bucket(bucket.name).blob("compressed")
    blob.content_encoding = "gzip"
    blob.upload_from_string(b"\x1f\x8bnot really")
    assert bucket.store.read("compressed", limit_bytes=100) == b"\x1f\x8bnot really"


@pytest.mark.parametrize(
    "text", ["", "{}", "not json", '{"type": "service_account", "private_key": "s3cr3t"}']
)
def test_a_service_account_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(text)
    for given in ({"service_account_file": file}, {"service_account_credentials": Secret(text)}):
        with pytest.raises(StorageDenied, match="gcs:b") as caught:
            GcsStore("b", **given)
        assert "[gcs]" in str(caught.value.hint)
        assert "s3cr3t" not in str(caught.value)


def test_a_service_account_without_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageDenied, match="No such file"):
        GcsStore("b", service_account_file=tmp_path / "absent.json")


def test_a_machine_without_credentials_is_told_where_to_put_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(StorageDenied, match=r"gcs:b/: your default credentials were not found") as caught:
        GcsStore("b")
    assert "service_account_file" in str(caught.value.hint)
