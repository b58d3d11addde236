"""Commands about a node and how it is set."""

import msgspec

from scylla_restore.engine.core.commands.base import NodeCommand
from scylla_restore.events.model.alterations import NodeAlteration
from scylla_restore.events.model.nodes import DiscoveredNode


class JoinNode(NodeCommand, frozen=True, kw_only=True):
    """See what the node is and which locations it can list. → ``NodeJoined`` or ``NodeFailed``."""

    discovered: DiscoveredNode
    locations: tuple[str, ...]


class ReadNodeSettings(NodeCommand, frozen=True, kw_only=True):
    """→ ``NodeSettingsRead`` or ``NodeFailed``. ``tables`` as ``<keyspace>:<table>``; ``native`` if Scylla's tasks matter."""

    tables: tuple[str, ...]
    native: bool = False


class InspectTables(NodeCommand, frozen=True, kw_only=True):
    """See what tables hold already, and who else restores into them. → ``TablesInspected`` or ``NodeFailed``.

    ``directories`` are (``<keyspace>:<table>``, name of its directory); what run ``run`` has made is its own.
    """

    run: str
    directories: tuple[tuple[str, str], ...]


class Alter(NodeCommand, frozen=True, kw_only=True):
    """Make alterations, each idempotent. → ``AlterationMade`` for each; ``NodeFailed`` at the first that fails."""

    alterations: tuple[tuple[str, NodeAlteration], ...]


class OwnFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the files that an attempt may have brought into ``upload``, and the ``location`` that they come from."""

    location: str
    names: frozenset[str]


class Undo(NodeCommand, frozen=True, kw_only=True):
    """Undo alterations, each idempotent. → ``AlterationUndone`` or ``UndoFailed`` for each, in turn.

    ``files`` are what a ``CopiedIntoUpload`` is about, by the alteration's id.
    """

    alterations: tuple[tuple[str, NodeAlteration], ...]
    files: dict[str, OwnFiles] = msgspec.field(default_factory=dict)
