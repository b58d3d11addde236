"""The stores that the agents of a lab are configured with. Further providers belong here."""

import secrets

from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.remotes import LocalRemote, Remote, Remotes
from scylla_restore.engine.lab.s3_remote import S3Remote
from scylla_restore.engine.lab.state import LabDirectory, NodeSpec, S3Settings


class Stores:
    """What all agents share: one client of each object store that is set up."""

    def __init__(self, files: LabDirectory, s3: S3Settings | None) -> None:
        self._files = files
        self._s3 = S3Remote(s3) if s3 is not None else None

    def remotes(self, node: NodeSpec) -> Remotes:
        """Return the remotes of a node's agent: ``data``, ``localstorage``, and ``s3`` where it is set up."""
        outer = self._files.root
        remotes: dict[str, Remote] = {
            "data": LocalRemote(Jail(self._files.data(node.address), outer), _check_name),
            "localstorage": LocalRemote(Jail(self._files.buckets, outer), _check_name),
        }
        if self._s3 is not None:
            remotes["s3"] = self._s3
        return Remotes(remotes)

    def close(self) -> None:
        """Close connections; calls under way fail."""
        if self._s3 is not None:
            self._s3.close()


def _check_name() -> str:
    return f"scylla-manager-agent-{secrets.token_hex(8)}"
