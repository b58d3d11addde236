"""The driver, set up as a log needs it, and its errors in the log's own terms."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from scylla_restore.events.errors import LogUnavailable, UnusableLog
from scylla_restore.events.log.cql.address import Consistency, CqlAddress

_CONNECT_S: Final = 5.0
_RECONNECT_S: Final = (0.5, 5.0)
_REMOTE_HOSTS: Final = 3
_NOT_TRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
"""The driver has nothing but this text to tell."""
_NOT_THERE: Final = ("does not exist", "doesn't exist", "unconfigured table", "find a column family")
"""How Cassandra and ScyllaDB tell, in an error of which nothing else is special, that a table is missing."""
_ANSWERS_WITH_ERROR: Final = "look at the server's own log"


def new_cluster(address: CqlAddress, *, password: str | None, request_timeout_s: float) -> Any:  # noqa: ANN401 - the driver has no types
    """Return the driver's ``Cluster``, not connected yet.

    Raises:
        UnusableLog: the file of authorities cannot be read.
    """
    from cassandra import ProtocolVersion  # noqa: PLC0415 - loaded only by who uses such a log
    from cassandra.auth import PlainTextAuthProvider  # noqa: PLC0415
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster  # noqa: PLC0415
    from cassandra.policies import ExponentialReconnectionPolicy  # noqa: PLC0415

    return Cluster(
        contact_points=list(address.hosts),
        # ScyllaDB knows none above it, and the driver would try them one by one.
        protocol_version=ProtocolVersion.V4,
        port=address.port,
        auth_provider=PlainTextAuthProvider(address.user, password or "") if address.user else None,
        ssl_context=_ssl_context(address),
        # Without it every batch above a few kB waits some 40 ms for a delayed acknowledgement.
        sockopts=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        execution_profiles={EXEC_PROFILE_DEFAULT: _profile(address, request_timeout_s)},
        # A node that was away is asked again soon, however long it was.
        reconnection_policy=ExponentialReconnectionPolicy(*_RECONNECT_S, max_attempts=None),
        connect_timeout=_CONNECT_S,
        control_connection_timeout=_CONNECT_S,
        # A node that hangs is found out soon after the first request that it leaves unanswered.
        idle_heartbeat_interval=request_timeout_s,
        idle_heartbeat_timeout=request_timeout_s,
        # Of the cluster's schema only one keyspace is of interest.
        schema_metadata_enabled=False,
        monitor_reporting_enabled=False,
    )


def levels(consistency: Consistency) -> tuple[int, int]:
    """Return the driver's codes for the consistency of writes and reads, and of what is conditional or certain.

    SERIAL is no dearer than LOCAL_SERIAL where a keyspace lives in one data center, and still fences when another is
    added to it: LOCAL_SERIAL fences only among engines that ask the same one.
    """
    from cassandra import ConsistencyLevel  # noqa: PLC0415 - see above

    if consistency is Consistency.LOCAL_QUORUM:
        return ConsistencyLevel.LOCAL_QUORUM, ConsistencyLevel.LOCAL_SERIAL
    return ConsistencyLevel.QUORUM, ConsistencyLevel.SERIAL


@contextmanager
def answering(address: CqlAddress) -> Iterator[None]:
    """Turn the driver's errors into the log's.

    Raises:
        LogUnavailable: no node answers, or too few, or not in time; whether a write happened is unknown.
        UnusableLog: they refuse, whoever asks again.
    """
    from cassandra import DriverException, RequestExecutionException  # noqa: PLC0415 - see above
    from cassandra.cluster import NoHostAvailable  # noqa: PLC0415
    from cassandra.connection import ConnectionException  # noqa: PLC0415
    from cassandra.protocol import ErrorMessage  # noqa: PLC0415

    try:
        yield
    except NoHostAvailable as error:
        raise _no_host(address, error.errors) from error
    except RequestExecutionException as error:
        raise LogUnavailable(
            f"the log {address} cannot do its work now: {_words(error)}",
            hint="too few of its nodes are up, or they are overloaded",
        ) from error
    except (DriverException, ErrorMessage, ConnectionException) as error:
        raise _refusal(address, error) from error
    except OSError as error:
        raise LogUnavailable(f"the log {address} cannot be reached: {error.strerror or error}") from error


def _no_host(address: CqlAddress, errors: object) -> LogUnavailable | UnusableLog:
    by_host: Mapping[object, BaseException] = errors if isinstance(errors, dict) else {}
    told = "; ".join(sorted({f"{host}: {_words(error)}" for host, error in by_host.items()}))
    for error in by_host.values():
        refused = _refusal(address, error)
        if isinstance(refused, UnusableLog):
            return refused
    return LogUnavailable(
        f"the log {address} does not answer" + (f": {told}" if told else ""),
        hint="look whether its nodes are up, and whether the address, the port and `tls` are right",
    )


def _refusal(address: CqlAddress, error: BaseException) -> LogUnavailable | UnusableLog:
    """Return what a driver's error other than a failed execution comes to."""
    from cassandra import (  # noqa: PLC0415 - see above
        AuthenticationFailed,
        InvalidRequest,
        RequestValidationException,
        Unauthorized,
    )
    from cassandra.protocol import ErrorMessage, SyntaxException  # noqa: PLC0415

    who = f"the user {address.user}" if address.user else "anybody without a user"
    if isinstance(error, AuthenticationFailed):
        return UnusableLog(
            f"the log {address} does not let {who} in: {_words(error)}",
            hint="the user is in the log's address, the password in [log] of the configuration file",
        )
    if isinstance(error, Unauthorized):
        return UnusableLog(
            f"the log {address} forbids {who} what is needed: {_words(error)}",
            hint="grant the user SELECT and MODIFY on the keyspace, and CREATE for the first use",
        )
    if _NOT_TRUSTED in str(error):
        return UnusableLog(
            f"the log {address} shows a certificate that is not trusted: {_words(error)}",
            hint="name its authorities with tls=FILE; where it does not name the node's address, with tls_names=off",
        )
    if isinstance(error, InvalidRequest) and any(words in str(error) for words in _NOT_THERE):
        return LogUnavailable(
            f"the log {address} has no such table, says one of its nodes: {_words(error)}",
            hint="a node that has just been started may not know all tables yet; if it stays so, they were dropped",
        )
    if isinstance(error, RequestValidationException | InvalidRequest | SyntaxException):
        return UnusableLog(f"the log {address} refuses: {_words(error)}", hint=_ANSWERS_WITH_ERROR)
    hint = _ANSWERS_WITH_ERROR if isinstance(error, ErrorMessage) else None
    return LogUnavailable(f"the log {address} does not answer: {_words(error)}", hint=hint)


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _profile(address: CqlAddress, request_timeout_s: float) -> object:
    from cassandra.cluster import ExecutionProfile  # noqa: PLC0415 - see above
    from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy  # noqa: PLC0415
    from cassandra.query import tuple_factory  # noqa: PLC0415

    consistency, serial = levels(address.consistency)
    near = DCAwareRoundRobinPolicy(local_dc=address.dc or "", used_hosts_per_remote_dc=_REMOTE_HOSTS)
    return ExecutionProfile(
        # Not always the same replica first: it may be the one that hangs.
        load_balancing_policy=TokenAwarePolicy(near, shuffle_replicas=True),
        consistency_level=consistency,
        serial_consistency_level=serial,
        request_timeout=request_timeout_s,
        row_factory=tuple_factory,
    )


def _ssl_context(address: CqlAddress) -> ssl.SSLContext | None:
    if address.tls == "off":
        return None
    try:
        context = ssl.create_default_context(cafile=None if address.tls == "on" else address.tls)
    except OSError as error:
        raise UnusableLog(
            f"the authorities of the log's certificates cannot be read from {address.tls}: {error.strerror or error}"
        ) from error
    context.check_hostname = address.tls_names
    return context
