"""Who owns a run, told by an OS lock on a file beside the log: free the moment its holder dies, however it dies.

A file is named for a run and an epoch, so that an engine that was taken over keeps a lock that nobody asks about any
more. Locks are ``flock``s: they belong to an open file, not to a process, so that one process cannot own a run twice.
A process that the owner forks without executing another program holds the lock as well.
"""

import fcntl
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


class OwnerLives(Exception):
    """The lock is held."""


class OwnerFiles:
    """The lock files of all runs of one log, which lies at ``log`` (an absolute path without symbolic links)."""

    def __init__(self, log: Path) -> None:
        self._directory = log.parent
        self._prefix = f"{log.name}-owner-"

    def take(self, run: str, epoch: int, owner: str) -> "OwnerLock":
        """Own a run from now on; ``owner`` is written into the file, for people who look.

        Raises:
            OwnerLives: somebody owns that very epoch.
            OSError: the file cannot be made.
        """
        path = self._path(run, epoch)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor, fcntl.LOCK_EX)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{owner}\n".encode(errors="replace"))
        except BaseException:
            os.close(descriptor)
            raise
        return OwnerLock(path, descriptor)

    def is_held(self, run: str, epoch: int) -> bool:
        """Whether the owner of that epoch is alive. Asking disturbs nobody."""
        return _is_held(self._path(run, epoch))

    def remove_dead(self, run: str, *, before_epoch: int) -> None:
        """Remove what owners of earlier epochs left behind who are dead."""
        stem = self._path(run, 0).name.removesuffix("0")
        with os.scandir(self._directory) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(stem)]
        for name in names:
            epoch = name.removeprefix(stem)
            path = self._directory / name
            if epoch.isdecimal() and int(epoch) < before_epoch and not _is_held(path):
                path.unlink(missing_ok=True)

    def _path(self, run: str, epoch: int) -> Path:
        is_a_file_name = re.fullmatch(r"[0-9a-z_-]{1,64}", run) is not None
        name = run if is_a_file_name else sha256(run.encode()).hexdigest()
        return self._directory / f"{self._prefix}{name}-{epoch}"


class OwnerLock:
    """A lock that is held until ``release``, or until the process dies."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the run back and remove the file. To be called once."""
        # The name goes first: whoever opens it from now on makes a file of their own.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at one time do not take each other for the owner.
        _lock(descriptor, fcntl.LOCK_SH)
    except OwnerLives:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int, kind: int) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OwnerLives from error
