"""What is made of answers of Google's API that a healthy server does not give."""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
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
from scylla_restore.engine.storage.gcs import GcsStore
from scylla_restore.engine.storage.gcs_errors import storage_error
from scylla_restore.engine.storage.port import StoredObject

JSON = (("Content-Type", "application/json"),)


@contextmanager
def scripted_gcs(*answers: Answer, patience_s: float = 0.0) -> Iterator[tuple[GcsStore, Script]]:
    with scripted_http(*answers) as script:
        store = GcsStore("b", endpoint=script.endpoint, patience_s=patience_s)
        try:
            yield store, script
        finally:
            store.close()


def refusal(status: int, message: str = "because") -> Answer:
    return Answer(json.dumps({"error": {"code": status, "message": message}}).encode(), status, JSON)


def page(*names: str, token: str | None = None, **more: object) -> Answer:
    document: dict[str, object] = {"items": [{"name": name, "size": "1"} for name in names], **more}
    if token:
        document["nextPageToken"] = token
    return Answer(json.dumps(document).encode(), 200, JSON)


@pytest.mark.parametrize(
    ("answer", "raised", "hint"),
    [
        (refusal(404, "The specified bucket does not exist."), BucketMissing, "check the bucket's name"),
        (refusal(401, "Invalid Credentials"), StorageDenied, "service_account_file"),
        (refusal(403, "x does not have storage.objects.list access"), StorageDenied, "storage.objects.list"),
        (refusal(429), StorageUnavailable, "None"),
        (refusal(503), StorageUnavailable, "None"),
        (Answer(b"bad gateway", 502), StorageUnavailable, "None"),
        (RESET, StorageUnavailable, "endpoint"),
        (refusal(400), StorageError, "None"),
    ],
)
def test_a_refusal_is_told_with_what_can_be_done(
    answer: Answer, raised: type[StorageError], hint: str
) -> None:
    with scripted_gcs(answer) as (store, _):
        for ask in (lambda: list(store.list("a/")), lambda: list(store.pages("a/"))):
            with pytest.raises(StorageError, match="gcs:b/a/") as caught:
                ask()
            assert type(caught.value) is raised
            assert hint in str(caught.value.hint)
            assert caught.value.location == "gcs:b"


@pytest.mark.parametrize(
    ("status", "raised"), [(400, StorageError), (403, StorageDenied), (503, StorageUnavailable)]
)
def test_a_refusal_to_read_is_told(status: int, raised: type[StorageError]) -> None:
    with scripted_gcs(refusal(status)) as (store, _), pytest.raises(raised, match="gcs:b/a/1"):
        store.read("a/1", limit_bytes=10)


@pytest.mark.parametrize("trouble", [refusal(429), refusal(500), refusal(503), RESET])
def test_a_server_in_trouble_is_asked_again_and_that_is_counted(trouble: Answer) -> None:
    with scripted_gcs(trouble, page("a/1"), patience_s=2) as (store, script):
        assert list(store.list("a/")) == [StoredObject("a/1", 1)]
        assert len(script.paths) == 2
        assert store.report().retries == 1
    with scripted_gcs(trouble, Answer(b"x"), patience_s=2) as (store, script):
        assert store.read("a/1", limit_bytes=10) == b"x"
        assert store.report().retries == 1


def test_what_is_missing_is_the_object_if_the_bucket_can_be_listed() -> None:
    with (
        scripted_gcs(refusal(404), page("a/1")) as (store, _),
        pytest.raises(ObjectMissing, match="gcs:b/a/2"),
    ):
        store.read("a/2", limit_bytes=10)


def test_what_is_missing_is_the_object_for_whoever_may_not_list() -> None:
    with scripted_gcs(refusal(404), refusal(403)) as (store, _), pytest.raises(ObjectMissing):
        store.read("a/2", limit_bytes=10)


def test_an_object_is_not_taken_in_beyond_the_limit() -> None:
    with scripted_gcs(Answer(bytes(1 << 20))) as (store, _), pytest.raises(ObjectTooLarge, match="100"):
        store.read("a/b", limit_bytes=100)


def test_an_object_that_is_cut_off_is_unavailable() -> None:
    with (
        scripted_gcs(Answer(b"only this", announced=100)) as (store, _),
        pytest.raises(StorageUnavailable) as caught,
    ):
        store.read("a/b", limit_bytes=1000)
    assert caught.value.retryable


