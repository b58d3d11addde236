"""The log in one SQLite file, for several processes of one host."""

import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from scylla_restore.events.chain import genesis
from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import CorruptLog, LogError, LogUnavailable, RunIsOwned, UnknownRun
from scylla_restore.events.log.admission import check_group, check_owner, is_new
from scylla_restore.events.log.ownership import OwnerFiles, OwnerLives, OwnerLock
from scylla_restore.events.log.port import Checkpoint, Claim, Head, Request, RequestKind
from scylla_restore.events.log.reading import read_envelopes
from scylla_restore.events.log.sqlite_file import answering, check_same_file, connect, prepare
from scylla_restore.events.log.sqlite_records import PageReader, insert_records

_IDLE_READERS: Final = 4


class SQLiteLog:
    """An ``EventLog`` in the file ``path``; with ``create`` it is made when it is not there.

    Reading never waits for writing nor the other way round. A write waits ``busy_timeout_s`` for another process
    that writes, then it is ``LogUnavailable``.

    Raises:
        UnusableLog: what lies at ``path`` is no log.
        LogUnavailable: the file cannot be reached.
    """

    def __init__(self, path: str | Path, *, create: bool = True, busy_timeout_s: float = 5.0) -> None:
        # Lock files lie beside the file itself, whatever links lead to it.
        self.path: Final = Path(os.path.realpath(path))
        self._busy_timeout_s = busy_timeout_s
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._owner_files = OwnerFiles(self.path)
        self._held: dict[tuple[str, int], OwnerLock] = {}
        self._is_closed = False
        self._file = prepare(self.path, create=create, busy_timeout_s=busy_timeout_s)

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        """See ``EventLog.claim``."""
        with self.transaction() as connection:
            known = _find(connection, run)
            head = known[1] if known else Head(run=run, seq=0, hash=genesis(run), epoch=0, owner="")
            if not take_over and self._owner_files.is_held(run, head.epoch):
                raise RunIsOwned(run, head.owner)
            epoch = head.epoch + 1
            try:
                lock = self._owner_files.take(run, epoch, owner)
            except OwnerLives as error:
                raise LogUnavailable(f"run {run} is being claimed by somebody else") from error
            # Held before it is committed: what is in the table without a lock would be taken for dead.
            self._held[run, epoch] = lock
            try:
                connection.execute(
                    "INSERT INTO runs (run, epoch, owner, head_seq, head_hash) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (run) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner",
                    (run, epoch, owner, head.seq, head.hash),
                )
                connection.execute("COMMIT")
            except BaseException:
                self._held.pop((run, epoch)).release()
                raise
            with suppress(OSError):
                self._owner_files.remove_dead(run, before_epoch=epoch)
        head = Head(run=run, seq=head.seq, hash=head.hash, epoch=epoch, owner=owner)
        return Claim(run=run, epoch=epoch, head=head)

    def keep(self, claim: Claim) -> None:
        """See ``EventLog.keep``. The lock lives as long as its holder: there is nothing to renew."""
        check_owner(self.head(claim.run), claim, claim_is_held=(claim.run, claim.epoch) in self._held)

    def release(self, claim: Claim) -> None:
        """See ``EventLog.release``."""
        with self._write_lock:
            lock = self._held.pop((claim.run, claim.epoch), None)
            if lock is not None:
                lock.release()

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        """See ``EventLog.append``."""
        check_group(claim, envelopes)
        if not envelopes:
            return
        with self.transaction() as connection:
            run_id, head = _get(connection, claim.run)
            if not is_new(head, claim, envelopes, claim_is_held=(claim.run, claim.epoch) in self._held):
                return
            try:
                insert_records(connection, run_id, envelopes)
            except sqlite3.IntegrityError as error:
                raise CorruptLog(
                    claim.run, head.seq + 1, "lies behind the log's end: no engine wrote it"
                ) from error
            connection.execute(
                "UPDATE runs SET head_seq = ?, head_hash = ? WHERE id = ?",
                (envelopes[-1].seq, envelopes[-1].hash, run_id),
            )

    def head(self, run: str) -> Head:
        """See ``EventLog.head``."""
        with self.reading() as connection:
            _, head = _get(connection, run)
        return head

    def is_owned(self, run: str) -> bool:
        """See ``EventLog.is_owned``."""
        with self.reading() as connection:
            known = _find(connection, run)
        with answering(self.path):
            return known is not None and self._owner_files.is_held(run, known[1].epoch)

    def read(self, run: str, *, from_seq: int = 1) -> Iterator[Envelope]:
        """See ``EventLog.read``."""
        return read_envelopes(self, run, from_seq=from_seq)

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """See ``EventLog.read_records``."""
        with self.reading() as connection:
            run_id, _ = _get(connection, run)
        return self._pages(PageReader(run_id, from_seq))

    def runs(self) -> list[str]:
        """See ``EventLog.runs``."""
        with self.reading() as connection:
            rows = connection.execute("SELECT run FROM runs WHERE head_seq > 0 ORDER BY id").fetchall()
        return [run for (run,) in rows]

    def post_request(self, request: Request) -> None:
        """See ``EventLog.post_request``."""
        with self.transaction() as connection:
            run_id, _ = _get(connection, request.run)
            connection.execute(
                "INSERT INTO requests (run_id, kind, requested_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (run_id, request.kind, request.requested_by),
            )

    def requests(self, run: str) -> list[Request]:
        """See ``EventLog.requests``."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT kind, requested_by FROM requests JOIN runs ON runs.id = run_id WHERE run = ? "
                "ORDER BY requests.id",
                (run,),
            ).fetchall()
        # A kind that a newer program asks for is not ours to answer.
        return [
            Request(run=run, kind=RequestKind(kind), requested_by=by)
            for kind, by in rows
            if kind in RequestKind.__members__.values()
        ]

    def clear_requests(self, run: str, *, kinds: Collection[RequestKind] = tuple(RequestKind)) -> None:
        """See ``EventLog.clear_requests``."""
        with self.transaction() as connection:
            connection.executemany(
                "DELETE FROM requests WHERE kind = ? AND run_id = (SELECT id FROM runs WHERE run = ?)",
                [(kind, run) for kind in kinds],
            )

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """See ``EventLog.save_checkpoint``."""
        with self.transaction() as connection:
            run_id, _ = _get(connection, checkpoint.run)
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints (run_id, name, seq, hash, state) VALUES (?, ?, ?, ?, ?)",
                (run_id, checkpoint.name, checkpoint.seq, checkpoint.hash, checkpoint.state),
            )

    def load_checkpoint(self, run: str, name: str) -> Checkpoint | None:
        """See ``EventLog.load_checkpoint``."""
        with self.reading() as connection:
            row = connection.execute(
                "SELECT seq, hash, state FROM checkpoints JOIN runs ON runs.id = run_id "
                "WHERE run = ? AND name = ?",
                (run, name),
            ).fetchone()
        if row is None:
            return None
        return Checkpoint(run=run, name=name, seq=row[0], hash=row[1], state=row[2])

    def close(self) -> None:
        """See ``EventLog.close``."""
        with self._write_lock, self._read_lock:
            self._is_closed = True
            for lock in self._held.values():
                lock.release()
            self._held.clear()
            for connection in (*self._readers, self._writer):
                if connection is not None:
                    connection.close()
            self._readers.clear()
            self._writer = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write of this process: durable when the block ends, undone when it raises.

        For this class, and for tables that live beside the log in its file.

        Raises:
            LogUnavailable: the write could not be made, or it is not known whether it was.
        """
        with self._write_lock, answering(self.path):
            check_same_file(self.path, self._file)
            connection = self._open_writer()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
            except BaseException:
                self._undo(connection)
                raise

    def _open_writer(self) -> sqlite3.Connection:
        self._check_open()
        if self._writer is None:
            self._writer = connect(self.path, busy_timeout_s=self._busy_timeout_s)
        return self._writer

    def _undo(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return
        # What a connection that cannot even roll back would do next is anybody's guess: the next write opens another.
        self._writer = None
        with suppress(sqlite3.Error):
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one short look, so that no reader keeps SQLite from tidying its write-ahead log.

        For this class, and for tables that live beside the log in its file.

        Raises:
            LogUnavailable: the file does not answer.
        """
        with answering(self.path):
            with self._read_lock:
                self._check_open()
                connection = self._readers.pop() if self._readers else None
            if connection is None:
                connection = connect(self.path, busy_timeout_s=self._busy_timeout_s, read_only=True)
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._read_lock:
            if not self._is_closed and len(self._readers) < _IDLE_READERS:
                self._readers.append(connection)
                return
        connection.close()

    def _pages(self, reader: PageReader) -> Iterator[StoredRecord]:
        while True:
            with self.reading() as connection:
                page = reader.read(connection)
            if not page:
                return
            yield from page

    def _check_open(self) -> None:
        if self._is_closed:
            raise LogError("the log is closed")


def _find(connection: sqlite3.Connection, run: str) -> tuple[int, Head] | None:
    """Return a run's number in the file, and its head."""
    row = connection.execute(
        "SELECT id, epoch, owner, head_seq, head_hash FROM runs WHERE run = ?", (run,)
    ).fetchone()
    if row is None:
        return None
    run_id, epoch, owner, seq, head_hash = row
    return run_id, Head(run=run, epoch=epoch, owner=owner, seq=seq, hash=head_hash)


def _get(connection: sqlite3.Connection, run: str) -> tuple[int, Head]:
    known = _find(connection, run)
    if known is None:
        raise UnknownRun(run)
    return known
