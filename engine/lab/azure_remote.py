"""Azure Blob Storage as a remote of an agent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from scylla_restore.engine.lab.object_remote import CONNECTIONS, ObjectRemote, split
from scylla_restore.engine.lab.refusals import CallRefused, directory_not_found, object_not_found
from scylla_restore.engine.lab.remotes import Entry, Source
from scylla_restore.engine.lab.state import AzureSettings
from scylla_restore.engine.secrets import SecretReference

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobServiceClient, StorageStreamDownloader


class _Content:
    """A blob that is read bit by bit."""

    def __init__(self, download: "StorageStreamDownloader[bytes]") -> None:
        self._download = download

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        return self._download.read(size)

    def close(self) -> None:
        """Do nothing: each piece is a request of its own."""


class AzureRemote(ObjectRemote):
    """Containers of an account of Azure Storage, or of a server that speaks its protocol."""

    provider = "Azure"

    def __init__(self, settings: AzureSettings) -> None:
        self._client = _client(settings)

    def entries(self, bucket: str, prefix: str, *, recurse: bool) -> Iterator[Entry]:
        """See ``ObjectRemote``."""
        from azure.storage.blob import BlobProperties  # noqa: PLC0415 - only labs with such a store pay

        container = self._client.get_container_client(bucket)
        with _refusals(missing=directory_not_found()):
            if recurse:
                yield from map(_entry_of, container.list_blobs(name_starts_with=prefix))
                return
            for item in container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if isinstance(item, BlobProperties):
                    yield _entry_of(item)
                else:
                    yield Entry(path=str(item.name), size=0, modified_ns=0, is_dir=True)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """See ``ObjectRemote``."""
        with _refusals():
            self._client.get_blob_client(bucket, key).upload_blob(content, overwrite=True)

    def has_bucket(self, bucket: str) -> bool:
        """See ``ObjectRemote``."""
        with _refusals():
            return self._client.get_container_client(bucket).exists()

    def make_bucket(self, bucket: str) -> None:
        """See ``ObjectRemote``."""
        if not self.has_bucket(bucket):
            with _refusals():
                self._client.create_container(bucket)

    def stat(self, path: str) -> Entry:
        """See ``ObjectRemote``."""
        with _refusals():
            return _entry_of(self._blob(path).get_blob_properties())

    def open(self, path: str) -> tuple[Entry, Source]:
        """See ``ObjectRemote``."""
        with _refusals():
            download = self._blob(path).download_blob(decompress=False)
        return _entry_of(download.properties), _Content(download)

    def delete(self, path: str) -> None:
        """See ``ObjectRemote``."""
        with _refusals():
            self._blob(path).delete_blob()

    def close(self) -> None:
        """See ``ObjectRemote``."""
        self._client.close()

    def _blob(self, path: str) -> "BlobClient":
        bucket, key = split(path)
        return self._client.get_blob_client(bucket, key)


def _entry_of(blob: object) -> Entry:
    """Return the entry of the SDK's ``BlobProperties``, whose types leave much open."""
    modified = getattr(blob, "last_modified", None)
    return Entry(
        path=str(getattr(blob, "name", "")),
        size=int(getattr(blob, "size", 0)),
        modified_ns=int(modified.timestamp() * 10**6) * 1000 if isinstance(modified, datetime) else 0,
    )


@contextmanager
def _refusals(*, missing: CallRefused | None = None) -> Iterator[None]:
    """Turn what the store says into the agent's words."""
    from azure.core.exceptions import (  # noqa: PLC0415 - only labs with such a store pay
        AzureError,
        HttpResponseError,
        ResourceNotFoundError,
    )

    try:
        yield
    except ResourceNotFoundError:
        raise missing or object_not_found() from None
    except HttpResponseError as error:
        raise CallRefused(str(error.message).splitlines()[0], error.status_code or 500) from None
    except AzureError as error:
        raise CallRefused(str(error)) from None


def _client(settings: AzureSettings) -> "BlobServiceClient":
    from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 - as above
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - as above
    from requests import Session  # noqa: PLC0415 - as above
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - as above

    session = Session()
    adapter = HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    key = SecretReference(settings.key).resolve(os.environ, what="key of the lab's object store")
    return BlobServiceClient(
        settings.endpoint or f"https://{settings.account}.blob.core.windows.net",
        credential={"account_name": settings.account, "account_key": key.reveal()},
        transport=RequestsTransport(session=session),
    )
