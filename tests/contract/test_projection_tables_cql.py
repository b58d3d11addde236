"""Tables in Apache Cassandra keep the contract, and are Scylla Manager's to whoever looks."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import time_ns
from typing import cast
from uuid import UUID, uuid4

import msgspec
import pytest
from tests.contract.projection_tables import OpenTables, ProjectionTablesContract
from tests.contract.projection_tables.samples import (
    KEY,
    changes,
    full_row,
    position,
    progress_row,
    run_row,
)
from tests.support.cassandra import PASSWORD, Cluster, new_keyspace
from tests.support.cassandra_logs import Execute, OpenCqlLog, new_logs

from scylla_restore.events.errors import LogUnavailable, TablesMoved, UnusableLog
from scylla_restore.events.log.cql import CqlLog, parse_address
from scylla_restore.events.log.cql.session import Bound, CqlSession
from scylla_restore.events.tables.cql import CqlTables
from scylla_restore.events.tables.cql_schema import OVERVIEW, TABLES
from scylla_restore.events.tables.port import ProjectionTables, Rows, RunKey

pytestmark = pytest.mark.real


@pytest.fixture
def open_log(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[OpenCqlLog]:
    """Open logs in one keyspace, whose tables are empty."""
    with new_logs(cassandra, cassandra_execute) as open_log:
        keyspace = open_log().address.keyspace
        cassandra_execute.all(f'TRUNCATE "{keyspace}".{name}' for name in _made(cassandra_execute, keyspace))
        yield open_log


def _made(execute: Execute, keyspace: str) -> list[str]:
    query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s"
    return [name for (name,) in execute(query, keyspace) if name in {*TABLES, *OVERVIEW}]


class TestCqlTables(ProjectionTablesContract):
    @pytest.fixture
    def open_tables(self, open_log: OpenCqlLog) -> OpenTables:
        def open_tables() -> ProjectionTables:
            return CqlTables(open_log())

        return open_tables


class _Meddling:
    """A session in which something happens before rows are written, once, or the answers to moves are lost."""

    def __init__(
        self, inner: CqlSession, *, before: Callable[[], None] = lambda: None, lost: int = 0
    ) -> None:
        self._inner = inner
        self._before = before
        self._lost = lost

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def write_batches(self, batches: Sequence[Sequence[Bound]]) -> None:
        before, self._before = self._before, lambda: None
        before()
        self._inner.write_batches(batches)

    def apply(self, *statements: Bound) -> bool:
        if self._lost and "seq = ?" in statements[0][0]:
            self._lost -= 1
            raise LogUnavailable("the answer was lost")
        return self._inner.apply(*statements)


def meddle(tables: CqlTables, *, before: Callable[[], None] = lambda: None, lost: int = 0) -> None:
    tables._session = cast("CqlSession", _Meddling(tables._session, before=before, lost=lost))


def test_a_write_that_was_cut_off_is_made_again_and_no_list_has_its_items_twice(open_log: OpenCqlLog) -> None:
    tables = CqlTables(open_log())
    tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
    step = changes(progress_row(2), progress_row(1, restored=5))
    meddle(tables, lost=2)
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            tables.apply(KEY, step, after=position(1), upto=position(2))
    assert tables.position(KEY) == position(1)
    tables.apply(KEY, step, after=position(1), upto=position(2))
    assert tables.rows(KEY).restore_run_progress == (progress_row(1, restored=5), progress_row(2))


def test_whoever_is_overtaken_while_writing_finds_out_and_spoils_nothing(open_log: OpenCqlLog) -> None:
    slow, quick = CqlTables(open_log()), CqlTables(open_log())
    slow.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))

    def overtake() -> None:
        quick.apply(
            KEY, changes(progress_row(2), progress_row(1, restored=9)), after=position(1), upto=position(3)
        )

    meddle(slow, before=overtake)
    with pytest.raises(TablesMoved):
        slow.apply(
            KEY, changes(progress_row(1, restored=4), progress_row(2)), after=position(1), upto=position(2)
        )
    assert slow.rows(KEY).restore_run_progress == (progress_row(1, restored=9), progress_row(2))
    assert slow.position(KEY) == position(3)


@pytest.mark.parametrize("behind_us", [0, 3_600_000_000, 2**60])
def test_rows_of_an_engine_whose_clock_lags_behind_are_the_newer_ones(
    open_log: OpenCqlLog, behind_us: int
) -> None:
    first = CqlTables(open_log())
    second = CqlTables(open_log(), now_us=lambda: time_ns() // 1000 - behind_us)
    first.apply(KEY, changes(progress_row(1), progress_row(2)), after=None, upto=position(1))
    second.apply(
        KEY,
        changes(progress_row(1, restored=8), gone=(progress_row(2),)),
        after=position(1),
        upto=position(2),
    )
    assert first.rows(KEY).restore_run_progress == (progress_row(1, restored=8),)


def test_rows_that_were_deleted_by_hand_come_back(open_log: OpenCqlLog, cassandra_execute: Execute) -> None:
    tables = CqlTables(open_log())
    tables.apply(KEY, changes(progress_row(1), run=run_row()), after=None, upto=position(1))
    keyspace = open_log().address.keyspace
    ids = (UUID(KEY.cluster_id), UUID(KEY.run), UUID(KEY.run))
    delete = f'DELETE FROM "{keyspace}".restore_run_progress'  # noqa: S608 - a keyspace of the test's own
    cassandra_execute(f"{delete} WHERE cluster_id = %s AND task_id = %s AND run_id = %s", *ids)
    assert tables.rows(KEY).restore_run_progress == ()
    tables.drop(KEY)
    tables.apply(KEY, changes(progress_row(1), run=run_row()), after=None, upto=position(1))
    assert tables.rows(KEY) == Rows(restore_run=(run_row(),), restore_run_progress=(progress_row(1),))


def test_tables_have_scylla_managers_columns_types_and_keys(
    open_log: OpenCqlLog, cassandra_execute: Execute
) -> None:
    log = open_log()
    CqlTables(log).apply(KEY, changes(full_row(), run=run_row()), after=None, upto=position(1))
    query = "SELECT column_name, type, kind, position FROM system_schema.columns WHERE keyspace_name = %s AND table_name = %s"
    found = {
        name: tuple(rest)
        for name, *rest in cassandra_execute(query, log.address.keyspace, "restore_run_progress")
    }
    keys = ["remote_sstable_dir", "keyspace_name", "table_name", "host", "agent_job_id", "scylla_task_id"]
    times = ["restore_started_at", "restore_completed_at", "download_started_at", "download_completed_at"]
    numbers = ["restored", "downloaded", "versioned_downloaded", "failed", "shard_cnt"]
    assert found == {
        **{name: ("uuid", "partition_key", n) for n, name in enumerate(("cluster_id", "task_id", "run_id"))},
        **{
            name: ("bigint" if name == "agent_job_id" else "text", "clustering", n)
            for n, name in enumerate(keys)
        },
        **dict.fromkeys(times, ("timestamp", "regular", -1)),
        **dict.fromkeys(numbers, ("bigint", "regular", -1)),
        "sstable_id": ("list<text>", "regular", -1),
        "error": ("text", "regular", -1),
    }
    found = {
        name: tuple(rest) for name, *rest in cassandra_execute(query, log.address.keyspace, "restore_run")
    }
    assert found == {
        "cluster_id": ("uuid", "partition_key", 0),
        "task_id": ("uuid", "partition_key", 1),
        "id": ("uuid", "clustering", 0),
        "prev_id": ("uuid", "regular", -1),
        "snapshot_tag": ("text", "regular", -1),
        "stage": ("text", "regular", -1),
        "units": ("list<frozen<restore_unit>>", "regular", -1),
        "views": ("list<frozen<restore_view>>", "regular", -1),
        "repair_task_id": ("uuid", "regular", -1),
    }


def test_looking_at_tables_makes_none(cassandra: Cluster, cassandra_execute: Execute) -> None:
    keyspace = new_keyspace()
    log = CqlLog(parse_address(cassandra.url(keyspace).removeprefix("cql://")), password=PASSWORD)
    try:
        tables = CqlTables(log)
        assert (tables.position(KEY), tables.rows(KEY), tables.runs()) == (None, Rows(), {})
        assert tables.counts(KEY).restore_run == 0
        assert _made(cassandra_execute, keyspace) == []
    finally:
        log.close()
        cassandra_execute(f'DROP KEYSPACE "{keyspace}"')


def test_tables_that_several_make_at_one_time_are_one(cassandra: Cluster, cassandra_execute: Execute) -> None:
    keyspace = new_keyspace()
    address = parse_address(cassandra.url(keyspace).removeprefix("cql://"))
    logs = [CqlLog(address, password=PASSWORD) for _ in range(3)]
    keys = [RunKey(cluster_id=KEY.cluster_id, run=str(uuid4())) for _ in logs]

    def write(log: CqlLog, key: RunKey) -> None:
        CqlTables(log).apply(key, changes(progress_row(1, key), key=key), after=None, upto=position(1))

    try:
        with ThreadPoolExecutor(len(logs)) as pool:
            list(pool.map(write, logs, keys))
        for key in keys:
            assert CqlTables(logs[0]).rows(key).restore_run_progress == (progress_row(1, key),)
    finally:
        for log in logs:
            log.close()
        cassandra_execute(f'DROP KEYSPACE "{keyspace}"')


def test_tables_of_scylla_manager_are_left_alone_unless_somebody_names_them(
    open_log: OpenCqlLog, cassandra_execute: Execute
) -> None:
    manager = new_keyspace()
    cassandra_execute(
        f"CREATE KEYSPACE {manager} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
    )
    own = CqlTables(open_log(), keyspace=manager)
    try:
        own.apply(KEY, changes(progress_row(1), run=run_row()), after=None, upto=position(1))
        for table in TABLES:
            cassandra_execute(
                f"ALTER TABLE {manager}.{table} WITH comment = '' AND default_time_to_live = 15552000"
            )
        named = CqlTables(open_log(), keyspace=manager)
        named.apply(KEY, changes(progress_row(2)), after=position(1), upto=position(2))
        assert named.rows(KEY).restore_run_progress == (progress_row(1), progress_row(2))
        lives = cassandra_execute(f"SELECT ttl(restored) FROM {manager}.restore_run_progress")  # noqa: S608 - see above
        assert lives == [(None,), (None,)]
        address = msgspec.structs.replace(open_log().address, keyspace=manager)
        log = CqlLog(address, password=PASSWORD)
        try:
            with pytest.raises(UnusableLog, match="another program"):
                CqlTables(log).apply(KEY, changes(progress_row(3)), after=position(2), upto=position(3))
        finally:
            log.close()
    finally:
        cassandra_execute(f"DROP KEYSPACE {manager}")


def test_ids_that_the_tables_cannot_hold_are_refused(open_log: OpenCqlLog) -> None:
    key = RunKey(cluster_id="prod", run=KEY.run)
    with pytest.raises(UnusableLog, match="prod"):
        CqlTables(open_log()).rows(key)
