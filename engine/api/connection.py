"""A cluster as it is configured, and the way to its nodes."""

from collections.abc import Mapping
from typing import Protocol
from uuid import NAMESPACE_DNS, UUID, uuid5

from scylla_restore.engine.api.schema_connection import SchemaConnection
from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.config import ChosenCluster
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered


class ClusterConnection(Protocol):
    """A target cluster. ``configured_id`` is Scylla Manager's id of it, where one is configured."""

    @property
    def configured_id(self) -> UUID | None:
        """The id to use instead of one made from the cluster's name."""
        ...

    def contact(self) -> NodeGateway:
        """Return a new gateway to a contact point that answers; whoever asks closes it.

        Raises:
            NodeError: none does.
        """
        ...

    def gateway(self, address: str) -> NodeGateway:
        """Return a new gateway to the node at ``address``; no call is made."""
        ...

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway to the cluster's schema, opened when it is asked for first and the same from then on.

        Raises:
            NodeError: no node tells where CQL is offered.
            SchemaError: it is offered, and cannot be reached, or not with these credentials.
        """
        ...

    def close(self) -> None:
        """Close all gateways; calls under way end."""
        ...


class RestConnection:
    """A cluster reached through its agents' REST API."""

    def __init__(self, access: ClusterAccess, schema: SchemaConnection, configured_id: UUID | None) -> None:
        self._access = access
        self._schema = schema
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

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """See the protocol."""
        return self._schema.schema()

    def close(self) -> None:
        """See the protocol."""
        try:
            self._schema.close()
        finally:
            self._access.close()


def cluster_connection(chosen: ChosenCluster, environment: Mapping[str, str]) -> ClusterConnection:
    """Return the way to a configured cluster; no call is made yet.

    Raises:
        ConfigurationError: a secret cannot be resolved, or a file cannot be read.
    """
    access = ClusterAccess(access_settings(chosen, environment))
    return RestConnection(access, SchemaConnection(access, chosen, environment), chosen.settings.id)


def cluster_id(configured: UUID | None, name: str) -> str:
    """Return the cluster's id: Scylla Manager's where it is configured, else one made from the cluster's name."""
    return str(configured or uuid5(NAMESPACE_DNS, f"{name}.cluster.scylla-restore"))
