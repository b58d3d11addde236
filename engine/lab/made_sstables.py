"""SSTables made up from nothing: right names, table of contents and digests around random bytes."""

import random
import uuid
import zlib
from collections.abc import Iterator

import msgspec

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TICKS_A_SECOND = 10**7
_TICKS_A_DAY = 86400 * _TICKS_A_SECOND
# 2025-01-01; UUIDs count from 1582-10-15 on.
_FIRST_TICK = 161_516 * _TICKS_A_DAY
_COMPONENTS = (
    "CompressionInfo.db",
    "Data.db",
    "Digest.crc32",
    "Filter.db",
    "Index.db",
    "Scylla.db",
    "Statistics.db",
    "Summary.db",
    "TOC.txt",
)
_TOC = "".join(f"{component}\n" for component in _COMPONENTS).encode()
_LONGEST_DIGEST = 10
_BLOCK = 1 << 20
# Parts of an SSTable's bytes that its smaller components have, with the least they have.
_SHARES = {
    "CompressionInfo.db": (2000, 30),
    "Filter.db": (400, 16),
    "Index.db": (200, 40),
    "Scylla.db": (4000, 40),
    "Statistics.db": (1000, 60),
    "Summary.db": (4000, 40),
}


class MadeSSTable(msgspec.Struct, frozen=True, kw_only=True):
    """An SSTable: its id, and the content of each component."""

    id: str
    components: dict[str, bytes]

    @property
    def size(self) -> int:
        """All its bytes."""
        return sum(map(len, self.components.values()))

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield file names and contents."""
        for component, content in self.components.items():
            yield f"me-{self.id}-big-{component}", content


class SSTableMaker:
    """Makes SSTables of ``sstable_bytes`` in all (no less than 338), the same ones for the same ``seed``."""

    def __init__(self, seed: int, sstable_bytes: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - test data must be the same every time
        self._size = sstable_bytes
        # One block for all Data.db, each reading it from another place, behind a head of its own.
        self._block = self._random.randbytes(_BLOCK)

    def make(self, sstable_id: str) -> MadeSSTable:
        """Make one."""
        small = {name: max(least, self._size // part) for name, (part, least) in _SHARES.items()}
        data = self._data(self._size - sum(small.values()) - len(_TOC) - _LONGEST_DIGEST)
        digest = str(zlib.crc32(data)).encode()
        # What the digest falls short of ten digits, so that all SSTables have the same size.
        small["Statistics.db"] += _LONGEST_DIGEST - len(digest)
        contents = {name: self._random.randbytes(size) for name, size in small.items()}
        contents |= {"Data.db": data, "Digest.crc32": digest, "TOC.txt": _TOC}
        return MadeSSTable(id=sstable_id, components={name: contents[name] for name in _COMPONENTS})

    def uuid_id(self) -> str:
        """Return the next id of the time-based kind."""
        tick = _FIRST_TICK + self._random.randrange(300 * _TICKS_A_DAY)
        return format_uuid_id(tick, self._random.getrandbits(62) | 1 << 63)

    def _data(self, size: int) -> bytes:
        head = self._random.randbytes(32)[: max(0, size)]
        left = max(0, size - len(head))
        start = self._random.randrange(_BLOCK)
        turned = self._block[start:] + self._block[:start]
        whole, rest = divmod(left, _BLOCK)
        return b"".join((head, turned * whole, turned[:rest]))


def node_uuid_id(name: uuid.UUID) -> str:
    """Return an id of the time-based kind that is always the same for a name."""
    tick = _FIRST_TICK + (name.int >> 64) % (300 * _TICKS_A_DAY)
    return format_uuid_id(tick, name.int & ((1 << 62) - 1) | 1 << 63)


def format_uuid_id(ticks: int, node: int) -> str:
    """Return a version-1 UUID, given as its 60 bits of time and its low 64 bits, as Scylla names SSTables by it."""
    days, rest = divmod(ticks, _TICKS_A_DAY)
    seconds, decimicros = divmod(rest, _TICKS_A_SECOND)
    return f"{_base36(days, 4)}_{_base36(seconds, 4)}_{_base36(decimicros, 5)}{_base36(node, 13)}"


def _base36(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, "0")
