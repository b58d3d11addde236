"""What a log asks of the servers, statement by statement."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from scylla_restore.events.errors import LogError, LogUnavailable, UnusableLog
from scylla_restore.events.log.cql.address import Consistency, CqlAddress
from scylla_restore.events.log.cql.driver import answering, levels, new_cluster
from scylla_restore.events.log.cql.schema import SchemaServer, datacenters_of, ensure_schema

Value = str | int | float | bool | bytes | datetime | UUID | Sequence[object] | None
"""User-defined types are tuples."""
Row = tuple[Any, ...]
"""Columns have the types that the statement's columns have."""
Bound = tuple[str, Sequence[Value]]
"""A statement, and the values of its placeholders."""

_SCHEMA_S: Final = 60.0
_AGREEMENT_PAUSE_S: Final = 0.1
_AGREEMENT_LOOKS: Final = 300
_AT_ONE_TIME: Final = 4
"""So many large writes are on their way together: nodes refuse to hold much more in memory."""
_READS_AT_ONE_TIME: Final = 32
_BATCHES_AT_ONE_TIME: Final = 32


class CqlSession:
    """Connections to the nodes. In statements ``%s`` stands for the log's keyspace.

    Errors of all calls:

    * ``LogUnavailable`` no node answers, or not in time; whether a write happened is unknown
    * ``UnusableLog``    they refuse, whoever asks again
    * ``LogError``       the session is closed
    """

    def __init__(
        self, address: CqlAddress, *, password: str | None, create: bool, request_timeout_s: float
    ) -> None:
        self._address = address
        self._serial = levels(address.consistency)[1]
        self._lock = threading.Lock()
        self._prepared: dict[str, Any] = {}
        self._is_closed = False
        self._cluster = new_cluster(address, password=password, request_timeout_s=request_timeout_s)
        try:
            with self._answering():
                # Whoever makes tables has to know of all nodes whether they know them, also of one that answers late.
                self._session = self._cluster.connect(wait_for_all_pools=create)
            self._server = server = _Server(self._cluster, self._session, address)
            server.check_datacenter()
            ensure_schema(server, address.keyspace, create=create)
            server.check_consistency()
            server.learn_replicas()
        except BaseException:
            self._cluster.shutdown()
            raise

    def read(self, statement: str, values: Sequence[Value], *, certain: bool = False) -> list[Row]:
        """Return all rows. With ``certain`` conditional writes that hang in the air are decided first."""
        with self._answering():
            bound = self._bind((statement, values))
            if certain:
                bound.consistency_level = self._serial
            return list(self._session.execute(bound))

    def read_each(self, statement: str, values: Sequence[Sequence[Value]]) -> list[list[Row]]:
        """Return the rows for each of several sets of values, in their order."""
        return self._each(statement, values, _READS_AT_ONE_TIME)

    def write(self, statement: str, values: Sequence[Value]) -> None:
        """Write unconditionally: never what others write conditionally."""
        with self._answering():
            self._session.execute(self._bind((statement, values)))

    def write_each(self, statement: str, values: Sequence[Sequence[Value]]) -> None:
        """Write several times; some may be written when it fails."""
        self._each(statement, values, _AT_ONE_TIME)

    def write_batches(self, batches: Sequence[Sequence[Bound]]) -> None:
        """Write batches, each of one partition, and each sent once; some may be written when it fails."""
        from cassandra.concurrent import execute_concurrent  # noqa: PLC0415 - loaded only by who uses such a log
        from cassandra.policies import FallthroughRetryPolicy  # noqa: PLC0415

        with self._answering():
            statements = [(self._together(batch), ()) for batch in batches]
            for statement, _ in statements:
                statement.retry_policy = FallthroughRetryPolicy()
            execute_concurrent(self._session, statements, concurrency=_BATCHES_AT_ONE_TIME)

    def apply(self, *statements: Bound) -> bool:
        """Make a conditional write, in one partition, and return whether its conditions were met.

        It is sent once.
        """
        from cassandra.policies import FallthroughRetryPolicy  # noqa: PLC0415 - loaded only by who uses such a log

        with self._answering():
            statement = self._together(statements)
            statement.retry_policy = FallthroughRetryPolicy()
            # Scylla tells the old values in any case, Cassandra where it refused: only the first column means the same.
            return bool(self._session.execute(statement).was_applied)

    def alter_schema(self, ensure: Callable[[SchemaServer], None]) -> None:
        """Have ``ensure`` look at the schema, and alter it."""
        self.check_open()
        ensure(self._server)

    def close(self) -> None:
        """End all connections, and the threads behind them."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._cluster.shutdown()

    def check_open(self) -> None:
        """Raise ``LogError`` once the session is closed."""
        if self._is_closed:
            raise LogError("the log is closed")

    def _each(self, statement: str, values: Sequence[Sequence[Value]], at_one_time: int) -> list[list[Row]]:
        from cassandra.concurrent import execute_concurrent  # noqa: PLC0415 - loaded only by who uses such a log

        with self._answering():
            bound = [(self._bind((statement, each)), ()) for each in values]
            answers = execute_concurrent(self._session, bound, concurrency=at_one_time)
            return [list(rows) if rows else [] for _, rows in answers]

    def _together(self, statements: Sequence[Bound]) -> Any:  # noqa: ANN401 - the driver has no types
        """Return one statement for all, which are about one partition."""
        from cassandra.query import BatchStatement, BatchType  # noqa: PLC0415 - loaded only by who uses such a log

        if len(statements) == 1:
            return self._bind(statements[0])
        batch = BatchStatement(BatchType.UNLOGGED)
        for each in statements:
            batch.add(self._bind(each))
        return batch

    def _bind(self, bound: Bound) -> Any:  # noqa: ANN401 - the driver has no types
        statement, values = bound
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._session.prepare(statement.replace("%s", f'"{self._address.keyspace}"'))
            self._prepared[statement] = prepared
        return prepared.bind(values)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        self.check_open()
        try:
            with answering(self._address):
                yield
        except LogError:
            self.check_open()
            raise


class _Server:
    """See ``SchemaServer``. Statements are executed as they stand."""

    def __init__(self, cluster: Any, session: Any, address: CqlAddress) -> None:  # noqa: ANN401 - the driver has no types
        self._cluster = cluster
        self._session = session
        self._address = address

    def tables(self, keyspace: str) -> Mapping[str, str] | None:
        query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s"
        if not self._rows(query, keyspace):
            return None
        query = "SELECT table_name, comment FROM system_schema.tables WHERE keyspace_name = %s"
        return {name: comment or "" for name, comment in self._rows(query, keyspace)}

    def replication(self, keyspace: str) -> Mapping[str, str]:
        query = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
        rows = self._rows(query, keyspace)
        return dict(rows[0][0]) if rows else {}

    def datacenters(self) -> Mapping[str, int]:
        names = [host.datacenter for host in self._cluster.metadata.all_hosts() if host.datacenter]
        return {name: names.count(name) for name in names}

    def knows_tablets(self) -> bool:
        query = (
            "SELECT column_name FROM system_schema.columns WHERE keyspace_name = 'system' "
            "AND table_name = 'local' AND column_name = 'supported_features'"
        )
        if not self._rows(query):
            return False
        rows = self._rows("SELECT supported_features FROM system.local")
        return any("TABLETS" in (features or "").split(",") for (features,) in rows)

    def alter(self, statement: str) -> None:
        # What was seen through one node, because another engine made it just now, the next one has to know, too.
        self._agree()
        with answering(self._address):
            self._session.execute(statement, timeout=_SCHEMA_S)
        self._agree()

    def _agree(self) -> None:
        """Wait until all nodes have one schema. Each is asked itself: what nodes know of one another is old news."""
        pause = threading.Event()
        for _ in range(_AGREEMENT_LOOKS):
            if len(self._schema_versions()) == 1:
                return
            pause.wait(_AGREEMENT_PAUSE_S)
        raise LogUnavailable(
            f"the nodes of the log {self._address} do not agree on its schema",
            hint="look at `nodetool describecluster`: a node that stays behind may have to be started again",
        )

    def _schema_versions(self) -> set[object]:
        """Return the different schemas of all nodes that answer."""
        query = "SELECT schema_version FROM system.local"
        versions: set[object] = set()
        for host in self._cluster.metadata.all_hosts():
            with suppress(LogUnavailable), answering(self._address):
                versions |= set(self._session.execute(query, host=host))
        return versions

    def check_datacenter(self) -> None:
        known = sorted(self.datacenters())
        if self._address.dc is not None and known and self._address.dc not in known:
            raise UnusableLog(
                f"the log {self._address} has no data center {self._address.dc}",
                hint=f"its data centers are {', '.join(known)}",
            )

    def check_consistency(self) -> None:
        if self._address.consistency is not Consistency.LOCAL_QUORUM:
            return
        keyspace = self._address.keyspace
        names = sorted(datacenters_of(self.replication(keyspace), self.datacenters()))
        if len(names) != 1 or self._address.dc not in (None, *names):
            raise UnusableLog(
                f"the keyspace {keyspace} has replicas in {', '.join(names)}: with local_quorum two engines in "
                "different data centers could own a run together",
                hint="use consistency=quorum, or replicate the keyspace in one data center only",
            )

    def learn_replicas(self) -> None:
        """Learn which nodes to ask for what; without that every node is asked, which is right, too."""
        from cassandra import DriverException  # noqa: PLC0415 - loaded only by who uses such a log

        with suppress(DriverException):
            self._cluster.refresh_keyspace_metadata(self._address.keyspace)

    def _rows(self, query: str, *values: str) -> list[Row]:
        with answering(self._address):
            return list(self._session.execute(query, values or None))
