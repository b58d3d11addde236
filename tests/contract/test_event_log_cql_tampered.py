"""Whatever somebody does to the rows in Cassandra, verifying names the first record that does not fit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute, new_logs
from tests.support.event_logs import Writer, returned

from scylla_restore.events.log.cql import CqlLog
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.reading import verify_run

pytestmark = pytest.mark.real

Tamper = Callable[[Execute, str], object]


def with_row(seq: int, change: Callable[[dict[str, Any]], dict[str, object]]) -> Tamper:
    """Change columns of the group that ends at ``seq``; ``change`` is told what they are."""

    def tamper(execute: Execute, keyspace: str) -> None:
        columns = ("bucket", "count", "records", "hashes")
        select = f"SELECT seq, {', '.join(columns)} FROM {keyspace}.records WHERE run = %s ALLOW FILTERING"  # noqa: S608 - our own names
        [row] = [row for row in execute(select, "run-1") if row[0] == seq]
        for name, value in change(dict(zip(columns, row[1:], strict=True))).items():
            update = f"UPDATE {keyspace}.records SET {name} = %s WHERE run = %s AND bucket = %s AND seq = %s"  # noqa: S608 - our own names
            execute(update, value, "run-1", row[1], seq)

    return tamper


def with_record(number: int, change: Callable[[bytes], bytes]) -> Tamper:
    """Change the bytes of one record of the second group."""

    def changed(row: dict[str, Any]) -> dict[str, object]:
        records = row["records"].split(b"\n")
        records[number - 11] = change(records[number - 11])
        return {"records": b"\n".join(records)}

    return with_row(20, changed)


def executed(statement: str) -> Tamper:
    """Execute a statement; ``{}`` is the keyspace."""
    return lambda execute, keyspace: execute(statement.format(keyspace))


TAMPERED: dict[str, tuple[int, Tamper]] = {
    "a group is gone": (
        11,
        executed("DELETE FROM {}.records WHERE run = 'run-1' AND bucket = 0 AND seq = 20"),
    ),
    "the first group is gone": (
        1,
        executed("DELETE FROM {}.records WHERE run = 'run-1' AND bucket = 0 AND seq = 10"),
    ),
    "the last group is gone": (
        31,
        executed("DELETE FROM {}.records WHERE run = 'run-1' AND bucket = 1 AND seq = 40"),
    ),
    "a bucket is gone": (
        31,
        executed("DELETE FROM {}.records WHERE run = 'run-1' AND bucket = 1 AND seq > 0"),
    ),
    "pieces are gone": (41, executed("TRUNCATE {}.pieces")),
    "a word is another": (14, with_record(14, lambda record: record.replace(b"suspended", b"well"))),
    "a record has a line break more": (15, with_record(15, lambda record: record[:20] + b"\n" + record[20:])),
    "a record is empty": (16, with_record(16, lambda _: b"")),
    "a record is no text": (17, with_record(17, lambda _: b"\xff\xfe")),
    "a hash is another": (19, with_row(20, lambda row: {"hashes": row["hashes"][: 32 * 8] + bytes(32 * 2)})),
    "hashes are missing": (15, with_row(20, lambda row: {"hashes": row["hashes"][: 32 * 4]})),
    "all records are missing": (11, with_row(20, lambda _: {"records": None})),
    "there are said to be fewer": (11, with_row(20, lambda _: {"count": 3})),
    "there are said to be more": (9, with_row(20, lambda _: {"count": 12})),
    "nobody says how many": (11, with_row(20, lambda _: {"count": None})),
}


@pytest.fixture
def log(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[CqlLog]:
    """Five groups of ten records, three in the first bucket; the last one lies in pieces."""
    with new_logs(cassandra, cassandra_execute, Limits(bucket_records=30, row_bytes=5_000)) as open_log:
        log = open_log()
        writer = Writer(log)
        for _ in range(4):
            writer.append_some(10)
        writer.append(*(returned(number, "x" * 1000) for number in range(10)))
        yield log


@pytest.mark.parametrize("what", TAMPERED)
def test_the_first_record_that_does_not_fit_is_named(
    log: CqlLog, cassandra_execute: Execute, what: str
) -> None:
    first_bad, tamper = TAMPERED[what]
    tamper(cassandra_execute, log.address.keyspace)
    report = verify_run(log, "run-1")
    assert (report.ok, report.first_bad_seq) == (False, first_bad), report.problems


def test_what_nobody_touched_is_intact(log: CqlLog) -> None:
    report = verify_run(log, "run-1")
    assert (report.ok, report.events) == (True, 50)


def test_what_lies_behind_the_end_is_noticed(log: CqlLog, cassandra_execute: Execute) -> None:
    insert = "INSERT INTO {}.records (run, bucket, seq, count, records, hashes) VALUES ('run-1', 1, 51, 1, 0x7b7d, 0x00)"
    executed(insert)(cassandra_execute, log.address.keyspace)
    report = verify_run(log, "run-1")
    assert (report.ok, report.first_bad_seq) == (False, 51)
