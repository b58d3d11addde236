"""What stands in a run's way at the moment: nodes that rest, disks that are full, answers that do not come."""

from datetime import datetime
from typing import Final

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import run
from scylla_restore.events.model.batches import BatchReturned, LoadAnswerLost, LoadFailed, SSTablesLoaded
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.locations import LocationAnswered, LocationFailed, LocationUnanswered
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.model.schema import SchemaAnswered, SchemaUnanswered

_HEARD: Final = frozenset(
    {
        NodeSuspended,
        NodeWaitingForSpace,
        NodeReadmitted,
        SchemaUnanswered,
        SchemaAnswered,
        LocationUnanswered,
        LocationAnswered,
        LocationFailed,
        LoadAnswerLost,
        SSTablesLoaded,
        LoadFailed,
        BatchReturned,
        run.OwnerChanged,
        run.RunPaused,
        run.RunFailed,
        run.RunAborted,
        run.RunCompleted,
    }
)
"""Nearly all of a log's records change nothing here: a look at their kind is all that they take."""


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """A node gets nothing new before ``until``: its disk is full (``is_full``), or it has failed again and again."""

    node: str
    until: datetime
    failure: Failure
    is_full: bool


class WaitsState(msgspec.Struct, kw_only=True):
    """The fold: rests by node, lost answers by batch, silence about the schema, requests made again by location.

    It holds nothing when another engine begins, or the run ends.
    """

    rests: dict[str, Rest] = msgspec.field(default_factory=dict)
    loads: dict[int, LoadAnswerLost] = msgspec.field(default_factory=dict)
    schema: Failure | None = None
    locations: dict[str, int] = msgspec.field(default_factory=dict)


def apply(state: WaitsState, envelope: Envelope) -> None:
    """Fold one record into ``state``."""
    event = envelope.event
    if type(event) not in _HEARD:
        return
    match event:
        case NodeSuspended() | NodeWaitingForSpace():
            is_full = isinstance(event, NodeWaitingForSpace)
            state.rests[event.node] = Rest(
                node=event.node, until=event.until, failure=event.failure, is_full=is_full
            )
        case NodeReadmitted():
            state.rests.pop(event.node, None)
        case SchemaUnanswered():
            state.schema = event.failure
        case SchemaAnswered():
            state.schema = None
        case LocationUnanswered():
            state.locations[event.location] = event.retries
        case LocationAnswered() | LocationFailed():
            state.locations.pop(event.location, None)
        case LoadAnswerLost():
            state.loads[event.batch] = event
        case SSTablesLoaded() | LoadFailed() | BatchReturned():
            state.loads.pop(event.batch, None)
        case _:
            state.locations.clear()
            state.rests.clear()
            state.loads.clear()
            state.schema = None
