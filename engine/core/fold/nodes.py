"""How events about the cluster and its nodes change the state."""

from typing import assert_never

from scylla_restore.engine.core.fold.schema import locate_tables
from scylla_restore.engine.core.state import NodeState, Phase, RunState
from scylla_restore.events.model import NodeEvent, nodes
from scylla_restore.events.model.run import Ask


def fold_node(state: RunState, event: NodeEvent) -> None:
    """Fold one event about a node, or about all of them."""
    match event:
        case nodes.NodeSuspended():
            _suspend(state, event, for_space=False)
        case nodes.NodeWaitingForSpace():
            _suspend(state, event, for_space=True)
        case nodes.NodeReadmitted():
            node = state.nodes[event.node]
            node.suspended_until, node.waits_for_space = None, False
            state.index_node(node)
        case nodes.NodeJoined():
            node = state.nodes[event.node]
            node.joined = event
            state.index_node(node)
        case nodes.TablesInspected():
            state.nodes[event.node].inspected = event
        case nodes.NodeSettingsRead():
            state.nodes[event.node].settings = event
        case nodes.NodeFailed():
            node = state.nodes[event.node]
            node.failures += 1
            node.unsettled = (event.failure, event.exit_code)
            if event.node not in state.unsettled_nodes:
                state.unsettled_nodes.append(event.node)
            state.asked = {(name, ask) for name, ask in state.asked if name != f"node/{event.node}"}
            _set_up_again(state, node)
        case nodes.ClusterDiscovered():
            state.discovered, state.rediscovered = event, True
            for known in state.nodes.values():
                known.member = False
            for discovered in event.nodes:
                node = state.nodes.setdefault(
                    discovered.address, NodeState(address=discovered.address, staged=[], left=[])
                )
                node.discovered, node.member = discovered, True
            plan = state.repairs.plan
            if plan is not None and set(plan.members) != {found.address for found in event.nodes}:
                # other nodes have other ranges: what was repaired of them is not all that there is
                state.repairs.plan = None
        case nodes.TablesResolved():
            state.resolved = True
            state.schema.verified = ("supervisor", Ask.VERIFY_TABLES) in state.asked
            locate_tables(state, {f"{t.keyspace}:{t.table}": t.directory for t in event.tables})
        case nodes.DiscoveryFailed():
            state.refusal = (event.failure, event.exit_code)
        case _:
            assert_never(event)


def _set_up_again(state: RunState, node: NodeState) -> None:
    """Whatever of a node's settings was altered, and whatever was to be set aside, is seen to once more."""
    node.altered = False
    state.ledger.distrust_settings_of(node.address)
    for batch_id in (node.download, node.load) if node.attended else ():
        batch = state.batches[batch_id] if batch_id is not None else None
        waits = batch is not None and batch.phase in (Phase.BLOCKED, Phase.OCCUPIED)
        if batch is not None and waits and batch.id not in state.blocked:
            state.blocked.append(batch.id)
    state.index_node(node)


def _suspend(
    state: RunState, event: nodes.NodeSuspended | nodes.NodeWaitingForSpace, *, for_space: bool
) -> None:
    node = state.nodes[event.node]
    node.suspended_until, node.waits_for_space, node.unsettled = event.until, for_space, None
    if event.node in state.unsettled_nodes:
        state.unsettled_nodes.remove(event.node)
    state.index_node(node)
