"""The stores that the agents of a lab are configured with."""

import secrets

from scylla_restore.engine.lab.azure_remote import AzureRemote
from scylla_restore.engine.lab.cassandra.data_remote import CassandraData
from scylla_restore.engine.lab.gcs_remote import GcsRemote
from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.object_remote import ObjectRemote
from scylla_restore.engine.lab.object_storage import ObjectStorage
from scylla_restore.engine.lab.remotes import LocalRemote, Remote, Remotes
from scylla_restore.engine.lab.s3_remote import S3Remote
from scylla_restore.engine.lab.state import LabDirectory, LabRecord, NodeSpec


class Stores:
    """What all agents share: one client of each object store that is set up."""

    def __init__(self, files: LabDirectory, record: LabRecord) -> None:
        self._files = files
        self._record = record
        self._objects = object_remotes(record)

    def remotes(self, node: NodeSpec) -> Remotes:
        """Return the remotes of a node's agent: ``data``, ``localstorage``, and the object stores that are set up."""
        outer, data = self._files.root, self._files.data(node)
        own: dict[str, Remote] = {
            "data": CassandraData(data, _check_name)
            if node.cassandra is not None
            else LocalRemote(Jail(data, outer), _check_name),
            "localstorage": LocalRemote(Jail(self._files.buckets, outer), _check_name),
        }
        return Remotes({**own, **self._objects})

    def object_storage(self, node: NodeSpec) -> ObjectStorage:
        """Return what a node's Scylla reaches by itself."""
        return ObjectStorage(node, self._record, self._objects)

    def close(self) -> None:
        """Close connections; calls under way fail."""
        for remote in self._objects.values():
            remote.close()


def object_remotes(record: LabRecord) -> dict[str, ObjectRemote]:
    """Return the object stores that a lab is set up for, by provider."""
    remotes: dict[str, ObjectRemote] = {}
    if record.s3 is not None:
        remotes["s3"] = S3Remote(record.s3)
    if record.gcs is not None:
        remotes["gcs"] = GcsRemote(record.gcs)
    if record.azure is not None:
        remotes["azure"] = AzureRemote(record.azure)
    return remotes


def _check_name() -> str:
    return f"scylla-manager-agent-{secrets.token_hex(8)}"
