"""The driver's session with one node. The driver has no types, and is loaded only by who does schema work."""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.secrets import Secret

Row = tuple[Any, ...]
"""A row's values, as the driver makes them of the columns' types."""

_CONNECT_S: Final = 5.0
_AGREEMENT_S: Final = 10.0
"""How long a change waits for all nodes to know of it. Whoever depends on that asks for the versions itself."""


class CqlAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where CQL is, in the order in which nodes are tried, and who asks. ``tls`` is for those that encrypt."""

    nodes: tuple[Served, ...]
    user: str | None = None
    password: Secret | None = None
    tls: ssl.SSLContext | None = None


class SessionClosed(Exception):
    """The session was closed while there was no answer yet, or before."""


class _Heard(msgspec.Struct, frozen=True):
    """What came of a request: rows, or why there are none; nothing at all when the session was closed."""

    rows: Sequence[Row] | None = None
    error: Exception | None = None
    closed: bool = False


class CqlSession:
    """May be shared by threads. Connecting takes a while, and may fail with one of the driver's errors."""

    def __init__(self, access: CqlAccess, node: Served) -> None:
        self._lock = threading.Lock()
        self._waiting: set[queue.SimpleQueue[_Heard]] = set()
        self._closed = False
        self._cluster = _new_cluster(access, node)
        try:
            self._session = self._cluster.connect()
        except BaseException:
            self._cluster.shutdown()
            raise

    def execute(
        self, statement: str, values: Sequence[object], *, timeout_s: float, quorum: bool
    ) -> list[Row]:
        """Return all rows of a statement; each page of them may take ``timeout_s``.

        With ``quorum`` most replicas are asked, else the nearest one: the schema is the same on all.

        Raises:
            SessionClosed: the answer is not awaited any more.
            Exception: one of the driver's errors.
        """
        from cassandra import ConsistencyLevel  # noqa: PLC0415 - see the module
        from cassandra.query import SimpleStatement  # noqa: PLC0415

        level = ConsistencyLevel.QUORUM if quorum else ConsistencyLevel.LOCAL_ONE
        request = SimpleStatement(statement, consistency_level=level)
        heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        with self._lock:
            if self._closed:
                raise SessionClosed
            self._waiting.add(heard)
        try:
            future = self._session.execute_async(request, values or None, timeout=timeout_s)
            future.add_callbacks(
                callback=lambda rows: heard.put(_Heard(rows=rows)),
                errback=lambda error: heard.put(_Heard(error=error)),
            )
            return _all_pages(future, heard)
        finally:
            with self._lock:
                self._waiting.discard(heard)

    def close(self) -> None:
        """End it. The driver would let calls that are under way wait for their timeouts: they end at once."""
        with self._lock:
            self._closed = True
            for each in self._waiting:
                each.put(_Heard(closed=True))
        self._cluster.shutdown()


def _all_pages(future: Any, heard: "queue.SimpleQueue[_Heard]") -> list[Row]:  # noqa: ANN401 - the driver has no types
    rows: list[Row] = []
    while True:
        told = heard.get()
        if told.closed:
            raise SessionClosed
        if told.error is not None:
            raise told.error
        rows += told.rows or ()
        if not future.has_more_pages:
            return rows
        future.start_fetching_next_page()


def _one_node(endpoint: object) -> object:
    """Return the driver's policy that leaves all other nodes alone: peers may have addresses that are out of reach."""
    from cassandra.policies import HostDistance, LoadBalancingPolicy  # noqa: PLC0415 - see the module

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
    from cassandra import ProtocolVersion  # noqa: PLC0415 - see the module
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
