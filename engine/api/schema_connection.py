"""The way from a configured cluster to its schema."""

import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Final

from scylla_restore.engine.cluster.access import ClusterAccess
from scylla_restore.engine.config import ChosenCluster
from scylla_restore.engine.core.client_services import ClientServices
from scylla_restore.engine.errors import NodeError
from scylla_restore.engine.schema.opening import SchemaOpening
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered

_ASKED: Final = 5
"""Nodes that are asked where they serve clients: one would do, were it never away."""


class SchemaConnection:
    """Opens the gateway when it is asked for first; it is the same from then on. Threads may share it."""

    def __init__(self, access: ClusterAccess, chosen: ChosenCluster, environment: Mapping[str, str]) -> None:
        """Read what is configured.

        Raises:
            ConfigurationError: a secret cannot be resolved, or a file cannot be read.
        """
        self._access = access
        self._opening = SchemaOpening(
            cluster=chosen.name,
            cql=chosen.settings.cql,
            alternator=chosen.settings.alternator,
            environment=environment,
        )
        self._lock = threading.Lock()
        self._opened: SchemaGateway | SchemaNotOffered | None = None

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway; CQL itself is not asked yet.

        Raises:
            NodeError: no node tells where CQL is offered.
        """
        with self._lock:
            if self._opened is None:
                self._opened = self._opening.open(
                    self._services(), reached_at=lambda address: self._access.endpoint(address).host
                )
            return self._opened

    def close(self) -> None:
        """Close what was opened, for good."""
        opened = self._opened  # without the lock: whoever holds it may be waiting for a node
        if opened is not None and not isinstance(opened, SchemaNotOffered):
            opened.close()

    def _services(self) -> tuple[ClientServices, ...]:
        """Return what some nodes tell of themselves; one that does not answer is left out as long as another does."""
        with closing(self._access.first_answering()) as contact:
            addresses = [node.address for node in contact.topology().nodes][:_ASKED]
        told: list[ClientServices] = []
        failure: NodeError | None = None
        for address in addresses:
            with closing(self._access.gateway(address)) as gateway:
                try:
                    told.append(gateway.client_services(address))
                except NodeError as error:
                    failure = error
        if not told and failure is not None:
            raise failure
        return tuple(told)
