"""Reading the pages of an S3 listing quickly.

A listing of 1,000,000 SSTables has 9,000 pages. The SDK's own reading of a page makes a dictionary with a parsed date
for each object and takes ten times as long as this, which takes name and size and nothing else.
"""

from collections.abc import Iterator
from typing import cast
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from scylla_restore.engine.errors import StorageUnavailable
from scylla_restore.engine.storage.port import StoredObject

PAGE = "Page"
"""Where the page itself is found in the answer."""

_FIRST, _LAST = b"<Contents>", b"</Contents>"
_OTHER = b"<CommonPrefixes>"


def keep_page(
    response_dict: dict[str, object], customized_response_dict: dict[str, object], **_: object
) -> None:
    """Add the page to the answer, and spare the SDK the reading of its objects: a hook of botocore's."""
    body = cast("bytes", response_dict["body"])
    customized_response_dict[PAGE] = body
    start, end = body.find(_FIRST), body.rfind(_LAST) + len(_LAST)
    if 0 <= start < end and _OTHER not in body[start:end]:
        response_dict["body"] = body[:start] + body[end:]


def objects_of(page: bytes, location: str) -> Iterator[StoredObject]:
    """Yield the objects of a page; keys that stand for directories, as some programs make them, are none.

    Raises:
        StorageUnavailable: it is not a page of a listing, or only a part of one.
    """
    try:
        root = ET.fromstring(page)  # noqa: S314 - expat limits expansion; the SDK reads it the same way
    except ET.ParseError as error:
        raise StorageUnavailable(
            f"{location}: the listing is not intact: {error}", location=location
        ) from error
    is_encoded = root.findtext("{*}EncodingType") == "url"
    for contents in root.iterfind("{*}Contents"):
        key, size = contents.findtext("{*}Key"), contents.findtext("{*}Size") or ""
        if not key or not size.isdecimal():
            raise StorageUnavailable(
                f"{location}: the listing has an object without key or size", location=location
            )
        if is_encoded:
            key = unquote_plus(key)
        if not key.endswith("/"):
            yield StoredObject(key, int(size))
