"""Reading gzipped JSON that may be anything: cut off, garbage, or far larger than it looks."""

import zlib
from typing import TypeVar

import msgspec

from scylla_restore.engine.errors import BackupError

T = TypeVar("T")

COMPRESSED_LIMIT_BYTES = 512 * 1024 * 1024
"""The largest object of this kind that is read at all."""

PLAIN_LIMIT_BYTES = 2 * 1024 * 1024 * 1024
"""The most that one is unpacked to: 40,000,000 file names."""

_STEP_BYTES = 256 * 1024
_GZIP = zlib.MAX_WBITS + 16
_RATIO_CHECKED_FROM_BYTES = 16 * 1024 * 1024
_MAX_RATIO = 200
_MAX_MEMBERS = 1000


def gunzip(data: bytes, *, what: str, limit_bytes: int = PLAIN_LIMIT_BYTES) -> bytearray:
    """Unpack gzip, with never more in memory than ``limit_bytes`` and a step.

    ``what`` names the object in errors.

    Raises:
        BackupError: it is no gzip, is cut off or damaged, or unpacks to more than can be meant.
    """
    plain = bytearray()
    offset = 0
    for _ in range(_MAX_MEMBERS):
        offset = _unpack_member(data, offset, plain, what, limit_bytes)
        if offset == len(data):
            return plain
    raise BackupError(f"{what} is made of more than {_MAX_MEMBERS} pieces")


def _unpack_member(data: bytes, offset: int, plain: bytearray, what: str, limit_bytes: int) -> int:
    """Append what the gzip member at ``offset`` holds, and return where it ends."""
    unpacker = zlib.decompressobj(_GZIP)
    while not unpacker.eof:
        piece = unpacker.unconsumed_tail
        if not piece:
            piece = data[offset : offset + _STEP_BYTES]
            offset += len(piece)
        try:
            step = unpacker.decompress(piece, _STEP_BYTES)
        except zlib.error as error:
            raise BackupError(f"{what} is not intact: {error}") from error
        if not step and not piece:
            raise BackupError(f"{what} is cut off")
        plain += step
        if len(plain) > limit_bytes:
            raise BackupError(f"{what} unpacks to more than {limit_bytes} bytes")
        if len(plain) > max(_RATIO_CHECKED_FROM_BYTES, _MAX_RATIO * offset):
            raise BackupError(f"{what} unpacks to more than {_MAX_RATIO} times its size")
    return offset - len(unpacker.unused_data)


def decode_json(data: bytes | bytearray | memoryview, decoder: msgspec.json.Decoder[T], *, what: str) -> T:
    """Decode JSON of a known shape.

    Raises:
        BackupError: it is no JSON, or has another shape.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BackupError(f"{what} cannot be read: {error}") from error
