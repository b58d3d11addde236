"""The fold: how each event changes the state. The only code that changes it.

An event tells what happened, so folding never fails for what it says and never decides anything. The same records
give the same state, whoever folds them.
"""

from typing import assert_never

from scylla_restore.engine.core.fold.alterations import fold_alteration
from scylla_restore.engine.core.fold.batches import fold_batch
from scylla_restore.engine.core.fold.locations import fold_location
from scylla_restore.engine.core.fold.nodes import fold_node
from scylla_restore.engine.core.fold.repairs import fold_repair
from scylla_restore.engine.core.fold.run import fold_run
from scylla_restore.engine.core.fold.schema import fold_schema
from scylla_restore.engine.core.fold.statements import fold_schema_restore
from scylla_restore.engine.core.state import RunState
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import (
    AlterationEvent,
    BatchEvent,
    LocationEvent,
    NodeEvent,
    RepairEvent,
    RunEvent,
    SchemaEvent,
    SchemaRestoreEvent,
)

__all__ = ["evolve"]


def evolve(state: RunState, envelope: Envelope) -> None:
    """Change the state by one record. The commonest topics are asked for first."""
    event = envelope.event
    if isinstance(event, BatchEvent):
        fold_batch(state, event, envelope.at)
    elif isinstance(event, LocationEvent):
        fold_location(state, event)
    elif isinstance(event, NodeEvent):
        fold_node(state, event)
    elif isinstance(event, AlterationEvent):
        fold_alteration(state, event)
    elif isinstance(event, RepairEvent):
        fold_repair(state, event, envelope.at)
    elif isinstance(event, SchemaEvent):
        fold_schema(state, event)
    elif isinstance(event, SchemaRestoreEvent):
        fold_schema_restore(state, event)
    elif isinstance(event, RunEvent):
        fold_run(state, event)
    else:
        assert_never(event)
