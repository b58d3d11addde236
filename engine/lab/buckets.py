"""Buckets that the lab writes backups to."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Protocol

from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab.object_remote import ObjectRemote
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.state import LabDirectory
from scylla_restore.engine.lab.stores import object_remotes
from scylla_restore.events.model.target import BackupLocation


class Bucket(Protocol):
    """One bucket. Safe to use from several threads."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object in place of what has its key."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return an object, or None if there is none."""
        ...

    def names(self, prefix: str) -> set[str]:
        """Return the names directly below ``prefix`` (without a slash at the end)."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class DirectoryBucket:
    """A bucket of ``localstorage``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        self._made: set[str] = set()

    def put(self, key: str, content: bytes) -> None:
        """Write a file, which others see when it is whole."""
        directory, _, name = key.rpartition("/")
        if directory not in self._made:
            (self._root / directory).mkdir(parents=True, exist_ok=True)
            self._made.add(directory)
        target = f"{self._root}/{directory}/{name}"
        Path(target).write_bytes(content)

    def read(self, key: str) -> bytes | None:
        """Return a file."""
        try:
            return (self._root / key).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, prefix: str) -> set[str]:
        """Return the names in a directory."""
        directory = self._root / prefix
        return {file.name for file in directory.iterdir()} if directory.is_dir() else set()

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class ObjectBucket:
    """A bucket of an object store, made if it is not there."""

    def __init__(self, remote: ObjectRemote, bucket: str) -> None:
        self._remote = remote
        self._bucket = bucket
        remote.make_bucket(bucket)

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        self._remote.write(f"{self._bucket}/{key}", BytesIO(content), len(content))

    def read(self, key: str) -> bytes | None:
        """Return an object."""
        try:
            _, stream = self._remote.open(f"{self._bucket}/{key}")
        except CallRefused:
            return None
        with closing(stream):
            return stream.read()

    def names(self, prefix: str) -> set[str]:
        """Return the names directly below a prefix."""
        return {entry.path for entry in self._remote.list(f"{self._bucket}/{prefix}", recurse=False)}

    def close(self) -> None:
        """Close connections."""
        self._remote.close()


def open_bucket(files: LabDirectory, location: BackupLocation) -> Bucket:
    """Return the bucket of a location, as the lab in ``files`` reaches it.

    Raises:
        TargetError: the lab is not set up for the location's provider.
    """
    if location.provider == "localstorage":
        return DirectoryBucket(files.buckets / location.bucket)
    record = files.record()
    remotes = object_remotes(record) if record is not None else {}
    chosen = remotes.pop(location.provider, None)
    for other in remotes.values():
        other.close()
    if chosen is None:
        raise TargetError(
            f"the lab in {files.root} has no {location.provider}",
            hint="use localstorage:<bucket>, or start the lab with an object store's endpoint",
        )
    return ObjectBucket(chosen, location.bucket)


def put_tree(bucket: Bucket, source: Path) -> int:
    """Put the files below ``source`` into a bucket, keyed by their paths, and return their number."""
    return sum(1 for _ in _put_files(bucket, source))


def _put_files(bucket: Bucket, source: Path) -> Iterator[str]:
    for file in sorted(source.rglob("*")):
        if file.is_file():
            key = file.relative_to(source).as_posix()
            bucket.put(key, file.read_bytes())
            yield key
