"""The remotes that the agents of a lab are configured with. Further providers belong here."""

import secrets

from scylla_restore.engine.lab.jail import Jail
from scylla_restore.engine.lab.remotes import LocalRemote, Remote, Remotes
from scylla_restore.engine.lab.s3_remote import S3Remote
from scylla_restore.engine.lab.state import LabDirectory, NodeSpec, S3Settings


def agent_remotes(files: LabDirectory, node: NodeSpec, s3: S3Settings | None) -> Remotes:
    """Return ``data``, ``localstorage``, and ``s3`` where it is set up."""
    remotes: dict[str, Remote] = {
        "data": LocalRemote(Jail(files.data(node.address), files.root), _check_name),
        "localstorage": LocalRemote(Jail(files.buckets, files.root), _check_name),
    }
    if s3 is not None:
        remotes["s3"] = S3Remote(s3)
    return Remotes(remotes)


def _check_name() -> str:
    return f"scylla-manager-agent-{secrets.token_hex(8)}"
