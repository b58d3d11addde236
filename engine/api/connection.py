"""A cluster as it is configured, and the way to its nodes."""

from collections.abc import Mapping
from typing import Protocol
from uuid import NAMESPACE_DNS, UUID, uuid5

from scylla_restore.engine.cluster.access import AccessSettings, ClusterAccess
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.config import ChosenCluster
from scylla_restore.engine.errors import ConfigurationError


class ClusterConnection(Protocol):
    """A target cluster. ``configured_id`` is Scylla Manager's id of it, where one is configured."""

    @property
    def configured_id(self) -> UUID | None:
        """The id to use instead of one made from the cluster's name."""
        ...

    def contact(self) -> NodeGateway:
        """Return a gateway to a contact point that answers.

        Raises:
            NodeError: none does.
        """
        ...

    def gateway(self, address: str) -> NodeGateway:
        """Return a new gateway to the node at ``address``; no call is made."""
        ...

    def close(self) -> None:
        """Close all gateways; calls under way end."""
        ...


class RestConnection:
    """A cluster reached through its agents' REST API."""

    def __init__(self, access: ClusterAccess, configured_id: UUID | None) -> None:
        self._access = access
        self._configured_id = configured_id

    @property
    def configured_id(self) -> UUID | None:
        """See the protocol."""
        return self._configured_id

    def contact(self) -> NodeGateway:
        """See the protocol."""
        return self._access.first_answering()

    def gateway(self, address: str) -> NodeGateway:
        """See the protocol."""
        return self._access.gateway(address)

    def close(self) -> None:
        """See the protocol."""
        self._access.close()


def cluster_connection(chosen: ChosenCluster, environment: Mapping[str, str]) -> ClusterConnection:
    """Return the way to a configured cluster; no call is made yet.

    Raises:
        ConfigurationError: a secret cannot be resolved, or a file cannot be read.
    """
    settings = chosen.settings
    if settings.auth_token is None:
        raise ConfigurationError(
            f"cluster {chosen.name} has no auth_token", hint="set `auth_token`, or pass --auth-token env:NAME"
        )
    access = ClusterAccess(
        AccessSettings(
            contact_points=tuple(settings.hosts),
            token=settings.auth_token.resolve(environment, what=f"auth_token of cluster {chosen.name}"),
            port=settings.port,
            translate=settings.translate,
            tls=TlsSettings(
                ca_file=str(settings.tls_ca) if settings.tls_ca else None,
                fingerprints=settings.fingerprints,
                insecure=settings.insecure,
            ),
        )
    )
    return RestConnection(access, settings.id)


def cluster_id(configured: UUID | None, name: str) -> str:
    """Return the cluster's id: Scylla Manager's where it is configured, else one made from the cluster's name."""
    return str(configured or uuid5(NAMESPACE_DNS, f"{name}.cluster.scylla-restore"))
