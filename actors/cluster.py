"""The way to a cluster, as actors need it."""

from typing import Protocol

from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered


class Cluster(Protocol):
    """The way to a cluster's nodes, and to its schema."""

    def contact(self) -> NodeGateway:
        """Return a gateway to a contact point that answers.

        Raises:
            NodeError: none does.
        """
        ...

    def gateway(self, address: str) -> NodeGateway:
        """Return a new gateway to the node at ``address``; no call is made."""
        ...

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway to the cluster's schema, opened when it is asked for first.

        Raises:
            NodeError: no node tells where CQL is offered.
            SchemaError: it is offered, and cannot be reached, or not with these credentials.
        """
        ...
