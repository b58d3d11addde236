"""Buckets of Google Cloud Storage."""

import io
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import msgspec

from scylla_restore.engine.errors import BucketMissing, ObjectMissing, ObjectTooLarge, StorageUnavailable
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.gcs_errors import CREDENTIALS, storage_error
from scylla_restore.engine.storage.keys import check_key, check_names, check_prefix
from scylla_restore.engine.storage.pages import (
    before,
    beginning_of,
    directly_below,
    found_among,
    stored_objects,
)
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport
from scylla_restore.engine.storage.tally import Tally
from scylla_restore.engine.storage.words import settings_checked

_CONNECTIONS = 32
_TIMEOUTS_S = (10, 60)
_PATIENCE_S = 60.0
_PAGE_SIZE = 1000
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_FIELDS = "nextPageToken,items(name,size),prefixes"


class _Item(msgspec.Struct, frozen=True):
    """An object of a page, as the API writes it: sizes are texts."""

    name: str
    size: str


class _RawPage(Protocol):
    @property
    def raw_page(self) -> Mapping[str, object]: ...


class _Pages(Protocol):
    """The SDK's listing."""

    @property
    def pages(self) -> Iterator[_RawPage]: ...


class _Blob(Protocol):
    def download_to_file(self, file_obj: io.BytesIO, **arguments: object) -> None: ...


class _Bucket(Protocol):
    def blob(self, blob_name: str) -> _Blob: ...


class _Client(Protocol):
    """What is used of the SDK's client, which has no types."""

    def bucket(self, bucket_name: str) -> _Bucket: ...
    def list_blobs(self, bucket_or_name: str, **arguments: object) -> _Pages: ...
    def close(self) -> None: ...


