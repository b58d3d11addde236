"""From the configuration, and from what nodes tell, to the gateway to a cluster's schema."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scylla_restore.engine.config import AlternatorSettings, CqlSettings
from scylla_restore.engine.config.model import DEFAULT_CQL_PORT
from scylla_restore.engine.core.client_services import ClientServices, Served
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.schema.alternator import AlternatorSchema
from scylla_restore.engine.schema.alternator_client import AlternatorAccess
from scylla_restore.engine.schema.both import BothSchemas
from scylla_restore.engine.schema.cql_gateway import CqlSchema
from scylla_restore.engine.schema.cql_session import CqlAccess
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.engine.secrets import Secret, SecretReference


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
        # What the system trusts takes a while to read, and few need it.
        self._tls = _context(cql) if cql.tls_ca or cql.tls_cert else None

    def open(
        self, services: Sequence[ClientServices], *, reached_at: Callable[[str], str]
    ) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway; no call is made yet.

        ``services`` are some nodes', in the order in which they are tried; ``reached_at`` tells the host by which a node's
        address is reached from here.
        """
        nodes = _nodes(self._cql, services, reached_at)
        if not nodes:
            told = ", ".join(service.address for service in services) or "no node"
            return SchemaNotOffered(reason=f"no port for CQL is open, say {told}")
        tls = self._tls or _context(self._cql) if any(node.tls for node in nodes) else None
        gateway = CqlSchema(CqlAccess(nodes=nodes, user=self._cql.user, password=self._password, tls=tls))
        served = [service.alternator for service in services]
        endpoints = [Served(reached_at(at.host), at.port, at.tls) for at in served if at is not None]
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
    if cql.hosts:
        tls = cql.tls_ca is not None or any(service.client_encryption_enabled for service in services)
        return tuple(Served(host, cql.port, tls) for host in cql.hosts)
    told = [service.cql for service in services]
    return tuple(
        Served(
            reached_at(at.host),
            at.port if cql.port == DEFAULT_CQL_PORT else cql.port,
            at.tls or cql.tls_ca is not None,
        )
        for at in told
        if at is not None
    )


def _context(cql: CqlSettings) -> ssl.SSLContext:
    """Return what is believed of CQL's certificates: what the configured authorities have signed, or the system's.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cql.tls_ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _read(cql.tls_ca, lambda: context.load_verify_locations(cafile=str(cql.tls_ca)), "cql.tls_ca")
        # A node's own certificate will do as well as that of who signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = cql.tls_names
    if cql.tls_cert is not None:
        certificate, key = cql.tls_cert, cql.tls_key
        # A password for the key would be asked for on the terminal: whoever has one has to take it off.
        _read(
            certificate,
            lambda: context.load_cert_chain(certificate, key, password=lambda: ""),
            "cql.tls_cert or cql.tls_key",
        )
    return context


def _read(path: Path, load: Callable[[], object], what: str) -> None:
    try:
        load()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{what}: {path} cannot be read: {error}") from error


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
