"""Where an agent's calls read and write: the port, and the directories of this machine behind ``data`` and ``localstorage``."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

import msgspec

from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.refusals import CallRefused, directory_not_found, object_not_found


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file or directory: its path below what was listed, bytes (-1: a directory of this machine), ns since 1970.

    ``md5`` is in hex where the store knows it, ``tier`` the storage class where it has any.
    """

    path: str
    size: int
    modified_ns: int
    is_dir: bool = False
    tier: str = ""
    md5: str = ""


class Source(Protocol):
    """What bytes are read from; closed by whoever opened it."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most ``size``; none at the end."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Remote(Protocol):
    """One remote of an agent's configuration. Paths are what ``base`` and ``join`` return.

    Every method raises ``CallRefused`` with the agent's words.
    """

    @property
    def is_local(self) -> bool:
        """Whether paths are those of this machine's file system."""
        ...

    def base(self, fs_path: str) -> str:
        """Return the path of an ``fs``."""
        ...

    def join(self, base: str, remote: str) -> str:
        """Return the path of ``remote`` below ``base``."""
        ...

    def list(self, path: str, *, recurse: bool) -> Iterator[Entry]:
        """Yield what is below a directory."""
        ...

    def stat(self, path: str) -> Entry:
        """Return one file's entry."""
        ...

    def open(self, path: str) -> tuple[Entry, Source]:
        """Open one file for reading."""
        ...

    def write(self, path: str, content: Source, size: int) -> None:
        """Make or overwrite one file."""
        ...

    def delete(self, path: str) -> None:
        """Remove one file."""
        ...

    def purge(self, path: str) -> None:
        """Remove a directory and all below it."""
        ...

    def md5(self, path: str, entry: Entry) -> str:
        """Return a file's MD5 in hex, empty where it cannot be known."""
        ...

    def space(self, path: str) -> tuple[int, int]:
        """Return total and free bytes."""
        ...

    def check_writable(self, path: str) -> None:
        """Refuse as check-permissions does where objects cannot be written, read and removed below ``path``."""
        ...


class LocalRemote:
    """A directory of this machine as a remote."""

    is_local = True

    def __init__(self, jail: Jail, check_name: Callable[[], str]) -> None:
        self._jail = jail
        self._check_name = check_name
        self.base = jail.base
        self.join = jail.join

    def list(self, path: str, *, recurse: bool) -> Iterator[Entry]:
        """Yield a directory's entries by name, then those of its directories."""
        if not Path(path).is_dir():
            raise directory_not_found()
        return _walk(path, "", recurse=recurse)

    def stat(self, path: str) -> Entry:
        """Return one file's entry."""
        try:
            status = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise object_not_found() from None
        if not S_ISREG(status.st_mode):
            raise object_not_found()
        return Entry(path=path, size=status.st_size, modified_ns=status.st_mtime_ns)

    def open(self, path: str) -> tuple[Entry, FileIO]:
        """Open one file for reading."""
        try:
            stream = FileIO(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise object_not_found() from None
        status = os.fstat(stream.fileno())
        return Entry(path=path, size=status.st_size, modified_ns=status.st_mtime_ns), stream

    def write(self, path: str, content: Source, size: int) -> None:  # noqa: ARG002 - object stores need the size
        """Make or overwrite one file, with its directories."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("wb") as stream:
            while piece := content.read(1 << 20):
                stream.write(piece)

    def delete(self, path: str) -> None:
        """Remove one file."""
        try:
            Path(path).unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            raise object_not_found() from None

    def purge(self, path: str) -> None:
        """Remove a directory and all below it."""
        if not Path(path).is_dir():
            raise directory_not_found()
        with suppress(OSError):
            Path(path).rmdir()
            return
        # Files may come and go meanwhile, as on a real node.
        shutil.rmtree(path, ignore_errors=True)

    def md5(self, path: str, entry: Entry) -> str:  # noqa: ARG002 - object stores have it in the entry
        """Compute the MD5 of a file."""
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

    def space(self, path: str) -> tuple[int, int]:
        """Return the file system's total and free bytes."""
        try:
            usage = shutil.disk_usage(path)
        except FileNotFoundError:
            raise directory_not_found() from None
        return usage.total, usage.free

    def check_writable(self, path: str) -> None:
        """Write, read and remove a byte in a directory of its own."""
        if not Path(path).is_dir():
            raise CallRefused("operation put: directory not found", 404)
        own = Path(path) / self._check_name()
        own.mkdir()
        (own / "test").write_bytes(b"x")
        shutil.rmtree(own)


def _walk(root: str, below: str, *, recurse: bool) -> Iterator[Entry]:
    try:
        with os.scandir(f"{root}/{below}" if below else root) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    directories = []
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        try:
            status = entry.stat()
            is_dir = entry.is_dir()
        except FileNotFoundError:
            continue
        if is_dir:
            directories.append(path)
        size = -1 if is_dir else status.st_size
        yield Entry(path=path, size=size, modified_ns=status.st_mtime_ns, is_dir=is_dir)
    if recurse:
        for directory in directories:
            yield from _walk(root, directory, recurse=True)


class Remotes:
    """The remotes that an agent is configured with, by name."""

    def __init__(self, remotes: dict[str, Remote]) -> None:
        self._remotes = remotes

    def find(self, fs: str) -> tuple[Remote, str]:
        """Return the remote of an ``fs`` such as ``s3:bucket/path``, and the path of it.

        Raises:
            CallRefused: there is no such remote.
        """
        name, colon, path = fs.partition(":")
        remote = self._remotes.get(name) if colon else None
        if remote is None:
            raise CallRefused("didn't find section in config file", 404)
        return remote, remote.base(path)

    def names(self) -> tuple[str, ...]:
        """Return the names of all remotes."""
        return tuple(self._remotes)


def data_remote(data: Path, outer: Path, check_name: Callable[[], str]) -> LocalRemote:
    """Return the remote ``data`` of a node."""
    return LocalRemote(Jail(data, outer), check_name)
