"""A session with one node of a cluster, and with another when that one does not answer."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import msgspec

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.core.cql import presentable
from scylla_restore.engine.errors import SchemaError, SchemaUnavailable
from scylla_restore.engine.schema.cql_errors import answering
from scylla_restore.engine.secrets import Secret

Row = tuple[Any, ...]
"""A row's values, as the driver makes them of the columns' types."""
_Opened = tuple[Any, Any]
"""The driver's cluster and session."""

_CONNECT_S: Final = 5.0
_AGREEMENT_S: Final = 10.0
"""How long a change waits for all nodes to know of it. Whoever depends on that asks for the versions itself."""
_TRIED_AT_ONCE: Final = 5
"""Nodes that one call tries before it gives up: a cluster whose first nodes are all away is asked again later."""


class CqlAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where CQL is, in the order in which nodes are tried, and who asks. ``tls`` is for those that encrypt."""

    nodes: tuple[Served, ...]
    user: str | None = None
    password: Secret | None = None
    tls: ssl.SSLContext | None = None


class CqlConnection:
    """All statements go to one node as long as it answers: what has been changed there is seen there.

    It may be shared by threads. Nothing is connected before the first statement.
    """

    def __init__(self, access: CqlAccess) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._open: _Opened | None = None
        self._next = 0
        self._closed = False

    def execute(self, statement: str, *values: object, timeout_s: float) -> list[Row]:
        """Return the rows of a statement, all of them; ``values`` stand for its ``%s``.

        Raises:
            SchemaError: see the port.
        """
        with answering(statement, user=self._access.user):
            opened, session = self._session(statement)
            try:
                rows = session.execute(statement, values or None, timeout=timeout_s)
                return cast("list[Row]", list(rows))
            except Exception as error:
                self._look_elsewhere(opened, error)
                raise

    def close(self) -> None:
        """End the session for good; calls under way end with ``SchemaUnavailable``."""
        self._closed = True  # before the lock: whoever holds it may be trying one node after another
        with self._lock:
            opened, self._open = self._open, None
        if opened is not None:
            opened[0].shutdown()

    def _session(self, statement: str) -> _Opened:
        with self._lock:
            if self._open is None:
                self._open = self._connect(statement)
            return self._open

    def _connect(self, statement: str) -> _Opened:
        failure: SchemaError | None = None
        for _ in range(min(len(self._access.nodes), _TRIED_AT_ONCE)):
            if self._closed:
                break
            node = self._access.nodes[self._next % len(self._access.nodes)]
            cluster = _new_cluster(self._access, node)
            try:
                with answering(statement, user=self._access.user):
                    return cluster, cluster.connect()
            except SchemaUnavailable as error:
                cluster.shutdown()
                failure = error
                self._next += 1
            except BaseException:
                cluster.shutdown()
                raise
        raise failure or SchemaUnavailable("the session has been closed", statement=presentable(statement))

    def _look_elsewhere(self, opened: Any, error: Exception) -> None:  # noqa: ANN401 - the driver has no types
        """Have the next call try the next node if this one did not answer at all."""
        from cassandra.cluster import NoHostAvailable  # noqa: PLC0415 - loaded only by who does schema work

        if not isinstance(error, NoHostAvailable):
            return
        with self._lock:
            if self._open is None or self._open[0] is not opened:
                return
            self._open = None
            self._next += 1
        opened.shutdown()


def _one_node(endpoint: object) -> object:
    """Return the driver's policy that leaves all other nodes alone: peers may have addresses that are out of reach."""
    from cassandra.policies import HostDistance, LoadBalancingPolicy  # noqa: PLC0415 - as above

    class OneNode(LoadBalancingPolicy):  # type: ignore[misc] # the driver has no types
        def __init__(self) -> None:
            super().__init__()
            self._hosts: list[Any] = []

        def populate(self, cluster: object, hosts: Sequence[Any]) -> None:  # noqa: ARG002 - the driver's signature
            self._hosts = [host for host in hosts if host.endpoint == endpoint]

        def distance(self, host: Any) -> int:  # noqa: ANN401 - the driver has no types
            local: int = HostDistance.LOCAL
            ignored: int = HostDistance.IGNORED
            return local if host.endpoint == endpoint else ignored

        def make_query_plan(self, working_keyspace: object = None, query: object = None) -> Iterator[Any]:  # noqa: ARG002 - as above
            return iter(tuple(self._hosts))

        def on_add(self, host: Any) -> None:  # noqa: ANN401 - as above
            self.on_up(host)

        def on_up(self, host: Any) -> None:  # noqa: ANN401 - as above
            if host.endpoint == endpoint:
                self._hosts = [host]

        def on_down(self, host: Any) -> None:  # noqa: ANN401 - as above
            """Go on asking it: no other would be asked instead."""

        def on_remove(self, host: Any) -> None:  # noqa: ANN401 - as above
            """Go on asking it, as above."""

    return OneNode()


def _new_cluster(access: CqlAccess, node: Served) -> Any:  # noqa: ANN401 - the driver has no types
    from cassandra import ProtocolVersion  # noqa: PLC0415 - as above
    from cassandra.auth import PlainTextAuthProvider  # noqa: PLC0415
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile  # noqa: PLC0415
    from cassandra.connection import DefaultEndPoint  # noqa: PLC0415
    from cassandra.query import tuple_factory  # noqa: PLC0415

    endpoint = DefaultEndPoint(node.host, node.port)
    profile = ExecutionProfile(load_balancing_policy=_one_node(endpoint), row_factory=tuple_factory)
    password = access.password.reveal() if access.password else ""
    return Cluster(
        contact_points=[endpoint],
        port=node.port,
        # ScyllaDB knows none above it, and the driver would try them one by one.
        protocol_version=ProtocolVersion.V4,
        auth_provider=PlainTextAuthProvider(access.user, password) if access.user else None,
        ssl_context=access.tls if node.tls else None,
        sockopts=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=_CONNECT_S,
        control_connection_timeout=_CONNECT_S,
        max_schema_agreement_wait=_AGREEMENT_S,
        # DDL is the server's own, and rows are few.
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        monitor_reporting_enabled=False,
    )
