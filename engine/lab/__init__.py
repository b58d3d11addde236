"""A lab: nodes that speak the agent's and Scylla's REST APIs, for demonstrations and for tests, ours and users'."""

from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.cluster import Membership
from scylla_restore.engine.lab.faults import Fault, FaultKind
from scylla_restore.engine.lab.lab import Lab
from scylla_restore.engine.lab.state import (
    AzureSettings,
    CassandraSettings,
    GcsSettings,
    NodeSpec,
    ObjectStorageEndpoint,
    S3Settings,
    Speeds,
    make_nodes,
)

__all__ = [
    "AzureSettings",
    "BackupRequest",
    "CassandraSettings",
    "Fault",
    "FaultKind",
    "GcsSettings",
    "Lab",
    "Membership",
    "NodeSpec",
    "ObjectStorageEndpoint",
    "S3Settings",
    "Speeds",
    "make_nodes",
    "write_backup",
]
