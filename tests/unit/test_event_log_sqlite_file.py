"""The SQLite file itself: modes, what is refused, what is told when it does not answer."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.support.event_logs import Writer, returned

from scylla_restore.events.errors import CorruptLog, LogUnavailable, UnusableLog
from scylla_restore.events.log.ownership import OwnerFiles
from scylla_restore.events.log.port import Request, RequestKind
from scylla_restore.events.log.reading import verify_run
from scylla_restore.events.log.sqlite import SQLiteLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(path, busy_timeout_s=0)
    yield log
    log.close()


@pytest.fixture
def stranger(log: SQLiteLog) -> Iterator[sqlite3.Connection]:
    """Somebody with another program at the same file."""
    connection = sqlite3.connect(log.path, isolation_level=None)
    yield connection
    connection.close()


def test_nobody_else_can_read_the_log(path: Path, log: SQLiteLog) -> None:
    Writer(log).append_some(1)
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == dict.fromkeys(("log.db", "log.db-owner-run-1-1", "log.db-shm", "log.db-wal"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    log = SQLiteLog(path)
    Writer(log).append_some(1)
    log.close()
    assert [found.name for found in path.parent.iterdir()] == ["log.db"]


def test_a_link_to_the_log_leads_to_the_same_owners(path: Path, log: SQLiteLog) -> None:
    log.claim("run-1", "ann@host")
    link = path.parent.parent / "link.db"
    link.symlink_to(path)
    linked = SQLiteLog(link)
    assert linked.is_owned("run-1")
    linked.close()


def test_every_append_is_synced_before_it_is_acknowledged(log: SQLiteLog) -> None:
    Writer(log).append_some(1)
    assert log._writer is not None
    assert log._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert log._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_log_that_is_not_to_be_made_is_not_made(path: Path) -> None:
    with pytest.raises(UnusableLog, match="there is no log at"):
        SQLiteLog(path, create=False)
    assert not path.parent.exists()


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogUnavailable, match="cannot be reached") as caught:
        SQLiteLog(tmp_path / "file" / "log.db")
    assert caught.value.hint is not None


def test_a_directory_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="unable to open"):
        SQLiteLog(tmp_path)


def test_a_file_of_another_kind_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("A diary, not a database.\n" * 100)
    with pytest.raises(UnusableLog, match="not a database"):
        SQLiteLog(path)
    assert path.read_text().startswith("A diary")


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE songs (title TEXT)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"]
)
def test_another_programs_database_is_left_alone(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "songs.db"
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UnusableLog, match="database of another program"):
        SQLiteLog(path)
    assert path.read_bytes() == before


def test_a_newer_log_is_refused_with_the_way_out(log: SQLiteLog, stranger: sqlite3.Connection) -> None:
    stranger.execute("PRAGMA user_version = 2")
    with pytest.raises(UnusableLog, match="has version 2") as caught:
        SQLiteLog(log.path)
    assert "newer scylla-restore" in str(caught.value.hint)


def test_a_damaged_file_is_told_with_the_way_out(path: Path, log: SQLiteLog) -> None:
    Writer(log).append_some(5000)
    log.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    damaged = SQLiteLog(path)
    with pytest.raises(UnusableLog, match="malformed") as caught:
        verify_run(damaged, "run-1")
    damaged.close()
    assert "restore it from a backup" in str(caught.value.hint)


def test_a_table_that_somebody_dropped_is_told(log: SQLiteLog, stranger: sqlite3.Connection) -> None:
    Writer(log).append_some(1)
    stranger.execute("DROP TABLE records")
    with pytest.raises(UnusableLog, match="no such table: records"):
        list(log.read("run-1"))


def test_a_busy_file_is_unavailable_for_writers_only(log: SQLiteLog, stranger: sqlite3.Connection) -> None:
    writer = Writer(log)
    written = writer.append_some(2)
    pending = writer.seal([returned(3)])
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked") as caught:
        log.append(writer.claim, pending)
    assert (caught.value.retryable, list(log.read("run-1"))) == (True, written)
    stranger.execute("COMMIT")
    log.append(writer.claim, pending)
    assert list(log.read("run-1")) == written + pending


def test_a_reader_with_an_open_look_does_not_hold_the_writer_up(
    log: SQLiteLog, stranger: sqlite3.Connection
) -> None:
    writer = Writer(log)
    writer.append_some(2)
    stranger.execute("BEGIN")
    assert stranger.execute("SELECT count(*) FROM records").fetchone() == (2,)
    writer.append_some(2)
    assert stranger.execute("SELECT count(*) FROM records").fetchone() == (2,)
    assert log.head("run-1").seq == 4


def test_a_full_disk_is_unavailable_and_the_group_can_be_repeated(log: SQLiteLog) -> None:
    writer = Writer(log)
    writer.append_some(1)
    assert log._writer is not None
    (pages,) = log._writer.execute("PRAGMA page_count").fetchone()
    log._writer.execute(f"PRAGMA max_page_count = {pages}")
    pending = writer.seal([returned(2), returned(3, "x" * 1_000_000)])
    with pytest.raises(LogUnavailable, match="full") as caught:
        log.append(writer.claim, pending)
    assert (log.head("run-1").seq, caught.value.hint) == (1, "make room on its file system")
    log._writer.execute("PRAGMA max_page_count = 1000000")
    log.append(writer.claim, pending)
    assert verify_run(log, "run-1").events == 3


def test_a_connection_that_is_lost_is_replaced(log: SQLiteLog) -> None:
    writer = Writer(log)
    writer.append_some(1)
    assert log._writer is not None
    log._writer.close()
    pending = writer.seal([returned(2)])
    with pytest.raises(UnusableLog, match="closed database"):
        log.append(writer.claim, pending)
    log.append(writer.claim, pending)
    assert log.head("run-1").seq == 2


def test_a_claim_that_cannot_be_written_leaves_the_run_free(
    path: Path, log: SQLiteLog, stranger: sqlite3.Connection
) -> None:
    stranger.execute("CREATE TRIGGER no BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(UnusableLog, match="no"):
        log.claim("run-1", "ann@host")
    assert not list(path.parent.glob("*-owner-*"))
    stranger.execute("DROP TRIGGER no")
    assert log.claim("run-1", "ann@host").epoch == 1


def test_a_run_that_is_just_being_claimed_is_asked_for_again_later(path: Path, log: SQLiteLog) -> None:
    elsewhere = OwnerFiles(path).take("run-1", 1, "bob@host")
    with pytest.raises(LogUnavailable, match="being claimed by somebody else"):
        log.claim("run-1", "ann@host")
    elsewhere.release()
    assert log.claim("run-1", "ann@host").epoch == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_to_a_file_that_lost_its_name(path: Path, log: SQLiteLog, replaced: bool) -> None:
    writer = Writer(log)
    written = writer.append_some(1)
    elsewhere = path.rename(path.with_name("elsewhere.db"))
    if replaced:
        path.touch()
    pending = writer.seal([returned(2)])
    with pytest.raises(UnusableLog, match="removed or replaced"):
        log.append(writer.claim, pending)
    elsewhere.rename(path)
    log.append(writer.claim, pending)
    assert list(log.read("run-1")) == written + pending


def test_many_readers_at_one_time_leave_few_connections_open(log: SQLiteLog) -> None:
    with ExitStack() as readers:
        for _ in range(10):
            readers.enter_context(log.reading())
    assert len(log._readers) == 4


def test_a_record_that_somebody_put_behind_the_end_is_told(
    log: SQLiteLog, stranger: sqlite3.Connection
) -> None:
    writer = Writer(log)
    writer.append_some(2)
    stranger.execute("INSERT INTO records SELECT run_id, 3, record, hash FROM records WHERE seq = 2")
    assert verify_run(log, "run-1").first_bad_seq == 3
    with pytest.raises(CorruptLog, match="lies behind the log's end"):
        writer.append_some(1)


def test_tables_beside_the_log_are_written_in_transactions_of_their_own(log: SQLiteLog) -> None:
    with log.transaction() as connection:
        connection.execute("CREATE TABLE beside (number INTEGER)")
        connection.execute("INSERT INTO beside VALUES (1)")
    with suppress(ZeroDivisionError), log.transaction() as connection:
        connection.execute("INSERT INTO beside VALUES (2)")
        raise ZeroDivisionError
    with log.transaction() as connection:
        assert connection.execute("SELECT number FROM beside").fetchall() == [(1,)]


def test_requests_of_a_kind_from_the_future_are_not_ours_to_answer(
    log: SQLiteLog, stranger: sqlite3.Connection
) -> None:
    log.claim("run-1", "ann@host")
    log.post_request(Request(run="run-1", kind=RequestKind.PAUSE, requested_by="bob@host"))
    stranger.execute("INSERT INTO requests (run_id, kind, requested_by) VALUES (1, 'dance', 'eve@host')")
    assert [request.kind for request in log.requests("run-1")] == [RequestKind.PAUSE]
