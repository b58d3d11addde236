"""The SQLite file: made with private modes, opened with the right settings, its errors in the log's own terms."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

from scylla_restore.events.errors import LogUnavailable, UnusableLog

APPLICATION_ID: Final = 0x53635265
"""Tells our files from other people's: ``ScRe``."""

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL
);
CREATE TABLE records (
    run_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    UNIQUE (run_id, kind)
);
CREATE TABLE checkpoints (
    run_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (run_id, name)
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

_UNAVAILABLE: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
_HINTS: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; if that goes on, look who has the file open",
    sqlite3.SQLITE_LOCKED: "another process is writing to it; if that goes on, look who has the file open",
    sqlite3.SQLITE_FULL: "make room on its file system",
    sqlite3.SQLITE_NOMEM: "this process is out of memory",
    sqlite3.SQLITE_IOERR: "look at the disk and the system's log",
    sqlite3.SQLITE_CANTOPEN: "the file and its directory have to be readable and writable for this user",
    sqlite3.SQLITE_READONLY: "the file and its directory have to be readable and writable for this user",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: restore it from a backup, or save what can be read with "
    "`sqlite3 FILE .recover`",
    sqlite3.SQLITE_NOTADB: "name another file with --log",
}

_CHECKPOINT_PAGES: Final = 4_000
"""The write-ahead log is moved into the file when it has so many pages (16 MB): each time costs two more syncs."""

_JOURNAL_LIMIT_BYTES: Final = 64 * 2**20

_CACHED_STATEMENTS: Final = 128


@contextmanager
def answering(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into the log's.

    Raises:
        LogUnavailable: the file is busy, the disk is full, or the system answers with an error.
        UnusableLog: anything else: the file is damaged, or was changed by others.
    """
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the kind, the rest its variety. Errors of the Python module have none.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        hint = _HINTS.get(code, _HINTS[sqlite3.SQLITE_CORRUPT])
        if code in _UNAVAILABLE:
            raise LogUnavailable(f"the log {path} does not answer: {error}", hint=hint) from error
        raise UnusableLog(f"the log {path} cannot be used: {error}", hint=hint) from error
    except OSError as error:
        raise LogUnavailable(
            f"the log {path} cannot be reached: {error.strerror or error}",
            hint=_HINTS[sqlite3.SQLITE_CANTOPEN],
        ) from error


FileId: TypeAlias = tuple[int, int]
"""What tells a file from another of the same name."""


def prepare(path: Path, *, create: bool, busy_timeout_s: float) -> FileId:
    """Make sure that a log lies at ``path``: with ``create`` a missing file (mode 0600) or directory (0700) is made.

    Raises:
        UnusableLog: there is none, it is not ours, or it was written by a newer program.
        LogUnavailable: it cannot be reached.
    """
    with answering(path):
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Never opened when it exists: closing such a file would drop SQLite's locks on it in this process.
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        elif not path.exists():
            raise UnusableLog(f"there is no log at {path}", hint="name another with --log")
        connection = connect(path, busy_timeout_s=busy_timeout_s)
        try:
            if not _is_ours(connection, path):
                with _alone(path.parent):
                    _initialise(connection, path)
        finally:
            connection.close()
        return _identify(path)


def check_same_file(path: Path, file: FileId) -> None:
    """Refuse to write where nobody would ever read it: SQLite does not notice that its file has lost its name.

    Raises:
        UnusableLog: the file was removed or replaced since it was opened.
    """
    try:
        if _identify(path) == file:
            return
    except FileNotFoundError:
        pass
    raise UnusableLog(
        f"the log {path} was removed or replaced while it was in use",
        hint="put the file back, then resume the run",
    )


def _identify(path: Path) -> FileId:
    status = path.stat()
    return status.st_dev, status.st_ino


def connect(path: Path, *, busy_timeout_s: float, read_only: bool = False) -> sqlite3.Connection:
    """Open one connection, which any one thread at a time may use. Transactions are begun by hand."""
    connection = sqlite3.connect(
        path,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    # An acknowledged record survives a power cut. On macOS only a full sync reaches the disk.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT_BYTES}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a log; false when it is empty."""
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if application == APPLICATION_ID and version == SCHEMA_VERSION:
        return True
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise UnusableLog(
            f"the log {path} has version {version}, this program knows versions up to {SCHEMA_VERSION}",
            hint="it was written by a newer scylla-restore: use that version or a later one",
        )
    if application == 0 and version == 0 and _number(connection, "SELECT count(*) FROM sqlite_master") == 0:
        return False
    raise UnusableLog(
        f"{path} is a database of another program, not a log", hint=_HINTS[sqlite3.SQLITE_NOTADB]
    )


def _initialise(connection: sqlite3.Connection, path: Path) -> None:
    # Another process may have been here while this one waited for its turn.
    if _is_ours(connection, path):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(_SCHEMA)


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Wait until no other process initialises a log here: SQLite does not wait for its turn to change the mode."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
