"""Connections to one agent, all of which can be ended at once, whatever they are waiting for."""

import socket
import ssl
import threading
import weakref
from typing import TYPE_CHECKING

from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection

from scylla_restore.engine.cluster.endpoint import Endpoint
from scylla_restore.engine.cluster.tls import Distrusted, Trust, presented_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest
    from urllib3.connectionpool import ConnectionPool

KEPT_CONNECTIONS = 8
"""Idle connections to a node that are kept: its lanes, a long poll each, and a few questions at a time."""

# A load is silent for minutes; these tell a node that is gone from one that is busy within a minute.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class ConnectionFailed(Exception):
    """No connection; the words are what the other side, or the way to it, said."""


class Dialer:
    """Opens secured connections to one agent and remembers them, so that ``close`` can end them."""

    def __init__(self, *, endpoint: Endpoint, node: str, trust: Trust, timeout_s: float) -> None:
        self.endpoint = endpoint
        self._names = (endpoint.host, Endpoint.parse(node, default_port=endpoint.port).host)
        self._trust = trust
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._closed = False

    def open(self) -> ssl.SSLSocket:
        """Return a new connection.

        Raises:
            ConnectionFailed: there is none to be had.
            Distrusted: the other side's certificate is not believed.
        """
        connection = self._connect()
        try:
            return self._trust.handshake(connection, names=self._names, opened=self._remember)
        except Distrusted as error:
            raise Distrusted(error.reason, error.fingerprint or self._presented_fingerprint()) from error
        except OSError as error:
            raise ConnectionFailed(f"no TLS: {words_of(error)}") from error

    def close(self) -> None:
        """End all connections at once; there are no new ones from now on."""
        with self._lock:
            self._closed = True
            connections = list(self._open)
        for connection in connections:
            try:
                # An SSLSocket's own shutdown would drop its state under a thread that reads from it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue  # it has ended by itself

    def _presented_fingerprint(self) -> str | None:
        try:
            return presented_fingerprint(self._connect(), opened=self._remember)
        except (OSError, ConnectionFailed):
            return None  # without it the hint is shorter

    def _connect(self) -> socket.socket:
        try:
            ways = socket.getaddrinfo(self.endpoint.host, self.endpoint.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectionFailed(words_of(error)) from error
        failure: OSError | None = None
        for family, kind, protocol, _, address in ways:
            connection = socket.socket(family, kind, protocol)
            try:
                self._remember(connection)
                connection.settimeout(self._timeout_s)
                _configure(connection)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            except ConnectionFailed:
                connection.close()
                raise
            else:
                return connection
        raise ConnectionFailed(words_of(failure) if failure else "no address") from failure

    def _remember(self, connection: socket.socket) -> None:
        with self._lock:
            if self._closed:
                raise ConnectionFailed("closed")
            self._open.add(connection)


class NodeAdapter(HTTPAdapter):
    """Lets ``requests`` talk to one agent through a dialer, and to nothing else."""

    def __init__(self, dialer: Dialer) -> None:
        super().__init__()
        self._pool = _Pool(dialer)

    def get_connection_with_tls_context(
        self,
        request: "PreparedRequest",  # noqa: ARG002  # the signature is requests'; there is one node only
        verify: bool | str | None,  # noqa: ARG002
        proxies: "Mapping[str, str] | None" = None,  # noqa: ARG002
        cert: tuple[str, str] | str | None = None,  # noqa: ARG002
    ) -> "ConnectionPool":
        """Return the one pool there is."""
        return self._pool

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Leave the certificate to the dialer."""

    def close(self) -> None:
        """Close idle connections."""
        self._pool.close()


class _Pool(HTTPSConnectionPool):
    def __init__(self, dialer: Dialer) -> None:
        super().__init__(dialer.endpoint.host, dialer.endpoint.port, maxsize=KEPT_CONNECTIONS)
        self._dialer = dialer

    def _new_conn(self) -> "_Connection":
        return _Connection(self._dialer)


class _Connection(HTTPSConnection):
    def __init__(self, dialer: Dialer) -> None:
        super().__init__(dialer.endpoint.host, dialer.endpoint.port)
        self._dialer = dialer

    def connect(self) -> None:
        self.sock = self._dialer.open()
        self.is_verified = True  # as far as was asked for: urllib3 would warn otherwise


def words_of(error: BaseException) -> str:
    """Return what the operating system or TLS said in the depth of a library's error, in lower case."""
    if isinstance(error, ConnectionFailed):
        return str(error)
    deepest: BaseException = error
    seen: set[int] = set()
    while id(deepest) not in seen:
        seen.add(id(deepest))
        nested = [getattr(deepest, "reason", None), *deepest.args, deepest.__cause__, deepest.__context__]
        deepest = next(
            (item for item in nested if isinstance(item, BaseException) and id(item) not in seen), deepest
        )
    if isinstance(deepest, ssl.SSLError) and deepest.reason:
        return deepest.reason.lower().replace("_", " ")
    if isinstance(deepest, TimeoutError):
        return "timed out"
    text = (deepest.strerror if isinstance(deepest, OSError) else None) or str(deepest)
    return text[:1].lower() + text[1:] if text else type(deepest).__name__


def _configure(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option: int | None = getattr(socket, name, None)  # macOS names the first one otherwise
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
