"""A cluster lent for a while."""

import threading
from uuid import UUID

from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered


class LentConnection:
    """A ``ClusterConnection`` whose ``close`` closes the gateways that were lent, and the connection behind it not."""

    def __init__(self, behind: ClusterConnection) -> None:
        self._behind = behind
        self._lock = threading.Lock()
        self._lent: list[NodeGateway] = []

    @property
    def configured_id(self) -> UUID | None:
        """See the protocol."""
        return self._behind.configured_id

    def contact(self) -> NodeGateway:
        """See the protocol."""
        return self._lend(self._behind.contact())

    def gateway(self, address: str) -> NodeGateway:
        """See the protocol."""
        return self._lend(self._behind.gateway(address))

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """See the protocol; it is shared, and stays open."""
        return self._behind.schema()

    def close(self) -> None:
        """Close what was lent so far; more can be lent after that."""
        with self._lock:
            lent, self._lent = self._lent, []
        for gateway in lent:
            gateway.close()

    def _lend(self, gateway: NodeGateway) -> NodeGateway:
        with self._lock:
            self._lent.append(gateway)
        return gateway
