"""What a run changes in the cluster beside the data, and how each change is undone.

An alteration holds what was there before. It is in the ledger from ``AlterationIntended`` until
``AlterationUndone``; staging directories and files in ``upload`` enter it with ``DownloadRequested``, objects of a schema with
``SchemaStatementRequested``.
"""

from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.schema import RecordedView, SchemaObject, TombstoneGc


class AutoCompactionDisabled(
    msgspec.Struct, frozen=True, kw_only=True, tag="auto_compaction", tag_field="kind"
):
    """Automatic compaction was switched off for ``tables`` (``<keyspace>:<table>``), where it was on."""

    node: str
    tables: tuple[str, ...]


class TransfersSet(msgspec.Struct, frozen=True, kw_only=True, tag="transfers", tag_field="kind"):
    """The agent's number of parallel transfers; -1 stands for the agent's configured default."""

    node: str
    before: int
    after: int


class BandwidthSet(msgspec.Struct, frozen=True, kw_only=True, tag="bandwidth", tag_field="kind"):
    """The agent's bandwidth limit in the agent's own text (``off``, ``100M``)."""

    node: str
    before: str
    after: str


class CpuUnpinned(msgspec.Struct, frozen=True, kw_only=True, tag="cpu_pinning", tag_field="kind"):
    """The agent may use all CPUs."""

    node: str


class UserTtlSet(msgspec.Struct, frozen=True, kw_only=True, tag="user_ttl", tag_field="kind"):
    """For how many seconds the node's Scylla knows of a finished task that somebody asked for."""

    node: str
    before: int
    after: int


class StagingCreated(msgspec.Struct, frozen=True, kw_only=True, tag="staging_directory", tag_field="kind"):
    """A directory of one attempt's files, as a path below ``data:``."""

    node: str
    path: str


class CopiedIntoUpload(msgspec.Struct, frozen=True, kw_only=True, tag="upload_files", tag_field="kind"):
    """An attempt's files are copied straight into ``upload``, a path below ``data:``.

    They are those of the SSTables at ``positions`` of the remote ``directory``. ``is_copied`` once no job of the agent writes any of
    them any more.
    """

    node: str
    upload: str
    directory: str
    positions: tuple[int, ...]
    is_copied: bool = False


class UploadSetAside(msgspec.Struct, frozen=True, kw_only=True, tag="upload_directory", tag_field="kind"):
    """Files that others had put into ``upload`` were moved to ``found``; both are paths below ``data:``."""

    node: str
    upload: str
    found: str


class ViewDropped(msgspec.Struct, frozen=True, kw_only=True, tag="view", tag_field="kind"):
    """A view or index of a restored table was dropped."""

    view: RecordedView


class TombstoneGcDisabled(msgspec.Struct, frozen=True, kw_only=True, tag="tombstone_gc", tag_field="kind"):
    """A restored table's ``tombstone_gc`` was set to ``disabled``; ``before`` are all of its options."""

    keyspace: str
    table: str
    before: TombstoneGc


class SchemaObjectCreated(msgspec.Struct, frozen=True, kw_only=True, tag="schema_object", tag_field="kind"):
    """A restore of the schema has made something; it stays once all of the schema is there."""

    object: SchemaObject


NodeAlteration = (
    AutoCompactionDisabled
    | TransfersSet
    | BandwidthSet
    | CpuUnpinned
    | UserTtlSet
    | StagingCreated
    | CopiedIntoUpload
    | UploadSetAside
)
SchemaAlteration = ViewDropped | TombstoneGcDisabled | SchemaObjectCreated
"""Of the cluster, not of one node."""

Alteration = NodeAlteration | SchemaAlteration


def node_of(alteration: Alteration) -> str:
    """Return the node that was altered; empty where it was the whole cluster."""
    return "" if isinstance(alteration, SchemaAlteration) else alteration.node


class AlterationIntended(Event, frozen=True, kw_only=True):
    """The cluster is about to be altered. ``id`` is unique in the run."""

    TAG: ClassVar[str] = "AlterationIntended"
    id: str
    alteration: Alteration


class AlterationMade(Event, frozen=True, kw_only=True):
    """The cluster is altered."""

    TAG: ClassVar[str] = "AlterationMade"
    id: str


class UndoRequested(Event, frozen=True, kw_only=True):
    """These alterations are about to be undone."""

    TAG: ClassVar[str] = "UndoRequested"
    ids: tuple[str, ...]


class AlterationUndone(Event, frozen=True, kw_only=True):
    """What was there before is there again."""

    TAG: ClassVar[str] = "AlterationUndone"
    id: str


class UndoFailed(Event, frozen=True, kw_only=True):
    """An alteration could not be undone yet; it stays in the ledger."""

    TAG: ClassVar[str] = "UndoFailed"
    id: str
    failure: Failure
