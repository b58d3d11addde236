"""The log in Apache Cassandra: what no other store has. Schema, users, certificates, leases, sizes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.cassandra import PASSWORD, Cluster, new_keyspace
from tests.support.cassandra_logs import Execute, OpenCqlLog, new_logs
from tests.support.certificates import make_identity
from tests.support.event_logs import Writer, returned

from scylla_restore.events.errors import LogUnavailable, RunIsOwned, StaleOwner, UnusableLog
from scylla_restore.events.log.cql import CqlAddress, CqlLog, parse_address
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.cql.schema import TABLES
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.log.port import Checkpoint
from scylla_restore.events.log.reading import verify_run

pytestmark = pytest.mark.real

THREADS = 4


@pytest.fixture
def address(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[CqlAddress]:
    """Of a keyspace that is not there yet."""
    keyspace = new_keyspace()
    yield parse_address(cassandra.url(keyspace).removeprefix("cql://"))
    cassandra_execute(f'DROP KEYSPACE IF EXISTS "{keyspace}"')


@pytest.fixture
def open_store(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[OpenCqlLog]:
    with new_logs(cassandra, cassandra_execute) as open_store:
        yield open_store


def opened(address: CqlAddress, *, create: bool = True) -> CqlLog:
    return CqlLog(address, password=PASSWORD, create=create)


def test_engines_that_come_first_at_one_time_make_one_log(address: CqlAddress) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        logs = list(pool.map(lambda _: opened(address), range(THREADS)))
    for number, log in enumerate(logs):
        Writer(log, f"run-{number}").append_some(1)
    assert logs[0].runs() == logs[-1].runs() == [f"run-{number}" for number in range(THREADS)]
    for log in logs:
        log.close()


def test_a_keyspace_is_replicated_where_there_are_nodes(
    address: CqlAddress, cassandra_execute: Execute
) -> None:
    opened(address).close()
    [(replication,)] = cassandra_execute(
        "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s", address.keyspace
    )
    assert dict(replication) == {"class": "org.apache.cassandra.locator.NetworkTopologyStrategy", "dc1": "1"}


def test_who_only_reads_makes_no_log(address: CqlAddress, cassandra_execute: Execute) -> None:
    with pytest.raises(UnusableLog, match="there is no log in the keyspace"):
        opened(address, create=False)
    query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s"
    assert cassandra_execute(query, address.keyspace) == []


def test_a_keyspace_that_somebody_made_before_is_used(
    address: CqlAddress, cassandra_execute: Execute
) -> None:
    cassandra_execute(
        f"CREATE KEYSPACE {address.keyspace} WITH replication = "
        "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    )
    cassandra_execute(f"CREATE TABLE {address.keyspace}.others (a int PRIMARY KEY)")
    log = opened(address)
    Writer(log).append_some(1)
    assert log.runs() == ["run-1"]
    log.close()
    opened(address, create=False).close()


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("", "has a table records of another program"),
        ("scylla-restore event log, version 2", "has version 2, this program knows versions up to 1"),
    ],
)
def test_tables_of_others_are_left_alone(
    address: CqlAddress, cassandra_execute: Execute, comment: str, problem: str
) -> None:
    cassandra_execute(
        f"CREATE KEYSPACE {address.keyspace} WITH replication = "
        "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    )
    cassandra_execute(
        f"CREATE TABLE {address.keyspace}.records (a int PRIMARY KEY) WITH comment = '{comment}'"
    )
    with pytest.raises(UnusableLog, match=problem):
        opened(address)


def test_the_address_and_the_password_are_enough(cassandra: Cluster, address: CqlAddress) -> None:
    url = cassandra.url(address.keyspace, "?dc=dc1&consistency=local_quorum")
    log = open_log(url, password=lambda: PASSWORD)
    Writer(log).append_some(2)
    assert log.head("run-1").seq == 2
    log.close()


@pytest.mark.parametrize("user", ["cassandra", "nobody", None])
def test_whoever_may_not_come_in_is_told_so_without_the_password(
    address: CqlAddress, user: str | None
) -> None:
    with pytest.raises(UnusableLog, match="does not let") as caught:
        CqlLog(msgspec.structs.replace(address, user=user), password="hunter2")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_who_may_not_make_tables_is_told_what_is_lacking(
    address: CqlAddress, cassandra_execute: Execute
) -> None:
    cassandra_execute(f"CREATE ROLE {address.keyspace} WITH PASSWORD = 'x' AND LOGIN = true")
    with pytest.raises(UnusableLog, match=f"forbids the user {address.keyspace}") as caught:
        CqlLog(msgspec.structs.replace(address, user=address.keyspace), password="x")
    assert "CREATE" in (caught.value.hint or "")


def test_a_data_center_that_is_not_there_is_refused(address: CqlAddress) -> None:
    with pytest.raises(UnusableLog, match="has no data center dc9") as caught:
        opened(msgspec.structs.replace(address, dc="dc9"))
    assert "dc1" in (caught.value.hint or "")


def test_a_server_that_is_not_there_is_unavailable(address: CqlAddress) -> None:
    with pytest.raises(LogUnavailable, match="does not answer") as caught:
        opened(msgspec.structs.replace(address, port=1))
    assert caught.value.retryable


def test_tls_trusts_the_authorities_that_are_named(cassandra: Cluster, address: CqlAddress) -> None:
    log = opened(msgspec.structs.replace(address, tls=cassandra.authority or ""))
    Writer(log).append_some(1)
    assert log.runs() == ["run-1"]
    log.close()


def test_tls_trusts_nobody_else(address: CqlAddress, tmp_path: Path) -> None:
    authority = tmp_path / "another.pem"
    authority.write_bytes(make_identity("127.0.0.1", authority=True).pem)
    for tls in ("on", str(authority)):
        with pytest.raises(UnusableLog, match="certificate that is not trusted") as caught:
            opened(msgspec.structs.replace(address, tls=tls))
        assert "tls=FILE" in (caught.value.hint or "")
    with pytest.raises(UnusableLog, match="cannot be read"):
        opened(msgspec.structs.replace(address, tls=str(tmp_path / "missing.pem")))


def test_a_lease_keeps_others_away_until_it_lapses(address: CqlAddress) -> None:
    log, brief, other = opened(address), CqlLog(address, password=PASSWORD, lease_s=1), opened(address)
    before = Writer(log).append_some(1)
    with pytest.raises(RunIsOwned, match="whose lease holds until") as caught:
        other.claim("run-1", "bob@host")
    assert caught.value.until is not None
    lapsed = Writer(brief, take_over=True)
    wait_until(lambda: not other.is_owned("run-1"))
    after = Writer(other).append_some(1)
    with pytest.raises(StaleOwner):
        lapsed.append_some(1)
    assert list(other.read("run-1")) == before + after
    for each in (log, brief, other):
        each.close()


def test_closing_leaves_no_thread_behind(address: CqlAddress) -> None:
    before = set(threading.enumerate())
    log = opened(address)
    Writer(log).append_some(1)
    log.close()
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
    # The driver has one event loop for all of a process, which ends by itself when its last timer has run down.
    assert [name for name in left if name != "event_loop"] == []


@pytest.mark.parametrize("count", [1, 3000])
def test_groups_of_any_size_go_down_whole(open_store: OpenCqlLog, count: int) -> None:
    log = open_store()
    writer = Writer(log)
    total_bytes = 16 * 2**20
    envelopes = writer.append(*(returned(n, "x" * (total_bytes // count)) for n in range(count)))
    writer.append_some(1)
    assert [record.seq for record in log.read_records("run-1")] == list(range(1, count + 2))
    assert log.head("run-1").seq == envelopes[-1].seq + 1
    assert verify_run(log, "run-1").ok


def test_a_large_checkpoint_replaces_the_one_before_without_a_rest(
    open_store: OpenCqlLog, cassandra_execute: Execute
) -> None:
    log = open_store()
    head = Writer(log).claim.head
    checkpoint = Checkpoint(run="run-1", name="state", seq=1, hash=head.hash, state=bytes(30 * 2**20))
    log.save_checkpoint(checkpoint)
    smaller = msgspec.structs.replace(checkpoint, state=b"small")
    log.save_checkpoint(smaller)
    assert log.load_checkpoint("run-1", "state") == smaller
    assert rows_of(log, cassandra_execute, "SELECT count(*) FROM {}.pieces") == [(1,)]


def test_half_a_checkpoint_is_none(open_store: OpenCqlLog, cassandra_execute: Execute) -> None:
    log = open_store()
    head = Writer(log).claim.head
    log.save_checkpoint(Checkpoint(run="run-1", name="state", seq=1, hash=head.hash, state=bytes(2**20)))
    [(key,)] = rows_of(log, cassandra_execute, "SELECT key FROM {}.checkpoints")
    delete = "DELETE FROM {}.pieces WHERE run = 'run-1' AND key = %s AND number = 1"
    rows_of(log, cassandra_execute, delete, key)
    assert log.load_checkpoint("run-1", "state") is None


def test_partitions_are_bounded(cassandra: Cluster, cassandra_execute: Execute) -> None:
    with new_logs(cassandra, cassandra_execute, Limits(bucket_bytes=20_000)) as open_store:
        log = open_store()
        writer = Writer(log)
        for _ in range(30):
            writer.append_some(10)
        query = "SELECT DISTINCT run, bucket, size, closed FROM {}.records"
        rows = rows_of(log, cassandra_execute, query)
        assert len(rows) > 3
        assert max(size for _, _, size, _ in rows) <= 20_000
        assert sorted(closed for *_, closed in rows) == [False] + [True] * (len(rows) - 1)
        assert log.head("run-1").seq == 300


def test_nothing_expires(address: CqlAddress, cassandra_execute: Execute) -> None:
    opened(address).close()
    rows = cassandra_execute(
        "SELECT table_name, default_time_to_live FROM system_schema.tables WHERE keyspace_name = %s",
        address.keyspace,
    )
    assert {name: ttl for name, ttl in rows if name in TABLES} == dict.fromkeys(TABLES, 0)


def rows_of(log: CqlLog, execute: Execute, statement: str, *values: object) -> list[Any]:
    """Execute a statement in which ``{}`` is the log's keyspace."""
    return execute(statement.format(log.address.keyspace), *values)


def wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it did not come about in time")
