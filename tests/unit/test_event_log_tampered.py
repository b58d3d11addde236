"""Whatever somebody does to the stored rows, reading ends with the record's name, and verifying names the first one."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.event_logs import Writer

from scylla_restore.events.errors import CorruptLog
from scylla_restore.events.log.reading import read_envelopes, verify_run
from scylla_restore.events.log.sqlite import SQLiteLog

RECORDS = 2500
"""More than a page of them."""


@pytest.fixture(params=[1, 2], ids=["alone", "beside-a-thread"], autouse=True)
def company(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are read in one way by a process of one thread, in another by any other."""
    threads: int = request.param
    monkeypatch.setattr("threading.active_count", lambda: threads)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("original") / "log.db"
    log = SQLiteLog(path)
    Writer(log).append_some(RECORDS)
    log.close()
    return path.read_bytes()


@pytest.fixture
def log(tmp_path: Path, original: bytes) -> Iterator[SQLiteLog]:
    path = tmp_path / "log.db"
    path.write_bytes(original)
    log = SQLiteLog(path)
    yield log
    log.close()


def tamper(log: SQLiteLog, *statements: str) -> None:
    connection = sqlite3.connect(log.path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("first_bad", "statements"),
    [
        (1, ["DELETE FROM records WHERE seq = 1"]),
        (7, ["DELETE FROM records WHERE seq = 7"]),
        (1500, ["DELETE FROM records WHERE seq BETWEEN 1500 AND 1501"]),
        (3, ["DELETE FROM records WHERE seq BETWEEN 3 AND 2490"]),
        (2500, ["DELETE FROM records WHERE seq = 2500"]),
        (1, ["DELETE FROM records"]),
        (40, ["UPDATE records SET record = replace(record, 'suspended', 'well') WHERE seq = 40"]),
        (41, ["UPDATE records SET record = record || x'0a' WHERE seq = 41"]),
        (42, ["UPDATE records SET record = x'00' || record WHERE seq = 42"]),
        (43, ["UPDATE records SET record = x'fffefd' WHERE seq = 43"]),
        (44, ["UPDATE records SET record = x'' WHERE seq = 44"]),
        (45, ["UPDATE records SET record = 17 WHERE seq = 45"]),
        (2001, ["UPDATE records SET hash = x'00' WHERE seq = 2001"]),
        (2002, ["UPDATE records SET hash = 'a text of thirty-two characters.' WHERE seq = 2002"]),
        (2003, ["UPDATE records SET hash = zeroblob(32) WHERE seq = 2003"]),
        (
            60,
            [
                "UPDATE records SET seq = -1 WHERE seq = 60",
                "UPDATE records SET seq = 60 WHERE seq = 61",
                "UPDATE records SET seq = 61 WHERE seq = -1",
            ],
        ),
        (2501, ["INSERT INTO records SELECT run_id, 2501, record, hash FROM records WHERE seq = 1"]),
        (2501, ["INSERT INTO records SELECT run_id, 9999, record, hash FROM records WHERE seq = 1"]),
        (2500, ["UPDATE runs SET head_hash = zeroblob(32)"]),
        (2501, ["UPDATE runs SET head_seq = 2600"]),
    ],
)
def test_the_first_record_that_does_not_fit_is_named(
    log: SQLiteLog, first_bad: int, statements: list[str]
) -> None:
    tamper(log, *statements)
    report = verify_run(log, "run-1")
    assert (report.ok, report.first_bad_seq) == (False, first_bad), report.problems


def test_an_untouched_log_is_intact(log: SQLiteLog) -> None:
    report = verify_run(log, "run-1")
    assert (report.ok, report.events, report.problems) == (True, RECORDS, ())
    assert report.head_hash == log.head("run-1").hash


@pytest.mark.parametrize("position", [1, 800, 2499])
def test_reading_over_a_missing_record_is_refused(log: SQLiteLog, position: int) -> None:
    tamper(log, f"DELETE FROM records WHERE seq = {position}")  # noqa: S608 - a number of this test's own
    with pytest.raises(CorruptLog, match="is missing") as caught:
        list(log.read("run-1"))
    assert (caught.value.seq, caught.value.exit_code) == (position, 1)


def test_reading_on_from_a_missing_record_is_refused(log: SQLiteLog) -> None:
    tamper(log, "DELETE FROM records WHERE seq = 800")
    with pytest.raises(CorruptLog, match="is missing"):
        list(log.read("run-1", from_seq=801))
    assert next(log.read("run-1", from_seq=802)).seq == 802


def test_reading_something_that_is_no_record_is_refused(log: SQLiteLog) -> None:
    tamper(log, "UPDATE records SET record = x'fffefd' WHERE seq = 1700")
    with pytest.raises(CorruptLog, match="record 1700: is no record"):
        list(log.read("run-1"))


def test_an_altered_record_is_refused_where_hashes_are_checked(log: SQLiteLog) -> None:
    tamper(log, "UPDATE records SET record = replace(record, 'suspended', 'in a hurry') WHERE seq = 1700")
    assert sum(1 for _ in log.read("run-1")) == RECORDS
    with pytest.raises(CorruptLog, match="record 1700: its hash does not fit"):
        list(read_envelopes(log, "run-1", check_hashes=True))
