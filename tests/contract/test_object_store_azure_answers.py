"""What is made of answers of Azure's API that a healthy server does not give, and how an account is reached."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.scripted_http import RESET, Answer, Script, scripted_http

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    ObjectTooLarge,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.azure import PAGE, AzureStore
from scylla_restore.engine.storage.azure_access import AzureAccess, account_url
from scylla_restore.engine.storage.azure_errors import storage_error
from scylla_restore.engine.storage.port import StoredObject

XML = (("Content-Type", "application/xml"),)
KEY = Secret("c2VjcmV0")


@contextmanager
def scripted_azure(*answers: Answer, attempts: int = 1) -> Iterator[tuple[AzureStore, Script]]:
    with scripted_http(*answers) as script:
        access = AzureAccess(account="lab", key=KEY, endpoint=script.endpoint, attempts=attempts, backoff_s=0)
        store = AzureStore("b", access)
        try:
            yield store, script
        finally:
            store.close()


def refusal(code: str, status: int) -> Answer:
    body = (
        f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>because</Message></Error>"
    )
    return Answer(body.encode(), status, (*XML, ("x-ms-error-code", code)))


def page(*names: str, marker: str = "", inner: str = "") -> Answer:
    blobs = "".join(
        f"<Blob><Name>{name}</Name><Properties><Etag>e</Etag><Content-Length>1</Content-Length></Properties></Blob>"
        for name in names
    )
    body = (
        f"\ufeff<?xml version='1.0' encoding='utf-8'?><EnumerationResults ContainerName='b'><Prefix>a/</Prefix>"
        f"<Blobs>{blobs}{inner}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
    )
    return Answer(body.encode(), 200, XML)


def blob_of(size: int) -> tuple[tuple[str, str], ...]:
    return (("Content-Range", f"bytes 0-{size - 1}/{size}"), ("x-ms-blob-type", "BlockBlob"))


@pytest.mark.parametrize(
    ("answer", "raised", "hint"),
    [
        (refusal("ContainerNotFound", 404), BucketMissing, "check the container's name"),
        (refusal("ContainerBeingDeleted", 409), BucketMissing, "check the container's name"),
        (refusal("AuthenticationFailed", 403), StorageDenied, "expired"),
        (refusal("InvalidAuthenticationInfo", 401), StorageDenied, "expired"),
        (refusal("NoAuthenticationInformation", 401), StorageDenied, "set account and key"),
        (refusal("AuthorizationPermissionMismatch", 403), StorageDenied, "Storage Blob Data Reader"),
        (refusal("SomethingNew", 403), StorageDenied, "set account and key"),
        (refusal("ServerBusy", 503), StorageUnavailable, "None"),
        (refusal("InternalError", 500), StorageUnavailable, "None"),
        (refusal("TooManyRequests", 429), StorageUnavailable, "None"),
        (Answer(b"bad gateway", 502), StorageUnavailable, "None"),
        (RESET, StorageUnavailable, "endpoint"),
        (refusal("InvalidQueryParameterValue", 400), StorageError, "None"),
    ],
)
def test_a_refusal_is_told_with_what_can_be_done(
    answer: Answer, raised: type[StorageError], hint: str
) -> None:
    with scripted_azure(answer) as (store, _):
        for ask in (lambda: list(store.list("a/")), lambda: store.list_directories("a/")):
            with pytest.raises(StorageError, match="azure:b/a/") as caught:
                ask()
            assert type(caught.value) is raised
            assert hint in str(caught.value.hint)
            assert caught.value.location == "azure:b"


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (refusal("BlobNotFound", 404), ObjectMissing),
        (refusal("ContainerNotFound", 404), BucketMissing),
        (refusal("BlobArchived", 409), StorageDenied),
        (refusal("ServerBusy", 503), StorageUnavailable),
    ],
)
def test_a_refusal_to_read_is_told(answer: Answer, raised: type[StorageError]) -> None:
    with scripted_azure(answer) as (store, _), pytest.raises(StorageError, match="azure:b/a/1") as caught:
        store.read("a/1", limit_bytes=10)
    assert type(caught.value) is raised


@pytest.mark.parametrize("trouble", [refusal("ServerBusy", 503), refusal("InternalError", 500), RESET])
def test_a_server_in_trouble_is_asked_again_and_that_is_counted(trouble: Answer) -> None:
    with scripted_azure(trouble, page("a/1"), attempts=3) as (store, script):
        assert list(store.list("a/")) == [StoredObject("a/1", 1)]
        assert len(script.paths) == 2
        assert store.report().retries == 1
    content = Answer(b"x", 206, blob_of(1))
    with scripted_azure(trouble, content, attempts=3) as (store, _):
        assert store.read("a/1", limit_bytes=10) == b"x"
        assert store.report().retries == 1


def test_an_object_above_the_limit_is_refused_by_what_its_size_is_said_to_be() -> None:
    content = Answer(b"x" * 101, 206, blob_of(101))
    with scripted_azure(content) as (store, _), pytest.raises(ObjectTooLarge, match="100 are the most"):
        store.read("a/b", limit_bytes=100)


def test_a_listing_is_streamed_page_by_page() -> None:
    with scripted_azure(page("a/1", marker="x/y"), page("a/2")) as (store, script):
        listing = store.list("a/")
        assert next(listing).key == "a/1"
        assert len(script.paths) == 1
        assert [found.key for found in listing] == ["a/2"]
        assert "marker=x%2Fy" in script.paths[1]


def test_a_listing_that_goes_on_without_end_is_given_up() -> None:
    with scripted_azure(page("a/1", marker="x")) as (store, script):
        with pytest.raises(StorageUnavailable, match="goes on, but not from"):
            list(store.list("a/"))
        assert len(script.paths) == 2


@pytest.mark.parametrize(
    "body", [page("a/1", "a/2").body[:-30], b"", b"not xml", b"<Blobs><Blob><Name>a</Name></Blob></Blobs>"]
)
def test_a_listing_that_is_cut_off_is_unavailable(body: bytes) -> None:
    with scripted_azure(Answer(body, 200, XML)) as (store, _), pytest.raises(StorageUnavailable):
        list(store.list("a/"))


def test_names_with_marks_of_xml_and_markers_with_them_are_read() -> None:
    first = page("a/&lt;&amp;&gt;", "a/dir/", marker="x&amp;y")
    with scripted_azure(first, page("a/2")) as (store, script):
        assert list(store.pages("a/")) == [{"<&>": 1}, {"2": 1}]
        assert "marker=x%26y" in script.paths[1]


@pytest.mark.parametrize(
    "size", ["", "<Content-Length>-1</Content-Length>", "<Content-Length>x</Content-Length>"]
)
def test_an_object_without_size_is_no_object(size: str) -> None:
    odd = page("a/1", inner=f"<Blob><Name>a/2</Name><Properties>{size}</Properties></Blob>")
    with pytest.raises(StorageUnavailable, match="without key or size"):
        PAGE.read(odd.body, "azure:b")


@pytest.mark.parametrize(
    ("access", "url"),
    [
        (AzureAccess(account="acc"), "https://acc.blob.core.windows.net"),
        (
            AzureAccess(account="acc", endpoint="blob.core.chinacloudapi.cn"),
            "https://acc.blob.core.chinacloudapi.cn",
        ),
        (AzureAccess(account="acc", endpoint="https://files.example"), "https://files.example"),
        (AzureAccess(account="acc", endpoint="http://127.0.0.1:1"), "http://127.0.0.1:1/acc"),
        (AzureAccess(account="acc", endpoint="http://azurite:1/"), "http://azurite:1/acc"),
        (AzureAccess(account="acc", endpoint="http://127.0.0.1:1/acc"), "http://127.0.0.1:1/acc"),
        (AzureAccess(use_emulator=True), "http://127.0.0.1:10000/devstoreaccount1"),
    ],
)
def test_an_account_is_found_where_the_settings_say(access: AzureAccess, url: str) -> None:
    assert account_url(access) == url


def test_settings_without_an_account_are_refused() -> None:
    with pytest.raises(StorageDenied, match="azure:b: no account is given") as caught:
        AzureStore("b", AzureAccess(key=KEY))
    assert "[azure]" in str(caught.value.hint)


@pytest.mark.parametrize(
    "access",
    [
        AzureAccess(account="acc", use_msi=True),
        AzureAccess(account="acc", msi_client_id="c"),
        AzureAccess(account="acc", msi_object_id="o"),
        AzureAccess(account="acc", msi_mi_res_id="r"),
        AzureAccess(account="acc"),
        AzureAccess(use_emulator=True),
    ],
)
def test_an_identity_is_asked_for_nothing_before_it_is_needed(access: AzureAccess) -> None:
    store = AzureStore("b", access)
    assert store.report().retries == 0
    store.close()


def test_a_service_principal_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "principal.json"
    file.write_text(json.dumps({"appId": "a", "password": "s3cr3t", "tenant": "t", "displayName": "x"}))
    AzureStore("b", AzureAccess(account="acc", service_principal_file=file)).close()
    file.write_text(json.dumps({"appId": "a", "password": "s3cr3t"}))
    with pytest.raises(StorageDenied, match="tenant") as caught:
        AzureStore("b", AzureAccess(account="acc", service_principal_file=file))
    assert "s3cr3t" not in str(caught.value)


def test_an_identity_that_is_not_there_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    store = AzureStore("b", AzureAccess(account="acc", attempts=1, backoff_s=0))
    with pytest.raises(StorageDenied, match="azure:b/a/") as caught:
        list(store.list("a/"))
    assert "set account and key" in str(caught.value.hint)
    store.close()


def test_a_defect_of_ours_is_not_taken_for_the_servers() -> None:
    with pytest.raises(KeyError):
        storage_error(KeyError("ours"), location="azure:b", what="a")
