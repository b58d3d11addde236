"""What the remotes of object stores have in common."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from http import HTTPStatus

import msgspec

from scylla_restore.engine.lab.refusals import CallRefused, directory_not_found
from scylla_restore.engine.lab.remotes import Entry, Source

CONNECTIONS = 64


class ObjectRemote(ABC):
    """Buckets of an object store; a path is ``<bucket>/<key>``. Safe to use from several threads.

    Errors are ``CallRefused``s in the agent's words.
    """

    is_local = False
    provider: str
    missing_bucket = "bucket does not exist"

    def base(self, fs_path: str) -> str:
        """Return the path of an ``fs``."""
        return fs_path.strip("/")

    def join(self, base: str, remote: str) -> str:
        """Return the path of ``remote`` below ``base``."""
        return f"{base}/{remote.strip('/')}".strip("/")

    def list(self, path: str, *, recurse: bool) -> Iterator[Entry]:
        """Yield what is below a prefix in the order of keys; a prefix without objects is an empty directory."""
        bucket, key = split(path)
        prefix = f"{key}/" if key else ""
        seen: set[str] = set()
        for entry in self.entries(bucket, prefix, recurse=recurse):
            below = entry.path[len(prefix) :]
            if entry.is_dir:
                yield Entry(path=below.rstrip("/"), size=0, modified_ns=0, is_dir=True)
            elif below and not below.endswith("/"):
                if recurse:
                    yield from new_directories(below, seen)
                yield msgspec.structs.replace(entry, path=below)

    def purge(self, path: str) -> None:
        """Remove all objects below a prefix."""
        found = [entry for entry in self.list(path, recurse=True) if not entry.is_dir]
        if not found:
            raise directory_not_found()
        for entry in found:
            self.delete(f"{path}/{entry.path}")

    def md5(self, path: str, entry: Entry) -> str:  # noqa: ARG002 - local files are read for it
        """Return the MD5 that the store keeps, if it keeps one."""
        return entry.md5

    def space(self, path: str) -> tuple[int, int]:
        """Refuse: object stores have no end."""
        raise CallRefused(f"{self.provider} bucket {split(path)[0]} doesn't support about")

    def check_writable(self, path: str) -> None:
        """Write, list, read and remove an object in a directory of its own."""
        bucket, key = split(path)
        own = self.join(key, f"scylla-manager-agent-{secrets.token_hex(8)}")
        # Asked for first: some servers make a bucket that they are sent an object for.
        if not self.has_bucket(bucket):
            raise CallRefused(f"operation put: {self.missing_bucket}", HTTPStatus.BAD_REQUEST)
        self.put(bucket, f"{own}/test", b"x")
        _ = list(self.list(f"{bucket}/{own}", recurse=False))
        _, stream = self.open(f"{bucket}/{own}/test")
        stream.close()
        self.delete(f"{bucket}/{own}/test")

    def write(self, path: str, content: Source, size: int) -> None:  # noqa: ARG002 - what is written tells
        """Make or overwrite one object."""
        self.put(*split(path), content.read())

    @abstractmethod
    def entries(self, bucket: str, prefix: str, *, recurse: bool) -> Iterator[Entry]:
        """Yield objects (and directories, if not ``recurse``) below a prefix, each by its whole key."""

    @abstractmethod
    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Make or overwrite one object."""

    @abstractmethod
    def has_bucket(self, bucket: str) -> bool:
        """Whether there is such a bucket."""

    @abstractmethod
    def make_bucket(self, bucket: str) -> None:
        """Make a bucket, if it is not there."""

    @abstractmethod
    def stat(self, path: str) -> Entry:
        """Return one object's entry."""

    @abstractmethod
    def open(self, path: str) -> tuple[Entry, Source]:
        """Open one object for reading."""

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove one object."""

    @abstractmethod
    def close(self) -> None:
        """Close connections."""


def split(path: str) -> tuple[str, str]:
    """Return bucket and key of a path."""
    bucket, _, key = path.partition("/")
    return bucket, key


def new_directories(path: str, seen: set[str]) -> Iterator[Entry]:
    """Yield the directories that an object lies in and that were not ``seen`` yet."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        directory = "/".join(parts[:depth])
        if directory not in seen:
            seen.add(directory)
            yield Entry(path=directory, size=0, modified_ns=0, is_dir=True)
