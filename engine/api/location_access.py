"""How an engine gets at a backup location: by itself, or through the agents of the nodes."""

from collections.abc import Callable

from scylla_restore.actors.location import OpenStore
from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.storage.either_way import EitherWay
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.engine.storage.through_agents import ThroughAgents
from scylla_restore.events.model.target import BackupLocation, IndexVia

AGENTS = 16
"""The most nodes that one location is read through: more make nothing faster."""


def either_way(cluster: ClusterConnection, open_direct: Callable[[BackupLocation], ObjectStore]) -> OpenStore:
    """Return what opens a location's store as it is asked for. ``open_direct`` opens one that needs no agent."""

    def open_store(where: BackupLocation, via: IndexVia) -> ObjectStore:
        def through_agents(because: str) -> ObjectStore:
            return ThroughAgents(where.key, lambda: _agents(cluster, where), because=because)

        match via:
            case IndexVia.DIRECT:
                return open_direct(where)
            case IndexVia.AGENT:
                return through_agents("")
            case IndexVia.AUTO:
                return EitherWay(
                    where.key, open_direct=lambda: open_direct(where), open_agents=through_agents
                )

    return open_store


def _agents(cluster: ClusterConnection, where: BackupLocation) -> list[NodeGateway]:
    """Return gateways to the nodes of the location's DC, or to any.

    Raises:
        NodeError: no contact point answers.
    """
    topology = cluster.contact().topology()
    nodes = [node for node in topology.nodes if where.dc in (None, node.dc)]
    up = [node for node in nodes if node.address not in topology.not_normal] or nodes
    return [cluster.gateway(node.address) for node in up[:AGENTS]]
