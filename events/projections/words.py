"""Events in words that a person reads on one line."""

from typing import assert_never

from scylla_restore.events.model.alterations import (
    Alteration,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    StagingCreated,
    TransfersSet,
    UploadSetAside,
)
from scylla_restore.events.model.failure import Failure


def in_words(failure: Failure) -> str:
    """Return what failed and where: the message, after the node and the call where it does not name them itself."""
    places = (failure.node, failure.call)
    return ": ".join(
        [*(place for place in places if place and place not in failure.message), failure.message]
    )


def kind_of(alteration: Alteration) -> str:
    """Return the kind of an alteration, as the log spells it."""
    return str(type(alteration).__struct_config__.tag)


def alteration_in_words(alteration: Alteration) -> str:
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
        case StagingCreated():
            return f"staging directory {alteration.path}"
        case UploadSetAside():
            return f"files of others moved from {alteration.upload} to {alteration.found}"
        case _:
            assert_never(alteration)
