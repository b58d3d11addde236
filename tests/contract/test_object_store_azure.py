"""Containers of a real server of Azure Blob Storage's API."""

from collections.abc import Iterator

import pytest
from tests.support.azure_server import AzureServer
from tests.support.object_store_suite import ObjectStoreSuite, StoreUnderTest
from tests.support.ports import HOST, reserved_ports

from scylla_restore.engine.errors import StorageDenied, StorageUnavailable
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.azure import AzureStore
from scylla_restore.engine.storage.azure_access import AzureAccess
from scylla_restore.engine.storage.port import ObjectStore, StoredObject

pytestmark = pytest.mark.real


def store_of(server: AzureServer, bucket: str, *, key: str = "") -> AzureStore:
    access = AzureAccess(
        account=server.account, key=Secret(key or server.key), endpoint=server.endpoint, attempts=2
    )
    return AzureStore(bucket, access)


class Bucket(StoreUnderTest):
    def __init__(self, server: AzureServer) -> None:
        self.server = server
        self.name = server.new_bucket()
        self.store = store_of(server, self.name)

    def put(self, key: str, data: bytes) -> None:
        self.server.put(self.name, key, data)

    def store_of_missing_bucket(self) -> ObjectStore:
        return store_of(self.server, "missing-bucket")


@pytest.fixture
def bucket(azure_server: AzureServer) -> Iterator[Bucket]:
    made = Bucket(azure_server)
    yield made
    made.store.close()


class TestAzure(ObjectStoreSuite):
    pass


@pytest.mark.parametrize("key", ["d3Jvbmc=", "not base64!"])
def test_a_wrong_key_is_refused_with_the_reason(azure_server: AzureServer, key: str) -> None:
    store = store_of(azure_server, azure_server.new_bucket(), key=key)
    for ask in (lambda: list(store.list("a/")), lambda: store.read("a/b", limit_bytes=1)):
        with pytest.raises(StorageDenied) as caught:
            ask()
        assert caught.value.hint
        assert key not in str(caught.value)
    store.close()


def test_a_shared_access_signature_opens_its_container_and_no_other(bucket: Bucket) -> None:
    bucket.put("a/1", b"x")
    url = bucket.server.signed_url(bucket.name)
    store = AzureStore(bucket.name, AzureAccess(sas_url=Secret(url)))
    assert list(store.list("a/")) == [StoredObject("a/1", 1)]
    assert store.read("a/1", limit_bytes=1) == b"x"
    store.close()
    with pytest.raises(StorageDenied, match=f"is for container '{bucket.name}'") as caught:
        AzureStore("other", AzureAccess(sas_url=Secret(url)))
    assert "sig=" not in str(caught.value)


def test_a_signature_that_has_expired_is_refused(bucket: Bucket) -> None:
    url = bucket.server.signed_url(bucket.name, hours=-1)
    store = AzureStore(bucket.name, AzureAccess(sas_url=Secret(url), attempts=1))
    with pytest.raises(StorageDenied, match=f"azure:{bucket.name}/a/") as caught:
        list(store.list("a/"))
    assert "sig=" not in str(caught.value).replace("sig=***", "")
    store.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    (port,) = reserved_ports(1)
    access = AzureAccess(
        account="lab", key=Secret("d3Jvbmc="), endpoint=f"http://{HOST}:{port}", attempts=2, backoff_s=0
    )
    store = AzureStore("bucket", access)
    with pytest.raises(StorageUnavailable, match=str(port)) as caught:
        list(store.list("a/"))
    assert caught.value.retryable
    assert store.report().retries == 1
    store.close()


def test_a_blob_that_says_that_it_is_compressed_comes_as_it_is_stored(bucket: Bucket) -> None:
    bucket.server.put(bucket.name, "compressed", b"\x1f\x8bnot really", encoding="gzip")
    assert bucket.store.read("compressed", limit_bytes=100) == b"\x1f\x8bnot really"
