"""Calls of the DynamoDB API to one of a cluster's nodes, and to another when that one does not answer."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol, cast

import msgspec

from scylla_restore.engine.core.client_services import Served
from scylla_restore.engine.errors import SchemaUnavailable
from scylla_restore.engine.schema.alternator_errors import alternator_error
from scylla_restore.engine.secrets import Secret

Answer = Mapping[str, object]

_REGION: Final = "scylla"
_CONNECT_S: Final = 5
_READ_S: Final = 60
_NOTHING: Final = "none"


class AlternatorAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where Alternator is, in the order in which nodes are tried, and who asks: a role's name and its salted hash.

    Without ``tls_ca`` the system's authorities decide, unless ``insecure``.
    """

    nodes: tuple[Served, ...]
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    tls_ca: Path | None = None
    insecure: bool = False


class _Client(Protocol):
    """What is used of the SDK's client, which makes its methods as it runs."""

    def close(self) -> None: ...


class AlternatorClient:
    """It may be shared by threads. Nothing is connected before the first call, and no call is repeated."""

    def __init__(self, access: AlternatorAccess) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._client: _Client | None = None
        self._next = 0
        self._closed = False

    def call(self, operation: str, **arguments: object) -> Answer:
        """Carry out one operation, named as the SDK's method is.

        Raises:
            SchemaError: see the port.
        """
        client = self._connected(operation)
        try:
            return cast("Answer", getattr(client, operation)(**arguments))
        except Exception as error:
            told = alternator_error(error, operation=operation, arguments=arguments)
            if isinstance(told, SchemaUnavailable):
                self._look_elsewhere(client)
            raise told from error

    def close(self) -> None:
        """End all connections for good."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self, operation: str) -> _Client:
        with self._lock:
            if self._closed:
                raise SchemaUnavailable("the session has been closed", statement=operation)
            if self._client is None:
                node = self._access.nodes[self._next % len(self._access.nodes)]
                self._client = _new_client(self._access, node)
            return self._client

    def _look_elsewhere(self, client: _Client) -> None:
        """Have the next call try the next node."""
        with self._lock:
            if self._client is not client:
                return
            self._client = None
            self._next += 1
        client.close()


def _new_client(access: AlternatorAccess, node: Served) -> _Client:
    # The SDK is large, and few clusters offer Alternator.
    from boto3.session import Session  # noqa: PLC0415 - as said above
    from botocore.config import Config  # noqa: PLC0415 - as said above

    host = f"[{node.host}]" if ":" in node.host else node.host
    session = Session(
        # Never what the environment has: those are for another service, and a cluster that checks nothing takes any.
        aws_access_key_id=access.access_key_id.reveal() if access.access_key_id else _NOTHING,
        aws_secret_access_key=access.secret_access_key.reveal() if access.secret_access_key else _NOTHING,
        region_name=_REGION,
    )
    config = Config(
        # Whether a call is made once more is decided by who knows whether it may be.
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        tcp_keepalive=True,
        user_agent_extra="scylla-restore",
    )
    client: object = session.client(
        "dynamodb",
        endpoint_url=f"{'https' if node.tls else 'http'}://{host}:{node.port}",
        config=config,
        verify=False if access.insecure else (str(access.tls_ca) if access.tls_ca else None),
    )
    return cast("_Client", client)
