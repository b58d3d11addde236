"""Events in words that a person reads on one line."""

from typing import Final, assert_never

from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CopiedIntoUpload,
    CpuUnpinned,
    SchemaObjectCreated,
    StagingCreated,
    TombstoneGcDisabled,
    TransfersSet,
    UploadSetAside,
    UserTtlSet,
    ViewDropped,
)
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.schema import TombstoneGc, ViewKind

_KINDS: Final = {
    ViewKind.MATERIALIZED_VIEW: "view",
    ViewKind.SECONDARY_INDEX: "index",
    ViewKind.ALTERNATOR_GSI: "global secondary index",
    ViewKind.ALTERNATOR_LSI: "local secondary index",
}


_NAMED: Final = 60
"""So much of a statement tells which one it is."""


def in_words(failure: Failure) -> str:
    """Return what failed and where: the message, after the node and the call where it does not name them itself.

    Of a long statement the message has the beginning only, which is enough.
    """
    places = (failure.node, failure.call)
    return ": ".join(
        [*(place for place in places if place and place[:_NAMED] not in failure.message), failure.message]
    )


def kind_of(alteration: Alteration) -> str:
    """Return the kind of an alteration, as the log spells it."""
    return str(type(alteration).__struct_config__.tag)


def alteration_in_words(alteration: Alteration) -> str:  # noqa: C901, PLR0911 - one return a kind
    """Return what is changed, from what to what."""
    match alteration:
        case AutoCompactionDisabled():
            return f"automatic compaction off for {', '.join(alteration.tables)}"
        case TransfersSet():
            return f"parallel transfers {alteration.before} -> {alteration.after}"
        case BandwidthSet():
            return f"bandwidth limit {alteration.before} -> {alteration.after}"
        case CpuUnpinned():
            return "agent not pinned to CPUs"
        case UserTtlSet():
            return f"finished tasks known for {alteration.before} s -> {alteration.after} s"
        case StagingCreated():
            return f"staging directory {alteration.path}"
        case CopiedIntoUpload():
            return f"files of {len(alteration.positions)} SSTables in {alteration.upload}"
        case UploadSetAside():
            return f"files of others moved from {alteration.upload} to {alteration.found}"
        case ViewDropped(view=view):
            return f"{_KINDS[view.kind]} {view.keyspace}.{view.name} on {view.base_table} dropped"
        case TombstoneGcDisabled():
            mode = tombstone_gc_mode(alteration.before)
            return f"tombstone_gc of {alteration.keyspace}.{alteration.table} {mode} -> disabled"
        case SchemaObjectCreated(object=created):
            return f"{created.kind} {created.keyspace}.{created.name} created"
        case _:
            assert_never(alteration)


def tombstone_gc_mode(options: TombstoneGc | None) -> str:
    """Return the mode that a table's options stand for; empty where the cluster knows none."""
    if options is None:
        return ""
    return dict(options).get("mode", "timeout")
