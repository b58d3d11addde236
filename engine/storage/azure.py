"""Containers of Azure Blob Storage."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, cast

from scylla_restore.engine.errors import ObjectTooLarge, StorageUnavailable
from scylla_restore.engine.storage.azure_access import AzureAccess, container_client
from scylla_restore.engine.storage.azure_errors import CREDENTIALS, storage_error
from scylla_restore.engine.storage.keys import check_key, check_names, check_prefix
from scylla_restore.engine.storage.pages import (
    XmlPage,
    beginning_of,
    directly_below,
    found_among,
    stored_objects,
    xml_text,
)
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport
from scylla_restore.engine.storage.tally import Tally
from scylla_restore.engine.storage.words import settings_checked

_PAGE_SIZE = 5000
_OK = 200
_NEXT_MARKER = re.compile(rb"<NextMarker(?: ?/>|>([^<&]*)</NextMarker>)\s*</EnumerationResults>\s*\Z")

PAGE = XmlPage(root="EnumerationResults", item="Blob", key="Name", size="Properties/Content-Length")


class _Response(Protocol):
    status_code: int

    def body(self) -> bytes: ...


class _Request(Protocol):
    @property
    def query(self) -> Mapping[str, str]: ...


class _Answer(Protocol):
    http_request: _Request
    http_response: _Response


class _Listing(Protocol):
    def by_page(self, continuation_token: str | None) -> Iterator[object]: ...


class _Named(Protocol):
    name: str


class _Download(Protocol):
    size: int

    def readall(self) -> bytes: ...


class _Container(Protocol):
    """What is used of the SDK's client of a container."""

    def list_blobs(self, **arguments: object) -> _Listing: ...
    def walk_blobs(self, **arguments: object) -> Iterator[_Named]: ...
    def download_blob(self, blob: str, **arguments: object) -> _Download: ...
    def close(self) -> None: ...


class _PageArrived(Exception):
    """A page of a listing is here: what the SDK would do with it takes sixty times as long as to read it."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


def _keep_page(answer: _Answer) -> None:
    """End a call with the page that it asked for: a hook of the SDK's, called for each answer."""
    query = answer.http_request.query
    is_listing = query.get("comp") == "list" and "delimiter" not in query
    if is_listing and answer.http_response.status_code == _OK:
        raise _PageArrived(answer.http_response.body())


class AzureStore:
    """``azure:<container>``. Safe to use from several threads at once.

    Raises:
        StorageError: there are no credentials, or the SDK refuses the settings.
    """

    files_per_page = _PAGE_SIZE
    lists_ranges = False
    """Listings cannot begin in the middle, except in accounts of the newest kind."""

    def __init__(self, bucket: str, access: AzureAccess) -> None:
        self._location = f"azure:{bucket}"
        self._retries = Tally()
        with settings_checked(self._location, CREDENTIALS), self._errors(""):
            self._container = cast("_Container", container_client(bucket, access, _keep_page))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port; in the order of the keys."""
        return stored_objects(self._pages(prefix))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:  # noqa: ARG002 - from the start
        """See the port."""
        return directly_below(self._pages(prefix), prefix, until)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port."""
        check_names(prefix, names, self._location)
        if not names:
            return {}
        return found_among(self._pages(prefix, begin=beginning_of(names)), prefix, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        check_prefix(prefix, self._location)
        with self._errors(prefix):
            found = [
                item.name
                for item in self._container.walk_blobs(
                    name_starts_with=prefix, delimiter="/", retry_hook=self._count_retry
                )
            ]
        return tuple(name.removeprefix(prefix).rstrip("/") for name in found if name.endswith("/"))

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        check_key(key, self._location)
        with self._errors(key):
            # What is stored compressed has to come as it is: the limit and the checksums are about these bytes.
            download = self._container.download_blob(key, decompress=False, retry_hook=self._count_retry)
            data = b"" if download.size > limit_bytes else download.readall()
        if download.size > limit_bytes:
            raise ObjectTooLarge(
                f"{self._location}/{key} has {download.size} bytes, and {limit_bytes} are the most",
                location=self._location,
            )
        if len(data) != download.size:
            raise StorageUnavailable(
                f"{self._location}/{key}: only {len(data)} of {download.size} bytes arrived",
                location=self._location,
            )
        return data

    def report(self) -> StoreReport:
        """See the port."""
        return StoreReport(retries=self._retries.count)

    def close(self) -> None:
        """See the port."""
        self._container.close()

    def _count_retry(self, **_: object) -> None:
        self._retries.add()

    def _pages(self, prefix: str, *, begin: str = "") -> Iterator[Page]:
        check_prefix(prefix, self._location)
        marker = ""
        while True:
            body = self._page(prefix + begin, marker)
            yield PAGE.read(body, self._location)
            before, marker = marker, self._next_marker(body)
            if not marker:
                return
            if marker == before:
                raise StorageUnavailable(
                    f"{self._location}/{prefix}: the listing goes on, but not from where it stopped",
                    location=self._location,
                )

    def _page(self, prefix: str, marker: str) -> bytes:
        """Return a page as it came; the SDK signs the request and repeats it where that helps."""
        with self._errors(prefix):
            pages = self._container.list_blobs(
                name_starts_with=prefix,
                results_per_page=_PAGE_SIZE,
                retry_hook=self._count_retry,
            ).by_page(marker or None)
            try:
                next(pages)
            except _PageArrived as arrived:
                return arrived.body
        raise StorageUnavailable(f"{self._location}/{prefix}: no page arrived", location=self._location)

    def _next_marker(self, body: bytes) -> str:
        found = _NEXT_MARKER.search(body, max(0, len(body) - 4096))
        if found is not None:
            return (found[1] or b"").decode()
        return xml_text(body, "NextMarker", self._location)

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Say in the port's words what the server, or the SDK, said."""
        try:
            yield
        except _PageArrived:
            raise
        except Exception as error:
            raise storage_error(error, location=self._location, what=what) from error
