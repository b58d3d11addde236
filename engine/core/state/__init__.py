"""What the fold knows of a run. Changed in place by the fold alone; everybody else reads."""

from scylla_restore.engine.core.state.batch import Batch, Phase
from scylla_restore.engine.core.state.ledger import Entry, Ledger
from scylla_restore.engine.core.state.location import LocationState
from scylla_restore.engine.core.state.node import NodeState
from scylla_restore.engine.core.state.repair import Repair, RepairPhase, Repairs
from scylla_restore.engine.core.state.run_state import Ending, RunState, Status
from scylla_restore.engine.core.state.schema import SchemaState
from scylla_restore.engine.core.state.workload import Directory, Segment, Workload

__all__ = [
    "Batch",
    "Directory",
    "Ending",
    "Entry",
    "Ledger",
    "LocationState",
    "NodeState",
    "Phase",
    "Repair",
    "RepairPhase",
    "Repairs",
    "RunState",
    "SchemaState",
    "Segment",
    "Status",
    "Workload",
]
