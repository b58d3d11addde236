"""A bucket that is a directory, on a file system that the nodes mount too."""

import errno
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    ObjectTooLarge,
    StorageDenied,
    StorageUnavailable,
)
from scylla_restore.engine.storage.keys import check_key, check_names, check_prefix
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport

_DENIED = (errno.EACCES, errno.EPERM)
_NAMES_PER_PAGE = 1_000


class LocalStorage:
    """``localstorage:<bucket>``: the directory ``bucket`` in ``root``.

    Symbolic links in the bucket are as if they were not there: the nodes' agents do not follow them either.

    Raises:
        StorageDenied: the bucket's name leads elsewhere.
    """

    lists_ranges = False
    files_per_page = _NAMES_PER_PAGE

    def __init__(self, root: Path, bucket: str) -> None:
        self._location = f"localstorage:{bucket}"
        if "/" in check_key(bucket, self._location):
            raise StorageDenied(f"{bucket!r} is not the name of a bucket", location=self._location)
        self._bucket = root / bucket

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port; each directory in the order of its names."""
        with self._errors(prefix):
            yield from self._walk(check_prefix(prefix, self._location))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:  # noqa: ARG002 - all at once
        """See the port; in the order of the names."""
        check_prefix(prefix, self._location)
        with self._errors(prefix):
            path = self._path(prefix.rstrip("/"))
            if path is not None:
                yield from _pages(path)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port; nothing is listed for it."""
        check_names(prefix, names, self._location)
        with self._errors(prefix):
            path = self._path(prefix.rstrip("/"))
            if path is None:
                return {}
            with _opened(path) as descriptor:
                return {} if descriptor is None else _page(descriptor, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        check_prefix(prefix, self._location)
        with self._errors(prefix):
            directories = [
                entry.name for entry in self._entries(prefix) if entry.is_dir(follow_symlinks=False)
            ]
            return tuple(name for name in directories if next(self._walk(f"{prefix}{name}/"), None))

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        path = self._path(check_key(key, self._location))
        with self._errors(key):
            if path is None or not path.is_file():
                raise ObjectMissing(f"{self._location}/{key} does not exist", location=self._location)
            with path.open("rb") as file:
                data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise ObjectTooLarge(
                f"{self._location}/{key} has more than {limit_bytes} bytes", location=self._location
            )
        return data

    def report(self) -> StoreReport:
        """See the port."""
        return StoreReport()

    def close(self) -> None:
        """See the port."""

    def _path(self, key: str) -> Path | None:
        """Return where the object or directory is; nowhere, if the way leads over a link.

        Raises:
            BucketMissing: the bucket is not there.
        """
        if not self._bucket.is_dir():
            raise BucketMissing(
                f"{self._location}: there is no directory {self._bucket}",
                location=self._location,
                hint="mount the file system, or set `path` in [localstorage] to where it is mounted",
            )
        path = self._bucket
        for segment in key.split("/"):
            path /= segment
            if path.is_symlink():
                return None
        return path

    def _walk(self, prefix: str) -> Iterator[StoredObject]:
        for entry in self._entries(prefix):
            key = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(f"{key}/")
            elif (size := _size(entry)) is not None:
                yield StoredObject(key, size)

    def _entries(self, prefix: str) -> Sequence[os.DirEntry[str]]:
        path = self._path(prefix.rstrip("/"))
        if path is None:
            return ()
        try:
            with os.scandir(path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return ()

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Say in the port's words what the operating system said."""
        try:
            yield
        except OSError as error:
            said = f"{self._location}/{key}: {(error.strerror or str(error)).lower()}"
            if error.errno in _DENIED:
                hint = "let the user that runs the engine read the bucket's directory"
                raise StorageDenied(said, location=self._location, hint=hint) from error
            raise StorageUnavailable(said, location=self._location) from error


def _size(entry: os.DirEntry[str]) -> int | None:
    """Return a file's size; None for what is no file, or not there any more."""
    if not entry.is_file(follow_symlinks=False):
        return None
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return None


def _pages(directory: Path) -> Iterator[Page]:
    """Yield the sizes of a directory's files.

    Each is looked up from the directory itself: the way there from the root, a dozen directories for each of a hundred
    thousand files, would take as long again.
    """
    with _opened(directory) as descriptor:
        if descriptor is None:
            return
        names = sorted(os.listdir(descriptor))  # noqa: PTH208 - of a descriptor, which no path has
        for start in range(0, len(names), _NAMES_PER_PAGE):
            yield _page(descriptor, names[start : start + _NAMES_PER_PAGE])


@contextmanager
def _opened(directory: Path) -> Iterator[int | None]:
    """Lend a descriptor of a directory; None if there is no such directory."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _page(directory: int, names: Iterable[str]) -> Page:
    page = {}
    for name in names:
        try:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if S_ISREG(found.st_mode):
            page[name] = found.st_size
    return page
