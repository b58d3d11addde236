"""Tokens and replicas of a lab's cluster."""

import hashlib

import msgspec

from scylla_restore.engine.lab.state import NodeSpec

TOKENS_PER_NODE = 8
TABLETS = 8
_REPLICAS_PER_DC = 3


class RingNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node as ``describe_ring`` tells of it."""

    host: str
    datacenter: str
    rack: str


class RingRange(msgspec.Struct, frozen=True, kw_only=True):
    """A token range, exclusive at its start, and its replicas, the primary one first."""

    start_token: str
    end_token: str
    endpoints: list[str]
    rpc_endpoints: list[str]
    endpoint_details: list[RingNode]


def tokens(node: NodeSpec) -> list[int]:
    """Return a node's tokens, ascending, the same for an address in every lab."""
    found = []
    for number in range(TOKENS_PER_NODE):
        digest = hashlib.sha256(f"{node.address}/{number}".encode()).digest()
        found.append(int.from_bytes(digest[:8], "big", signed=True))
    return sorted(found)


def describe_ring(nodes: tuple[NodeSpec, ...]) -> list[RingRange]:
    """Return all ranges of a keyspace with up to three replicas in each DC."""
    owners = sorted(((token, node) for node in nodes for token in tokens(node)), key=lambda owner: owner[0])
    ranges = []
    for index, (token, _) in enumerate(owners):
        replicas = _replicas([owner for _, owner in owners[index:] + owners[:index]])
        ranges.append(_range(owners[index - 1][0], token, replicas))
    return ranges


def describe_tablets(nodes: tuple[NodeSpec, ...], table: str) -> list[RingRange]:
    """Return the tablets of a table: ranges of equal length, with replicas picked anew for each."""
    width = 2**64 // TABLETS
    bounds = [-(2**63) + width * number - (number == TABLETS) for number in range(TABLETS + 1)]
    ranges = []
    for number in range(TABLETS):
        shift = hashlib.sha256(f"{table}/{number}".encode()).digest()[0] % len(nodes)
        replicas = _replicas([*nodes[shift:], *nodes[:shift]])
        ranges.append(_range(bounds[number], bounds[number + 1], replicas))
    return ranges


def _range(start: int, end: int, replicas: list[NodeSpec]) -> RingRange:
    addresses = [node.address for node in replicas]
    return RingRange(
        start_token=str(start),
        end_token=str(end),
        endpoints=addresses,
        rpc_endpoints=addresses,
        endpoint_details=[
            RingNode(host=node.address, datacenter=node.dc, rack=node.rack) for node in replicas
        ],
    )


def _replicas(owners: list[NodeSpec]) -> list[NodeSpec]:
    chosen: dict[str, list[NodeSpec]] = {}
    for node in owners:
        of_dc = chosen.setdefault(node.dc, [])
        if node not in of_dc and len(of_dc) < _REPLICAS_PER_DC:
            of_dc.append(node)
    return [node for of_dc in chosen.values() for node in of_dc]
