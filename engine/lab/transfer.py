"""Copying one file, as an agent does: visible under its final name at once, gone again if it fails."""

import errno
import os
from collections.abc import Callable
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.jobs import Job, Transfer
from scylla_restore.engine.lab.pace import Pace
from scylla_restore.engine.lab.refusals import CallRefused, Interrupted
from scylla_restore.engine.lab.remotes import Entry, Remote, Source

# From this size on the agent reads a file in parts, and leaves what it has when it fails.
_MULTI_THREAD_CUTOFF = 250 << 20
_KERNEL_PIECE = 8 << 20


class FileCopy(msgspec.Struct, frozen=True, kw_only=True):
    """One file to copy. ``name`` is how the job's statistics call it."""

    source: Remote
    source_path: str
    target: Remote
    target_path: str
    name: str


class Copier:
    """Copies files for the jobs of one agent. ``disk_is_full`` tells of faults set while copies run."""

    def __init__(self, pace: Pace, disk_is_full: Callable[[], bool]) -> None:
        self._pace = pace
        self._disk_is_full = disk_is_full

    def copy(self, copy: FileCopy, job: Job) -> None:
        """Copy a file, or skip it where the same one is there already.

        Raises:
            CallRefused: it could not be read or written.
            Interrupted: the job was stopped, or its agent died.
        """
        if job.interrupted.is_set():
            raise Interrupted
        if not copy.target.is_local:
            self._upload(copy, job)
            return
        entry, stream = copy.source.open(copy.source_path)
        with closing(stream):
            target = _create(copy.target_path)
            if target is None and _is_there(copy, entry):
                job.skip(copy.name, entry.size)
            else:
                self._download(copy, entry, stream, target or FileIO(copy.target_path, "w"), job)

    def _download(self, copy: FileCopy, entry: Entry, stream: Source, target: FileIO, job: Job) -> None:
        transfer = job.begin(copy.name, entry.size)
        path = copy.target_path
        try:
            with target:
                if job.disk_full or self._disk_is_full():
                    _run_out_of_space(stream, target, entry.size)
                self._pour(stream, target, transfer, job)
            _check_size(transfer, entry.size)
            if job.corrupt and path.endswith("-Data.db"):
                _flip_a_byte(path)
        except Interrupted:
            self._give_up(path, transfer, job, "context canceled")
            raise
        except (OSError, CallRefused) as error:
            words = f"write {path}: {error.strerror}" if isinstance(error, OSError) else error.message
            self._give_up(path, transfer, job, words.lower())
            raise CallRefused(words.lower()) from error
        job.end(transfer)

    def _pour(self, stream: Source, target: FileIO, transfer: Transfer, job: Job) -> None:
        if isinstance(stream, FileIO) and self._pace.rate(job) is None and hasattr(os, "copy_file_range"):
            self._pour_in_kernel(stream, target, transfer, job)
        while True:
            rate = self._pace.rate(job)
            piece = stream.read(self._pace.piece(rate))
            if not piece:
                return
            if not self._pace.push(len(piece), rate, job):
                raise Interrupted
            target.write(piece)
            job.advance(transfer, len(piece))

    def _pour_in_kernel(self, stream: FileIO, target: FileIO, transfer: Transfer, job: Job) -> None:
        """Copy until the end, a limit, or a file system that cannot; the caller copies the rest."""
        # Not by one call: a stop and a limit that come meanwhile must take effect.
        while self._pace.rate(job) is None:
            if job.interrupted.is_set():
                raise Interrupted
            try:
                size = os.copy_file_range(stream.fileno(), target.fileno(), _KERNEL_PIECE)
            except OSError as error:
                if error.errno in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                    return
                raise
            if size == 0:
                return
            job.advance(transfer, size)

    def _upload(self, copy: FileCopy, job: Job) -> None:
        entry, stream = copy.source.open(copy.source_path)
        with closing(stream):
            transfer = job.begin(copy.name, entry.size)
            if not self._pace.push(entry.size, self._pace.rate(job), job):
                job.end(transfer, "context canceled")
                raise Interrupted
            copy.target.write(copy.target_path, stream, entry.size)
            job.advance(transfer, entry.size)
        job.end(transfer)

    def _give_up(self, path: str, transfer: Transfer, job: Job, error: str) -> None:
        if not job.abandoned and transfer.size < _MULTI_THREAD_CUTOFF:
            with suppress(OSError):
                Path(path).unlink()
        job.end(transfer, error)


def _run_out_of_space(stream: Source, target: FileIO, size: int) -> None:
    target.write(stream.read(size // 2))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _check_size(transfer: Transfer, expected: int) -> None:
    if transfer.bytes != expected:
        raise CallRefused(f"corrupted on transfer: sizes differ {expected} vs {transfer.bytes}")


def _create(path: str) -> FileIO | None:
    """Make a file, or return None if there is one."""
    try:
        return FileIO(path, "x")
    except FileExistsError:
        return None
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return _create(path)


def _is_there(copy: FileCopy, entry: Entry) -> bool:
    """Whether the target has the size of the source, and its content where that can be told."""
    if Path(copy.target_path).stat().st_size != entry.size:
        return False
    known = copy.source.md5(copy.source_path, entry)
    return not known or known == copy.target.md5(copy.target_path, entry)


def _flip_a_byte(path: str) -> None:
    with Path(path).open("r+b") as stream:
        middle = stream.seek(0, os.SEEK_END) // 2
        stream.seek(middle)
        byte = stream.read(1)
        stream.seek(middle)
        stream.write(bytes(value ^ 0xFF for value in byte))
