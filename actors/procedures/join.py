"""What a node is, which locations it can list, and how it is set before the run touches it."""

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.runtime import Call
from scylla_restore.engine.cluster.port import NodeGateway, RemoteFile
from scylla_restore.engine.core.commands import JoinNode, ReadNodeSettings
from scylla_restore.engine.core.object_storage import native_endpoints
from scylla_restore.engine.errors import NodeError, NodeRefused
from scylla_restore.events.model.nodes import NodeFailed, NodeJoined, NodeSettingsRead

_MANIFESTS = "backup/meta"


async def join(node: Node, command: JoinNode) -> None:
    """See whether the node answers, and what it can do; report it."""
    discovered = command.discovered
    try:
        info = await patiently(node, lambda gateway: gateway.info())
        refusals = await _refused_locations(node, command.locations)
    except NodeError as error:
        node.report(_failed(node, error))
        return
    locations = tuple(location for location in command.locations if location not in refusals)
    endpoints, native_refusals = native_endpoints(locations, info.agent_stores, info.scylla_stores)
    node.report(
        NodeJoined(
            node=node.address,
            host_id=discovered.host_id,
            dc=discovered.dc,
            rack=discovered.rack,
            shards=info.shards,
            scylla_version=info.scylla_version,
            agent_version=info.agent_version,
            locations=locations,
            unreachable_locations=refusals,
            clock_skew_ms=info.clock_skew_ms,
            native_endpoints=endpoints,
            native_refusals=native_refusals,
        )
    )


async def _refused_locations(node: Node, locations: tuple[str, ...]) -> dict[str, str]:
    """Return the locations that the node's agent cannot list, each with the agent's words."""
    refusals = {}
    for location in locations:
        try:
            await _listing(node, location)
        except NodeRefused as error:
            refusals[location] = error.message
    return refusals


def _listing(node: Node, location: str) -> Call[NodeGateway, tuple[RemoteFile, ...]]:
    return node(lambda gateway: gateway.list_location(location, _MANIFESTS))


async def read_settings(node: Node, command: ReadNodeSettings) -> None:
    """Report how the node is set."""
    try:
        transfers = await patiently(node, lambda gateway: gateway.transfers())
        rate = await patiently(node, lambda gateway: gateway.bandwidth_rate())
        compaction = {table: await _compaction(node, table) for table in command.tables}
        cpus = await _cpus(node)
        user_ttl = await _user_ttl(node) if command.native else None
    except NodeError as error:
        node.report(_failed(node, error))
        return
    node.report(
        NodeSettingsRead(
            node=node.address,
            transfers=transfers,
            bandwidth_rate=rate,
            compaction=compaction,
            cpus=cpus,
            user_ttl=user_ttl,
        )
    )


async def _compaction(node: Node, table: str) -> bool:
    keyspace, _, name = table.partition(":")
    return await patiently(node, lambda gateway: gateway.auto_compaction(keyspace, name))


async def _cpus(node: Node) -> tuple[int, ...]:
    """Return the agent's CPUs, none where it does not tell: they are for the record, an undo needs no number."""
    try:
        return await patiently(node, lambda gateway: gateway.cpus())
    except NodeRefused:
        return ()


async def _user_ttl(node: Node) -> int | None:
    """Return for how long tasks are known, None where Scylla does not tell: nobody sets it then."""
    try:
        return await patiently(node, lambda gateway: gateway.user_ttl())
    except NodeRefused:
        return None


def _failed(node: Node, error: NodeError) -> NodeFailed:
    return NodeFailed(node=node.address, failure=failure_of(error), exit_code=error.exit_code)
