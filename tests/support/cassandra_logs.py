"""Logs in a real Cassandra, each in a keyspace of its own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pytest
from tests.support.cassandra import PASSWORD, USER, Cluster, NotToBeHad, new_keyspace

from scylla_restore.events.log.cql import CqlLog, parse_address
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.cql.schema import TABLES


class Execute(Protocol):
    """Executes statements, with values for their ``%s``."""

    def __call__(self, statement: str, *values: object) -> list[Any]:
        """Return the rows as tuples."""
        ...

    def all(self, statements: Iterable[str]) -> None:
        """Execute them at one time."""
        ...


OpenCqlLog = Callable[[], CqlLog]


class _Administration:
    def __init__(self, session: Any) -> None:  # noqa: ANN401 - the driver has no types
        self._session = session

    def __call__(self, statement: str, *values: object) -> list[Any]:
        return list(self._session.execute(statement, values or None))

    def all(self, statements: Iterable[str]) -> None:
        for future in [self._session.execute_async(statement) for statement in statements]:
            future.result()


@contextmanager
def administration(cluster: Cluster, *, of_all_replicas: bool = False) -> Iterator[Execute]:
    """A way to the servers beside the log: somebody who may do everything, and may ask all replicas of a row."""
    from cassandra import ConsistencyLevel  # noqa: PLC0415 - as below
    from cassandra.auth import PlainTextAuthProvider  # noqa: PLC0415 - only tests with a server need it
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, ExecutionProfile  # noqa: PLC0415
    from cassandra.cluster import Cluster as DriverCluster  # noqa: PLC0415
    from cassandra.policies import RoundRobinPolicy  # noqa: PLC0415
    from cassandra.query import tuple_factory  # noqa: PLC0415

    profile = ExecutionProfile(
        RoundRobinPolicy(),
        row_factory=tuple_factory,
        request_timeout=60,
        consistency_level=ConsistencyLevel.ALL if of_all_replicas else ConsistencyLevel.LOCAL_ONE,
    )
    driver = DriverCluster(
        list(cluster.addresses),
        port=cluster.port,
        auth_provider=PlainTextAuthProvider(USER, PASSWORD) if cluster.has_passwords else None,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        schema_metadata_enabled=False,
        # Begun with the first connection: tests that count threads see none of this driver's come later.
        executor_threads=1,
    )
    try:
        yield _Administration(driver.connect())
    finally:
        driver.shutdown()


_emptied: list[str] = []
"""Keyspaces that this process used on the shared node: to empty one is quicker than to drop it and make another."""


@contextmanager
def skipping_where_there_is_none() -> Iterator[None]:
    """Skip a test where there is no Cassandra, and say why."""
    try:
        yield
    except NotToBeHad as error:
        pytest.skip(str(error))


@contextmanager
def new_logs(cluster: Cluster, execute: Execute, limits: Limits | None = None) -> Iterator[OpenCqlLog]:
    """Open logs in one empty keyspace of the shared node; they are closed in the end."""
    keyspace = _emptied.pop() if _emptied else new_keyspace()
    address = parse_address(cluster.url(keyspace).removeprefix("cql://"))
    with ExitStack() as stack:

        def open_log() -> CqlLog:
            log = CqlLog(address, password=PASSWORD, limits=limits)
            stack.callback(log.close)
            return log

        open_log()
        yield open_log
    execute.all(f'TRUNCATE "{keyspace}".{table}' for table in TABLES)
    _emptied.append(keyspace)
