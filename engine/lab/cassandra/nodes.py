"""Finding out what Cassandra nodes are."""

import re
from collections.abc import Sequence
from pathlib import Path

from scylla_restore.engine.lab.cassandra.jolokia import STORAGE, Jolokia
from scylla_restore.engine.lab.side import SideFailure
from scylla_restore.engine.lab.state import CassandraNode, NodeSpec

_STATE = re.compile(r"^\s*(DC|RACK|HOST_ID|NATIVE_ADDRESS_AND_PORT):\d+:(.+)$", re.MULTILINE)


def node_specs(urls: Sequence[str], shards: int) -> tuple[NodeSpec, ...]:
    """Return the nodes behind Jolokia's URLs, each at its own address.

    Raises:
        SideFailure: one of them is not there.
    """
    return tuple(_node_spec(url, shards) for url in urls)


def _node_spec(url: str, shards: int) -> NodeSpec:
    jolokia = Jolokia(url)
    host_id = jolokia.read(STORAGE, "LocalHostId", str)
    address = jolokia.read(STORAGE, "HostIdToEndpoint", dict[str, str])[host_id]
    state = jolokia.execute(
        "getEndpointState", address, kind=str, mbean="org.apache.cassandra.net:type=FailureDetector"
    )
    told = dict(_STATE.findall(state))
    native = told.get("NATIVE_ADDRESS_AND_PORT", "")
    if not native:
        raise SideFailure(f"the Cassandra node {address} does not tell where it takes CQL")
    locations = jolokia.read(STORAGE, "AllDataFileLocations", list[str])
    return NodeSpec(
        address=address,
        dc=told["DC"],
        rack=told["RACK"],
        shards=shards,
        cassandra=CassandraNode(
            url=url,
            host_id=host_id,
            cql_port=int(native.rpartition(":")[2]),
            data_directory=str(Path(locations[0]).resolve()),
        ),
    )
