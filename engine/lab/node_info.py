"""What an agent tells of its node."""

import os
import shutil
import time

from scylla_restore.engine.lab.agent import VERSION, Agent


def node_info(agent: Agent) -> dict[str, object]:
    """Return the answer to ``/agent/node_info``; members that are zero, false or empty are left out."""
    setup = agent.setup
    address = setup.node.address
    backends: dict[str, dict[str, str]] = {}
    if setup.s3 is not None:
        s3 = {"endpoint": setup.s3.endpoint, "region": setup.s3.region}
        backends["s3"] = {name: value for name, value in s3.items() if value}
    if setup.gcs is not None:
        backends["gcs"] = {"endpoint": setup.gcs.endpoint} if setup.gcs.endpoint else {}
    if setup.azure is not None:
        backends["azure"] = {}
    cassandra = setup.node.cassandra
    endpoints = {endpoint.name: endpoint.told() for endpoint in setup.object_storage_endpoints or ()}
    return {
        **({"cql_password_protected": True} if setup.has_passwords else {}),
        "agent_version": VERSION,
        "alternator_address": "0.0.0.0",  # noqa: S104 - what Scylla reports where it is not set, nothing binds to it
        "alternator_https_port": "0",
        "alternator_port": "0",
        "api_address": address,
        "api_port": "10000",
        "broadcast_address": address,
        "broadcast_rpc_address": address,
        "consistent_cluster_management": True,
        "cpu_count": max(setup.node.shards, os.cpu_count() or 1),
        "data_directory": setup.data_directory,
        "listen_address": address,
        "memory_total": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "native_transport_port": str(cassandra.cql_port if cassandra else 0),
        "native_transport_port_ssl": "0",
        **({"object_storage_endpoints": endpoints} if endpoints else {}),
        "prometheus_address": address,
        "prometheus_port": "9180",
        "rclone_backend_config": backends,
        "rpc_address": address,
        "rpc_port": "9160",
        "scylla_version": setup.scylla_version,
        "sstable_uuid_format": True,
        "storage_size": shutil.disk_usage(setup.data_directory).total,
        "uptime": int(time.clock_gettime(time.CLOCK_BOOTTIME)) if hasattr(time, "CLOCK_BOOTTIME") else 1,
    }
