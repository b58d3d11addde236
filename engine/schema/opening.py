"""From the configuration, and from what nodes tell, to the gateway to a cluster's schema."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from scylla_restore.engine.config import AlternatorSettings, CqlSettings
from scylla_restore.engine.config.model import DEFAULT_CQL_PORT
from scylla_restore.engine.core.client_services import ClientServices, Served
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.schema.alternator import AlternatorSchema
from scylla_restore.engine.schema.alternator_client import AlternatorAccess
from scylla_restore.engine.schema.both import BothSchemas
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.schema.cql_trust import cql_trust
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.engine.secrets import Secret, SecretReference

_ALTERNATOR_PORTS: Final = {"http": 8000, "https": 8043}


class SchemaOpening:
    """What is configured, read and resolved: gateways can be opened with it at any time."""

    def __init__(
        self,
        *,
        cluster: str,
        cql: CqlSettings,
        alternator: AlternatorSettings,
        environment: Mapping[str, str],
    ) -> None:
        """``cluster`` names it in errors.

        Raises:
            ConfigurationError: a secret cannot be resolved, or a file cannot be read.
        """
        secrets = _Secrets(cluster, environment)
        self._cql = cql
        self._alternator = alternator
        self._password = secrets.get("cql.password", cql.password)
        self._access_key_id = secrets.get("alternator.access_key_id", alternator.access_key_id)
        self._secret_access_key = secrets.get("alternator.secret_access_key", alternator.secret_access_key)
        self._alternator_at = _endpoint(cluster, alternator.endpoint)
        # What the system trusts takes a while to read, and few need it.
        self._tls = cql_trust(cql) if cql.tls_ca or cql.tls_cert or cql.fingerprints else None

    def open(
        self, services: Sequence[ClientServices], *, reached_at: Callable[[str], str]
    ) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway; no call is made yet.

        ``services`` are some nodes', in the order in which they are tried; ``reached_at`` tells the host by which a node's
        address is reached from here.
        """
        nodes = _nodes(self._cql, services, reached_at)
        if not nodes:
            who = ", ".join(service.address for service in services) or "no node"
            return SchemaNotOffered(reason=f"no port for CQL is open, say {who}")
        tls = self._tls or cql_trust(self._cql) if any(node.tls for node in nodes) else None
        gateway = CqlSchema(CqlAccess(nodes=nodes, user=self._cql.user, password=self._password, tls=tls))
        served = [service.alternator for service in services]
        told = [Served(reached_at(at.host), at.port, at.tls) for at in served if at is not None]
        endpoints = told if self._alternator_at is None else [self._alternator_at]
        if not endpoints:
            return gateway
        access = AlternatorAccess(
            nodes=tuple(endpoints),
            access_key_id=self._access_key_id,
            secret_access_key=self._secret_access_key,
            tls_ca=self._alternator.tls_ca,
            insecure=self._alternator.insecure,
        )
        return BothSchemas(gateway, AlternatorSchema(access))


def _nodes(
    cql: CqlSettings, services: Sequence[ClientServices], reached_at: Callable[[str], str]
) -> tuple[Served, ...]:
    is_encrypted = cql.tls_ca is not None or bool(cql.fingerprints)
    if cql.hosts:
        tls = is_encrypted or any(service.client_encryption_enabled for service in services)
        return tuple(Served(host, cql.port, tls) for host in cql.hosts)
    told = [service.cql for service in services]
    return tuple(
        Served(
            reached_at(at.host),
            at.port if cql.port == DEFAULT_CQL_PORT else cql.port,
            at.tls or is_encrypted,
        )
        for at in told
        if at is not None
    )


def _endpoint(cluster: str, url: str | None) -> Served | None:
    """Return where Alternator is, if that is configured."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _ALTERNATOR_PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise ConfigurationError(
            f"alternator.endpoint of cluster {cluster} is not an address: {url!r}",
            hint="write http://HOST:PORT or https://HOST:PORT",
        )
    return Served(parts.hostname, port or _ALTERNATOR_PORTS[parts.scheme], tls=parts.scheme == "https")


class _Secrets:
    """Resolves what a cluster's settings refer to."""

    def __init__(self, cluster: str, environment: Mapping[str, str]) -> None:
        self._cluster = cluster
        self._environment = environment

    def get(self, name: str, reference: SecretReference | None) -> Secret | None:
        """Return a secret, if the settings have it.

        Raises:
            ConfigurationError: they do, but it cannot be resolved.
        """
        if reference is None:
            return None
        return reference.resolve(self._environment, what=f"{name} of cluster {self._cluster}")