def test_an_object_that_is_not_what_its_checksum_says_is_unavailable() -> None:
    corrupt = Answer(b"x", headers=(("x-goog-hash", "crc32c=AAAAAA==,md5=AAAAAAAAAAAAAAAAAAAAAA=="),))
    with scripted_gcs(corrupt) as (store, _), pytest.raises(StorageUnavailable, match="checksum"):
        store.read("a/b", limit_bytes=1000)


def test_a_listing_is_streamed_page_by_page() -> None:
    with scripted_gcs(page("a/1", token="x/y"), page("a/2")) as (store, script):
        listing = store.list("a/")
        assert next(listing).key == "a/1"
        assert len(script.paths) == 1
        assert [found.key for found in listing] == ["a/2"]
        assert "pageToken=x%2Fy" in script.paths[1]


def test_a_part_of_a_directory_is_asked_for_from_its_beginning_and_no_further_than_its_end() -> None:
    with scripted_gcs(page("a/3", "a/4", "a/d/5", token="x")) as (store, script):
        assert list(store.pages("a/", after="2", until="3")) == [{"3": 1, "4": 1}]
        assert len(script.paths) == 1
        assert "startOffset=a%2F2" in script.paths[0]


def test_a_listing_that_goes_on_without_end_is_given_up() -> None:
    with scripted_gcs(page("a/1", token="x")) as (store, script):
        with pytest.raises(StorageUnavailable, match="goes on, but not from"):
            list(store.list("a/"))
        assert len(script.paths) == 2


@pytest.mark.parametrize(
    "items", ["text", [1], [{"name": "a"}], [{"name": "a", "size": "-1"}], [{"name": "a", "size": "x"}]]
)
def test_an_object_without_name_or_size_is_no_object(items: object) -> None:
    with (
        scripted_gcs(Answer(json.dumps({"items": items}).encode(), 200, JSON)) as (store, _),
        pytest.raises(StorageUnavailable, match="the listing has an object"),
    ):
        list(store.list("a/"))


def test_directories_are_found_between_objects() -> None:
    with scripted_gcs(page("a/1", prefixes=["a/d/", "a/e/"])) as (store, _):
        assert store.list_directories("a/") == ("d", "e")


@pytest.mark.parametrize(
    ("answer", "raised", "hint"),
    [
        (
            Answer(b'{"error": "invalid_grant", "error_description": "Invalid JWT"}', 400, JSON),
            StorageDenied,
            "key",
        ),
        (Answer(b'{"error": "internal_failure"}', 500, JSON), StorageUnavailable, "None"),
    ],
)
def test_an_account_that_is_given_no_token_is_refused(
    answer: Answer, raised: type[StorageError], hint: str
) -> None:
    with scripted_http(answer) as script:
        store = store_of_account(script)
        with pytest.raises(raised, match="gcs:b/a/") as caught:
            list(store.list("a/"))
        store.close()
        assert hint in str(caught.value.hint)
        assert "PRIVATE" not in str(caught.value)


def test_a_token_that_is_not_taken_any_more_is_refused() -> None:
    token = Answer(b'{"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer"}', 200, JSON)
    with scripted_http(
        token, refusal(401, "Invalid Credentials"), token, refusal(401), token, refusal(401)
    ) as script:
        store = store_of_account(script)
        with pytest.raises(StorageDenied, match="gcs:b/a/") as caught:
            list(store.list("a/"))
        store.close()
        assert "expired" in str(caught.value.hint)
        assert "t0ken" not in str(caught.value)


def store_of_account(script: Script) -> GcsStore:
    account = {
        "type": "service_account",
        "client_email": "restore@example.com",
        "token_uri": f"{script.endpoint}/token",
        "private_key": private_key(),
    }
    return GcsStore(
        "b",
        service_account_credentials=Secret(json.dumps(account)),
        anonymous=False,
        endpoint=script.endpoint,
        patience_s=0.0,
    )


@functools.cache
def private_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_defect_of_ours_is_not_taken_for_the_servers() -> None:
    with pytest.raises(KeyError):
        storage_error(KeyError("ours"), location="gcs:b", what="a")
