"""What is made of answers that a healthy server does not give."""

import pytest
from tests.support.scripted_s3 import RESET, Answer, refusal, scripted_s3

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.port import StoredObject
from scylla_restore.engine.storage.s3 import PAGE, S3Store
from scylla_restore.engine.storage.s3_errors import storage_error

NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def page(*keys: str, inner: str = "", namespace: str = "") -> bytes:
    contents = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys)
    return f"<ListBucketResult{namespace}>{inner}{contents}</ListBucketResult>".encode()


@pytest.mark.parametrize(
    ("answer", "raised", "hint"),
    [
        (refusal("NoSuchBucket", 404), BucketMissing, "check the bucket's name"),
        (refusal("NoSuchKey", 404), ObjectMissing, "None"),
        (refusal("AccessDenied", 403), StorageDenied, "s3:ListBucket"),
        (refusal("InvalidAccessKeyId", 403), StorageDenied, "access_key_id"),
        (refusal("SignatureDoesNotMatch", 403), StorageDenied, "secret_access_key"),
        (refusal("ExpiredToken", 400), StorageDenied, "have expired"),
        (refusal("RequestTimeTooSkewed", 403), StorageDenied, "clock"),
        (refusal("SomethingNew", 403), StorageDenied, "access_key_id"),
        (refusal("InvalidObjectState", 403), StorageDenied, "archive"),
        (
            refusal("AuthorizationHeaderMalformed", 400, Region="eu-west-1"),
            StorageDenied,
            'region = "eu-west-1"',
        ),
        (refusal("PermanentRedirect", 301), StorageDenied, "the bucket's region"),
        (refusal("SlowDown", 503), StorageUnavailable, "None"),
        (refusal("Throttled", 429), StorageUnavailable, "None"),
        (refusal("InternalError", 500), StorageUnavailable, "None"),
        (Answer(b"bad gateway", 502), StorageUnavailable, "None"),
        (refusal("SomethingNew", 400), StorageError, "None"),
    ],
)
def test_a_refusal_is_told_with_what_can_be_done(
    answer: Answer, raised: type[StorageError], hint: str
) -> None:
    with scripted_s3(answer) as (store, _):
        with pytest.raises(StorageError, match="s3:b/a/") as caught:
            list(store.list("a/"))
        assert type(caught.value) is raised
        assert hint in str(caught.value.hint)
        assert caught.value.location == "s3:b"
        assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("trouble", [refusal("SlowDown", 503), refusal("InternalError", 500), RESET])
def test_a_server_in_trouble_is_asked_again_and_that_is_counted(trouble: Answer) -> None:
    with scripted_s3(trouble, Answer(page("a/1")), attempts=3) as (store, script):
        assert list(store.list("a/")) == [StoredObject("a/1", 1)]
        assert len(script.paths) == 2
        assert store.report().retries == 1


def test_a_server_that_stays_in_trouble_is_given_up() -> None:
    with scripted_s3(refusal("SlowDown", 503), attempts=2) as (store, script):
        with pytest.raises(StorageUnavailable):
            list(store.list("a/"))
        assert len(script.paths) == 2


def test_an_object_that_is_cut_off_is_unavailable() -> None:
    with (
        scripted_s3(Answer(b"only this", announced=100)) as (store, _),
        pytest.raises(StorageUnavailable) as caught,
    ):
        store.read("a/b", limit_bytes=1000)
    assert caught.value.retryable


def test_a_listing_that_is_cut_off_is_unavailable() -> None:
    whole = page("a/1", "a/2")
    for body in (whole[:-30], b"", b"not xml"):
        with scripted_s3(Answer(body)) as (store, _), pytest.raises(StorageUnavailable):
            list(store.list("a/"))


def test_an_error_in_place_of_a_listing_is_unavailable() -> None:
    disguised = refusal("InternalError", 500)._replace(status=200)
    with (
        scripted_s3(disguised) as (store, _),
        pytest.raises(StorageUnavailable, match="no listing: InternalError because"),
    ):
        list(store.pages("a/"))


def test_marks_in_what_is_not_a_name_do_no_harm() -> None:
    tagged = page("a/1").replace(b"<Size>", b"<ETag>&quot;x&quot;</ETag><Size>")
    assert PAGE.read(tagged, "s3:b") == {"a/1": 1}


