"""Small files that several processes share: written whole, locked while they are changed, watched for changes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put ``content`` in place of ``path`` at once: readers see the old file or the new one, never a part."""
    # Linked in under a name of its own: a rename gives the file a new inode, which is how a change is noticed.
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    new.replace(path)


class SharedFile(Generic[T]):
    """A JSON document of type ``T`` that any process may change and all see at once."""

    def __init__(self, path: Path, kind: type[T], empty: T) -> None:
        self._path = path
        self._kind = kind
        self._empty = empty
        self._seen: tuple[int, int, int] | None = None
        self._value = empty

    def get(self) -> T:
        """Return the document as it is now."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._seen, self._value = None, self._empty
            return self._empty
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            # The content may be newer than what was seen; then the next call reads it once more.
            value = msgspec.json.decode(self._path.read_bytes(), type=self._kind)
            self._value, self._seen = value, seen
        return self._value

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep other processes and threads from changing the document; ``get`` and ``set`` within."""
        with self._path.with_name(f".{self._path.name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def set(self, value: T) -> None:
        """Replace the document."""
        write_whole(self._path, msgspec.json.format(msgspec.json.encode(value), indent=1))
