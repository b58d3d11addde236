"""Pages of a listing, as names and sizes, read quickly.

A listing of 1,000,000 SSTables has 9,000 pages of a thousand objects. The SDKs make an object of a dozen attributes,
with parsed dates, of each; that takes ten to fifty times as long as to take key and size out of the text.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import msgspec

from scylla_restore.engine.errors import StorageUnavailable
from scylla_restore.engine.storage.port import Page, StoredObject

_DIGITS_MAX = 19
"""As many as the size of an object can have."""


class XmlPage(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider writes a page: the root element, that of an object, and where in it key and size are."""

    root: str
    item: str
    key: str
    size: str

    def read(self, body: bytes, location: str) -> Page:
        """Return the objects of a page; keys that stand for directories, as some programs make them, are none.

        Raises:
            StorageUnavailable: it is not a page of a listing, or only a part of one.
        """
        page = self._read_plain(body)
        if page is None:
            page = self._read_tree(_parsed(body, location), location)
        for key in [key for key in page if key.endswith("/")]:
            del page[key]
        return page

    def _read_plain(self, body: bytes) -> Page | None:
        """Read a page that is nothing but what is expected; None for one that needs a parser of XML."""
        if not body.rstrip().endswith(f"</{self.root}>".encode()):
            return None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        found = self._pattern().findall(text)
        key, size = self.key.rpartition("/")[2], self.size.rpartition("/")[2]
        if any(text.count(f"<{name}>") != len(found) for name in (self.item, key, size)):
            return None
        if b"&" in body and any("&" in key for key, _ in found):
            return None
        if "<EncodingType>url</EncodingType>" in text:
            return {unquote_plus(key): int(size) for key, size in found}
        return {key: int(size) for key, size in found}

    def _pattern(self) -> re.Pattern[str]:
        key, size = self.key.rpartition("/")[2], self.size.rpartition("/")[2]
        # The module's own cache makes this a look-up.
        return re.compile(
            f"<{self.item}>.*?<{key}>([^<]+)</{key}>.*?<{size}>([0-9]{{1,{_DIGITS_MAX}}})</{size}>",
            re.ASCII | re.DOTALL,
        )

    def _read_tree(self, root: ET.Element, location: str) -> Page:
        if _local(root.tag) != self.root:
            words = " ".join(text for text in root.itertext() if text.strip())
            raise StorageUnavailable(f"{location}: this is no listing: {words[:200]}", location=location)
        is_encoded = root.findtext("{*}EncodingType") == "url"
        page: Page = {}
        for item in root.iter():
            if _local(item.tag) != self.item:
                continue
            key, size = _below(item, self.key), _below(item, self.size)
            if not key or not (size.isascii() and size.isdecimal() and len(size) <= _DIGITS_MAX):
                raise StorageUnavailable(
                    f"{location}: the listing has an object without key or size", location=location
                )
            page[unquote_plus(key) if is_encoded else key] = int(size)
        return page


def xml_text(body: bytes, name: str, location: str) -> str:
    """Return what an element directly below the root of a page says, empty if it is not there.

    Raises:
        StorageUnavailable: it is not a page of a listing, or only a part of one.
    """
    return _parsed(body, location).findtext(f"{{*}}{name}") or ""


def stored_objects(pages: Iterable[Page]) -> Iterator[StoredObject]:
    """Yield the objects of pages of keys."""
    for page in pages:
        for key, size in page.items():
            yield StoredObject(key, size)


def directly_below(pages: Iterable[Page], prefix: str, until: str = "") -> Iterator[Page]:
    """Yield pages of keys as pages of names directly below a prefix, and end behind the name ``until``."""
    start, last = len(prefix), prefix + until
    for page in pages:
        yield {name: size for key, size in page.items() if "/" not in (name := key[start:])}
        if until and page and next(reversed(page)) > last:
            return


def beginning_of(names: Collection[str]) -> str:
    """Return what all the names begin with."""
    first, last = min(names), max(names)
    alike = (number for number, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(alike, len(first))]


def before(names: Collection[str]) -> str:
    """Return a text that stands before all the names, and behind whatever is far from them."""
    return min(names)[:-1]


def found_among(pages: Iterable[Page], prefix: str, names: Collection[str]) -> Page:
    """Return those of ``names`` that pages of keys have directly below a prefix; pages behind them are not asked for."""
    wanted = frozenset(names)
    found: Page = {}
    for page in directly_below(pages, prefix, max(wanted)):
        found.update((name, size) for name, size in page.items() if name in wanted)
    return found


def _parsed(body: bytes, location: str) -> ET.Element:
    try:
        return ET.fromstring(body)  # noqa: S314 - expat limits expansion; the SDKs read it the same way
    except ET.ParseError as error:
        raise StorageUnavailable(
            f"{location}: the listing is not intact: {error}", location=location
        ) from error


def _local(tag: str) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2]


def _below(item: ET.Element, path: str) -> str:
    return item.findtext("/".join(f"{{*}}{name}" for name in path.split("/"))) or ""
