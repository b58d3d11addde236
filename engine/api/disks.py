"""The nodes' disks, which a plan looks at beside what a run begins with."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.cluster.port import DiskSpace, NodeGateway
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.errors import NodeError

_AT_ONE_TIME: Final = 16


class Disks(msgspec.Struct, frozen=True, kw_only=True):
    """Each node's disk. ``silent`` maps nodes that did not answer to what was said instead."""

    disks: dict[str, DiskSpace] = {}
    silent: dict[str, str] = {}


def look_at_disks(cluster: ClusterConnection, state: RunState) -> Disks:
    """Ask the nodes of a prepared run, several at a time; nothing is altered."""
    gateways = {address: cluster.gateway(address) for address in sorted(state.nodes)}
    with ThreadPoolExecutor(_AT_ONE_TIME, thread_name_prefix="plan") as workers:
        looks = {address: workers.submit(_disk, gateway) for address, gateway in gateways.items()}
        try:
            found = {address: look.result() for address, look in looks.items()}
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return Disks(
        disks={address: disk for address, disk in found.items() if isinstance(disk, DiskSpace)},
        silent={address: words for address, words in found.items() if isinstance(words, str)},
    )


def _disk(gateway: NodeGateway) -> DiskSpace | str:
    try:
        return gateway.disk_space()
    except NodeError as error:
        return error.message
