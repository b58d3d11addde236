"""A table's ``tombstone_gc``: as ScyllaDB stores it, and as CQL says it."""

import struct

from scylla_restore.engine.core.cql import literal
from scylla_restore.events.model.schema import TombstoneGc

EXTENSION = "tombstone_gc"
"""Its key in ``system_schema.tables.extensions``."""
DEFAULT: TombstoneGc = (("mode", "timeout"),)
"""What is in effect where a table has no options of its own."""

_NUMBER = struct.Struct("<I")


def decode_tombstone_gc(stored: bytes) -> TombstoneGc:
    """Read ScyllaDB's serialized ``map<string, string>``.

    Raises:
        ValueError: it is none.
    """
    reader = _Reader(stored)
    options = {reader.text(): reader.text() for _ in range(reader.number())}
    if reader.rest:
        raise ValueError(f"{reader.rest} bytes too many")
    return tuple(sorted(options.items()))


def encode_tombstone_gc(options: TombstoneGc) -> bytes:
    """Return what ``decode_tombstone_gc`` reads."""
    parts = [_NUMBER.pack(len(options))]
    for text in (text for option in options for text in option):
        data = text.encode()
        parts += [_NUMBER.pack(len(data)), data]
    return b"".join(parts)


def tombstone_gc_literal(options: TombstoneGc) -> str:
    """Return the options as a literal of CQL; none are the default."""
    items = (f"{literal(name)}: {literal(value)}" for name, value in options or DEFAULT)
    return "{" + ", ".join(items) + "}"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def rest(self) -> int:
        return len(self._data) - self._position

    def number(self) -> int:
        value: int = _NUMBER.unpack(self._take(_NUMBER.size))[0]
        return value

    def text(self) -> str:
        return self._take(self.number()).decode()

    def _take(self, size: int) -> bytes:
        if size > self.rest:
            raise ValueError(f"cut off: {size} bytes wanted of {self.rest}")
        start, self._position = self._position, self._position + size
        return self._data[start : self._position]
