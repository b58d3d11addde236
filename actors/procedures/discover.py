"""The cluster as a contact point tells of it: nodes, tables, and where the tables lie."""

import re

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.engine.core.commands import ResolveTables
from scylla_restore.engine.errors import DirectoryMissing, NodeError
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import (
    ClusterDiscovered,
    DiscoveryFailed,
    TableDirectory,
    TablesResolved,
)

_TABLE_DIRECTORY = re.compile(r"(.+)-[0-9a-f]{32}")
_TARGET_CANNOT_BE = 2


async def discover(node: Node) -> None:
    """Report the cluster, if all of its nodes are up and none is joining or leaving."""
    try:
        topology = await patiently(node, lambda gateway: gateway.topology())
    except NodeError as error:
        node.report(_failed(error))
        return
    if topology.not_normal:
        nodes = ", ".join(f"{address} ({why})" for address, why in sorted(topology.not_normal.items()))
        failure = Failure(
            cause=Cause.REFUSED,
            message=f"every node has to be up and normal, but not so: {nodes}",
            node=node.address,
            hint="bring these nodes up, or remove them from the cluster, then try again",
        )
        node.report(DiscoveryFailed(failure=failure))
        return
    node.report(
        ClusterDiscovered(
            name=topology.name,
            nodes=topology.nodes,
            keyspaces=topology.keyspaces,
            user_keyspaces=topology.user_keyspaces,
            tables=topology.tables,
        )
    )


async def resolve_tables(node: Node, command: ResolveTables) -> None:
    """Report the one directory of each table; it is the same on every node."""
    names = [tuple(table.split(":", 1)) for table in command.tables]
    try:
        listings = {keyspace: await _directories(node, keyspace) for keyspace in {ks for ks, _ in names}}
    except NodeError as error:
        node.report(_failed(error))
        return
    resolved = []
    for keyspace, table in names:
        found = listings[keyspace].get(table, [])
        if len(found) != 1:
            failure = _unresolved(node, keyspace, table, found)
            node.report(DiscoveryFailed(failure=failure, exit_code=_TARGET_CANNOT_BE))
            return
        resolved.append(TableDirectory(keyspace=keyspace, table=table, directory=found[0]))
    node.report(TablesResolved(tables=tuple(resolved)))


async def _directories(node: Node, keyspace: str) -> dict[str, list[str]]:
    """Return the directories ``<table>-<32 hex>`` of a keyspace by table."""
    try:
        names = await patiently(node, lambda gateway: gateway.list_directories(keyspace))
    except DirectoryMissing:
        names = ()
    by_table: dict[str, list[str]] = {}
    for name in sorted(names):
        if match := _TABLE_DIRECTORY.fullmatch(name):
            by_table.setdefault(match[1], []).append(name)
    return by_table


def _unresolved(node: Node, keyspace: str, table: str, found: list[str]) -> Failure:
    if found:
        message = f"table {keyspace}.{table} has several directories: {', '.join(found)}"
        hint = "one is of a table that was dropped; remove its snapshots so that the directory can go"
    else:
        message = f"table {keyspace}.{table} has no directory below data:{keyspace}"
        hint = "restore the table's schema first"
    return Failure(cause=Cause.REFUSED, message=message, node=node.address, hint=hint)


def _failed(error: NodeError) -> DiscoveryFailed:
    return DiscoveryFailed(failure=failure_of(error), exit_code=error.exit_code)