class GcsStore:
    """``gcs:<bucket>``. Safe to use from several threads at once.

    Credentials are those of the service account, given as a file or as the file's text; without either, what the SDK
    finds. None are sent where ``anonymous`` says so, or to an ``endpoint`` without TLS: an emulator.

    Raises:
        StorageError: there are no credentials, or the SDK refuses the settings.
    """

    lists_ranges = True
    files_per_page = _PAGE_SIZE

    def __init__(
        self,
        bucket: str,
        *,
        service_account_file: Path | None = None,
        service_account_credentials: Secret | None = None,
        anonymous: bool | None = None,
        endpoint: str | None = None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._bucket = bucket
        self._location = f"gcs:{bucket}"
        self._retries = Tally()
        is_plain = endpoint is not None and endpoint.startswith("http:")
        with settings_checked(self._location, CREDENTIALS), self._errors(""):
            self._client = _client(
                endpoint,
                _credentials(
                    service_account_file,
                    service_account_credentials,
                    anonymous=is_plain if anonymous is None else anonymous,
                ),
            )
            self._retry = self._retry_policy(patience_s)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port; in the order of the keys."""
        return stored_objects(self._read_pages(prefix))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """See the port."""
        more: dict[str, str] = {"start_offset": prefix + after} if after else {}
        return directly_below(self._read_pages(prefix, **more), prefix, until)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port."""
        check_names(prefix, names, self._location)
        if not names:
            return {}
        begin = beginning_of(names)
        more = {"start_offset": prefix + before(names)} if len(begin) < len(before(names)) else {}
        return found_among(self._read_pages(prefix, begin=begin, **more), prefix, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        return tuple(
            common.removeprefix(prefix).rstrip("/")
            for page in self._pages(prefix, delimiter="/")
            for common in cast("list[str]", page.get("prefixes", ()))
        )

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        check_key(key, self._location)
        content = _Limited(limit_bytes)
        try:
            with self._errors(key):
                self._client.bucket(self._bucket).blob(key).download_to_file(
                    content, raw_download=True, timeout=_TIMEOUTS_S, retry=self._retry
                )
        except ObjectMissing as error:
            self._check_bucket(error)
            raise
        except _LimitReached as error:
            raise ObjectTooLarge(
                f"{self._location}/{key} has more than {limit_bytes} bytes", location=self._location
            ) from error
        return content.getvalue()

    def report(self) -> StoreReport:
        """See the port."""
        return StoreReport(retries=self._retries.count)

    def close(self) -> None:
        """See the port."""
        self._client.close()

    def _check_bucket(self, error: ObjectMissing) -> None:
        """Tell a missing bucket from a missing object: the API answers both alike.

        Raises:
            BucketMissing: it is the bucket that is missing.
        """
        try:
            next(self._pages("backup/", page_size=1))
        except BucketMissing as missing:
            raise missing from error
        except Exception:  # noqa: BLE001 - who may not list is told what reading said
            return

    def _read_pages(self, prefix: str, *, begin: str = "", **more: str) -> Iterator[Page]:
        for page in self._pages(prefix, begin=begin, **more):
            yield self._page(page.get("items", ()))

    def _page(self, items: object) -> Page:
        try:
            found = {item.name: int(item.size) for item in msgspec.convert(items, list[_Item])}
        except ValueError as error:
            raise StorageUnavailable(
                f"{self._location}: the listing has an object without name or size", location=self._location
            ) from error
        if min(found.values(), default=0) < 0:
            raise StorageUnavailable(
                f"{self._location}: the listing has an object of less than no bytes", location=self._location
            )
        return {name: size for name, size in found.items() if not name.endswith("/")}

    def _pages(self, prefix: str, *, begin: str = "", **more: object) -> Iterator[Mapping[str, object]]:
        check_prefix(prefix, self._location)
        token: object = None
        # Only the answers themselves are taken from the SDK's pages: it would make an object of each item.
        with self._errors(prefix, of_bucket=True):
            listing = self._client.list_blobs(
                self._bucket,
                prefix=prefix + begin,
                fields=_FIELDS,
                timeout=_TIMEOUTS_S,
                retry=self._retry,
                **{"page_size": _PAGE_SIZE, **more},
            )
            for page in listing.pages:
                answer = page.raw_page
                yield answer
                if token is not None and answer.get("nextPageToken") == token:
                    raise StorageUnavailable(
                        f"{self._location}/{prefix}: the listing goes on, but not from where it stopped",
                        location=self._location,
                    )
                token = answer.get("nextPageToken")

    @contextmanager
    def _errors(self, what: str, *, of_bucket: bool = False) -> Iterator[None]:
        """Say in the port's words what the server, or the SDK, said."""
        try:
            yield
        except (_LimitReached, StorageUnavailable):
            raise
        except Exception as error:
            _let_go(error)
            raise storage_error(error, location=self._location, what=what, of_bucket=of_bucket) from error

    def _retry_policy(self, patience_s: float) -> object:
        from google.api_core.retry import Retry  # noqa: PLC0415 - as in _client

        def is_worth_it(error: Exception) -> bool:
            if isinstance(error, _LimitReached):
                return False
            _let_go(error)
            try:
                return storage_error(error, location=self._location, what="").retryable
            except Exception:  # noqa: BLE001 - a defect of ours is no reason to ask again
                return False

        def count(_: Exception) -> None:
            self._retries.add()

        return Retry(
            predicate=is_worth_it,
            initial=min(1.0, patience_s / 4),
            maximum=15.0,
            multiplier=2.0,
            timeout=patience_s,
            on_error=cast("Callable[[Exception], None]", count),
        )


def _let_go(error: Exception) -> None:
    """Close the connection that an answer came by which the SDK did not read to its end."""
    response = getattr(error, "response", None)
    if response is not None:
        response.close()


class _LimitReached(Exception):
    """An object has more bytes than it may have."""


class _Limited(io.BytesIO):
    """What is downloaded, up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__()
        self._limit_bytes = limit_bytes

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # the SDK writes bytes and nothing else
        if self.tell() + len(data) > self._limit_bytes:
            raise _LimitReached
        return super().write(data)


def _credentials(file: Path | None, text: Secret | None, *, anonymous: bool) -> object:
    # The SDK is large, and not everybody's buckets are at Google.
    import google.auth  # noqa: PLC0415 - as said above
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as said above
    from google.oauth2.service_account import Credentials  # noqa: PLC0415 - as said above

    if anonymous:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # the SDK has no types
    if text is None and file is not None:
        text = Secret(file.read_text(encoding="utf-8"))
    if text is not None:
        key = msgspec.json.decode(text.reveal(), type=dict[str, object])
        return Credentials.from_service_account_info(key, scopes=[_SCOPE])  # type: ignore[no-untyped-call]
    found, _project = google.auth.default(scopes=[_SCOPE])
    return found


def _client(endpoint: str | None, credentials: object) -> _Client:
    from google.cloud.storage import Client  # noqa: PLC0415 - as above
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - as above

    client = Client(
        project="none",
        credentials=credentials,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )
    # Newer SDKs ask about the bucket itself, in a thread of their own, for the sake of traces that nobody makes.
    client._bucket_metadata_cache = None  # noqa: SLF001 - there is only an environment variable to turn it off
    adapter = HTTPAdapter(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS)
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, adapter)  # noqa: SLF001 - the SDK offers no other way to more connections
    return cast("_Client", client)
