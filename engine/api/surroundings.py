"""What a plan looks at on the nodes beside what a run begins with: free space, and what other restores have left."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.cluster.port import DiskSpace, NodeGateway
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.errors import DirectoryMissing, NodeError

MOST_LISTINGS: Final = 1_000
"""Directories that are looked into, over all nodes; of a larger schema it is the first tables of each node."""
_AT_ONE_TIME: Final = 16
_OURS: Final = re.compile(r"scylla-restore-(?:found-)?([0-9a-f]{8}-[0-9a-f-]{27})-.+")


class Leftover(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A directory that a restore has made on a node and not removed; ``path`` is below ``data:``."""

    run: str
    node: str
    path: str


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What there was, in the first so many tables. ``silent`` maps nodes that did not answer to what was said instead."""

    tables_looked_into: int
    disks: dict[str, DiskSpace] = {}
    leftovers: tuple[Leftover, ...] = ()
    silent: dict[str, str] = {}


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one look came to."""

    node: str
    disk: DiskSpace | None = None
    leftovers: tuple[Leftover, ...] = ()
    error: str | None = None


def look_around(cluster: ClusterConnection, state: RunState, *, but_of: str | None = None) -> Surroundings:
    """Ask the nodes of a prepared run, several at a time; nothing is altered.

    The directories of run ``but_of`` are where they should be, and not told.
    """
    gateways = {address: cluster.gateway(address) for address in sorted(state.nodes)}
    tables = sorted(state.directories)[: MOST_LISTINGS // max(len(gateways), 1)]
    with ThreadPoolExecutor(_AT_ONE_TIME, thread_name_prefix="plan") as workers:
        looks = [workers.submit(_disk, address, gateway) for address, gateway in gateways.items()]
        looks += [
            workers.submit(_leftovers, address, gateways[address], directory)
            for directory in _snapshots(state, tables)
            for address in gateways
        ]
        try:
            found = [look.result() for look in looks]
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return Surroundings(
        tables_looked_into=len(tables),
        disks={look.node: look.disk for look in found if look.disk is not None},
        leftovers=tuple(sorted(left for look in found for left in look.leftovers if left.run != but_of)),
        silent={look.node: look.error for look in found if look.error is not None},
    )


def _snapshots(state: RunState, tables: Iterable[str]) -> Iterator[str]:
    """Yield where the tables' snapshots lie on the nodes, below ``data:``."""
    for table in tables:
        keyspace = table.partition(":")[0]
        yield f"{keyspace}/{state.directories[table]}/snapshots"


def _disk(address: str, gateway: NodeGateway) -> _Found:
    try:
        return _Found(node=address, disk=gateway.disk_space())
    except NodeError as error:
        return _Found(node=address, error=error.message)


def _leftovers(address: str, gateway: NodeGateway, directory: str) -> _Found:
    try:
        names = gateway.list_directories(directory)
    except DirectoryMissing:
        return _Found(node=address)
    except NodeError as error:
        return _Found(node=address, error=error.message)
    ours = [(match[1], name) for name in names if (match := _OURS.fullmatch(name))]
    return _Found(
        node=address,
        leftovers=tuple(Leftover(run=run, node=address, path=f"{directory}/{name}") for run, name in ours),
    )