def test_a_listing_that_goes_on_without_end_is_given_up() -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
    with scripted_s3(Answer(page("a/1", inner=more))) as (store, script):
        with pytest.raises(StorageUnavailable, match="goes on, but not where"):
            list(store.list("a/"))
        assert len(script.paths) == 2


def test_a_listing_is_streamed_page_by_page() -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x/y</NextContinuationToken>"
    with scripted_s3(Answer(page("a/1", inner=more)), Answer(page("a/2"))) as (store, script):
        listing = store.list("a/")
        assert next(listing).key == "a/1"
        assert len(script.paths) == 1
        assert [found.key for found in listing] == ["a/2"]
        assert "continuation-token=x%2Fy" in script.paths[1]


def test_a_part_of_a_directory_is_asked_for_from_its_beginning_and_no_further_than_its_end() -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
    with scripted_s3(Answer(page("a/3", "a/4", "a/d/5", inner=more))) as (store, script):
        assert list(store.pages("a/", after="2", until="3")) == [{"3": 1, "4": 1}]
        assert len(script.paths) == 1
        assert "start-after=a%2F2" in script.paths[0]


def test_files_that_stand_side_by_side_are_found_with_a_request_for_what_lies_between_them() -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
    with scripted_s3(Answer(page("a/me-13", "a/me-14", "a/me-2", inner=more))) as (store, script):
        assert store.find("a/", ("me-13", "me-15", "me-12")) == {"me-13": 1}
        assert len(script.paths) == 1
        assert "prefix=a%2Fme-1&" in f"{script.paths[0]}&"
    with scripted_s3(Answer(page("a/me-2", inner=more))) as (store, script):
        assert store.find("a/", ("me-100", "me-11")) == {}
        assert "start-after=a%2Fme-10&" in f"{script.paths[0]}&"


def test_directories_are_found_between_objects() -> None:
    common = "<CommonPrefixes><Prefix>a/d/</Prefix></CommonPrefixes>"
    first = page("a/1").replace(
        b"</ListBucketResult>", common.encode() + page("a/2")[len("<ListBucketResult>") :]
    )
    with scripted_s3(Answer(first)) as (store, _):
        assert store.list_directories("a/") == ("d",)


@pytest.mark.parametrize("namespace", ["", NAMESPACE])
def test_pages_are_read_with_and_without_a_namespace(namespace: str) -> None:
    encoded = page("a%2Fb+c%26", "a/&amp;/", inner="<EncodingType>url</EncodingType>", namespace=namespace)
    assert PAGE.read(encoded, "s3:b") == {"a/b c&": 1}
    plain = page("a%2Fb+c", "dir/", namespace=namespace)
    assert PAGE.read(plain, "s3:b") == {"a%2Fb+c": 1}


@pytest.mark.parametrize(
    "contents",
    ["<Key>a</Key>", "<Size>1</Size>", "<Key>a</Key><Size>-1</Size>", f"<Key>a</Key><Size>{10**20}</Size>"],
)
def test_an_object_without_name_or_size_is_no_object(contents: str) -> None:
    body = page(inner=f"<Contents>{contents}</Contents>")
    with pytest.raises(StorageUnavailable, match="without key or size"):
        PAGE.read(body, "s3:b")


def test_a_machine_without_credentials_is_told_where_to_put_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    store = S3Store("b", endpoint="http://127.0.0.1:1", region="us-east-1", attempts=1)
    with pytest.raises(StorageDenied, match="s3:b/a/: unable to locate credentials") as caught:
        list(store.list("a/"))
    assert "access_key_id" in str(caught.value.hint)
    store.close()


def test_a_server_that_does_not_speak_tls_as_it_should_is_refused() -> None:
    with scripted_s3(Answer(page())) as (_, script):
        secure = S3Store(
            "b",
            endpoint=script.endpoint.replace("http:", "https:"),
            access_key_id=Secret("k"),
            secret_access_key=Secret("s"),
            attempts=1,
        )
        with pytest.raises(StorageDenied, match="s3:b/a/: SSL validation failed"):
            list(secure.list("a/"))
        secure.close()


def test_a_defect_of_ours_is_not_taken_for_the_servers() -> None:
    with pytest.raises(KeyError):
        storage_error(KeyError("ours"), location="s3:b", what="a")
