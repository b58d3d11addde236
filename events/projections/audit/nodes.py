"""Who took part, and what went wrong with them."""

from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import NodeEvent, nodes
from scylla_restore.events.projections.audit.state import AuditState


def apply_node_event(state: AuditState, event: NodeEvent, envelope: Envelope) -> None:
    """Fold an event about a node, or about all of them."""
    match event:
        case nodes.ClusterDiscovered():
            state.target_cluster = event.name
        case nodes.NodeJoined():
            node = state.node(event.node)
            node.host_id, node.dc, node.rack = event.host_id, event.dc, event.rack
            node.scylla_version, node.agent_version = event.scylla_version, event.agent_version
        case nodes.NodeFailed():
            state.node(event.node).failures += 1
            state.note_failure(envelope, event.failure)
        case nodes.DiscoveryFailed():
            state.note_failure(envelope, event.failure)
        case (
            nodes.TablesResolved()
            | nodes.TablesInspected()
            | nodes.NodeSettingsRead()
            | nodes.NodeSuspended()
            | nodes.NodeWaitingForSpace()
            | nodes.NodeReadmitted()
        ):
            pass
        case _:
            assert_never(event)
