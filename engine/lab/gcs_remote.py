"""Google Cloud Storage as a remote of an agent."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, cast

from scylla_restore.engine.lab.object_remote import CONNECTIONS, ObjectRemote, split
from scylla_restore.engine.lab.refusals import CallRefused, directory_not_found, object_not_found
from scylla_restore.engine.lab.remotes import Entry, Source
from scylla_restore.engine.lab.state import GcsSettings

_CHUNK_BYTES = 8 * 1024 * 1024


class _Blob(Protocol):
    name: str
    size: int
    md5_hash: str | None
    updated: datetime | None

    def reload(self) -> None: ...
    def delete(self) -> None: ...
    def upload_from_string(self, data: bytes) -> None: ...
    def open(self, mode: str, **arguments: object) -> Source: ...


class _Bucket(Protocol):
    def blob(self, blob_name: str) -> _Blob: ...
    def exists(self) -> bool: ...
    def create(self) -> None: ...


class _Listing(Iterable[_Blob], Protocol):
    @property
    def prefixes(self) -> set[str]: ...


class _Client(Protocol):
    """What is used of the SDK's client, which has no types."""

    def bucket(self, bucket_name: str) -> _Bucket: ...
    def list_blobs(self, bucket_or_name: str, **arguments: object) -> _Listing: ...
    def close(self) -> None: ...


class GcsRemote(ObjectRemote):
    """Buckets of Google Cloud Storage, or of a server that speaks its protocol."""

    provider = "Google Cloud Storage"

    def __init__(self, settings: GcsSettings) -> None:
        self._client = _client(settings)

    def entries(self, bucket: str, prefix: str, *, recurse: bool) -> Iterator[Entry]:
        """See ``ObjectRemote``."""
        with _refusals(missing=directory_not_found()):
            listing = self._client.list_blobs(bucket, prefix=prefix, delimiter=None if recurse else "/")
            found = [_entry(blob) for blob in listing]
            common = () if recurse else listing.prefixes
        found += [Entry(path=name, size=0, modified_ns=0, is_dir=True) for name in common]
        yield from sorted(found, key=lambda entry: entry.path)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """See ``ObjectRemote``."""
        with _refusals():
            self._client.bucket(bucket).blob(key).upload_from_string(content)

    def has_bucket(self, bucket: str) -> bool:
        """See ``ObjectRemote``."""
        with _refusals():
            return self._client.bucket(bucket).exists()

    def make_bucket(self, bucket: str) -> None:
        """See ``ObjectRemote``."""
        if not self.has_bucket(bucket):
            with _refusals():
                self._client.bucket(bucket).create()

    def stat(self, path: str) -> Entry:
        """See ``ObjectRemote``."""
        with _refusals():
            blob = self._blob(path)
            blob.reload()
            return _entry(blob)

    def open(self, path: str) -> tuple[Entry, Source]:
        """See ``ObjectRemote``."""
        with _refusals():
            blob = self._blob(path)
            blob.reload()
            return _entry(blob), blob.open("rb", chunk_size=_CHUNK_BYTES, raw_download=True)

    def delete(self, path: str) -> None:
        """See ``ObjectRemote``."""
        with _refusals():
            self._blob(path).delete()

    def close(self) -> None:
        """See ``ObjectRemote``."""
        self._client.close()

    def _blob(self, path: str) -> _Blob:
        bucket, key = split(path)
        return self._client.bucket(bucket).blob(key)


def _entry(blob: _Blob) -> Entry:
    return Entry(
        path=blob.name,
        size=int(blob.size),
        modified_ns=int(blob.updated.timestamp() * 10**6) * 1000 if blob.updated else 0,
        md5=base64.b64decode(blob.md5_hash).hex() if blob.md5_hash else "",
    )


@contextmanager
def _refusals(*, missing: CallRefused | None = None) -> Iterator[None]:
    """Turn what the store says into the agent's words."""
    import requests  # noqa: PLC0415 - only labs with such a store pay
    from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415 - the same
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - the same

    try:
        yield
    except GoogleAPICallError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            raise missing or object_not_found() from None
        raise CallRefused(error.message or "", int(error.code or 500)) from None
    except (GoogleAuthError, requests.RequestException) as error:
        raise CallRefused(str(error)) from None


def _client(settings: GcsSettings) -> _Client:
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as above
    from google.cloud.storage import Client  # noqa: PLC0415 - as above
    from google.oauth2.service_account import Credentials  # noqa: PLC0415 - as above
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - as above

    credentials: object = None
    if settings.service_account_file:
        credentials = Credentials.from_service_account_file(settings.service_account_file)  # type: ignore[no-untyped-call]  # the SDK has no types
    elif settings.endpoint.startswith("http:"):
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]  # the same
    options = {"api_endpoint": settings.endpoint} if settings.endpoint else None
    client = Client(project="lab", credentials=credentials, client_options=options)
    # It would ask about each bucket, in a thread of its own, for traces that nobody makes.
    client._bucket_metadata_cache = None  # noqa: SLF001 - the SDK offers no other way
    adapter = HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, adapter)  # noqa: SLF001 - the same
    return cast("_Client", client)
