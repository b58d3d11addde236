"""What tables hold before a run touches them, and who else restores into them."""

import re
from typing import Final

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.engine.core.commands import InspectTables
from scylla_restore.engine.errors import DirectoryMissing, NodeError
from scylla_restore.events.model.nodes import NodeFailed, TablesInspected

_STAGING: Final = re.compile(
    r"scylla-restore-(?:found-)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-.*)?"
)
"""How every run's directories below ``snapshots`` are called."""


async def inspect_tables(node: Node, command: InspectTables) -> None:
    """Report which tables hold data on the node, and what others have in their directories."""
    used: dict[str, int] = {}
    staging: list[str] = []
    uploads: list[str] = []
    try:
        for table, directory in command.directories:
            path = f"{table.partition(':')[0]}/{directory}"
            if size := await _size(node, table):
                used[table] = size
            staging += await _staging_of_others(node, f"{path}/snapshots", command.run)
            if await _holds_files(node, f"{path}/upload"):
                uploads.append(f"{path}/upload")
    except NodeError as error:
        node.report(NodeFailed(node=node.address, failure=failure_of(error), exit_code=error.exit_code))
        return
    node.report(TablesInspected(node=node.address, used=used, staging=tuple(staging), uploads=tuple(uploads)))


async def _size(node: Node, table: str) -> int:
    keyspace, _, name = table.partition(":")
    return await patiently(node, lambda gateway: gateway.table_size(keyspace, name))


async def _staging_of_others(node: Node, path: str, run: str) -> list[str]:
    try:
        names = await patiently(node, lambda gateway: gateway.list_directories(path))
    except DirectoryMissing:
        return []
    return [
        f"{path}/{name}" for name in sorted(names) if (ours := _STAGING.fullmatch(name)) and ours[1] != run
    ]


async def _holds_files(node: Node, path: str) -> bool:
    try:
        return bool(await patiently(node, lambda gateway: gateway.list_files(path)))
    except DirectoryMissing:
        return False
