"""What all nodes of a lab agree on: who is in the cluster, its tables, its repairs and view builds."""

import itertools
import threading
import uuid
from datetime import UTC, datetime

import msgspec

from scylla_restore.engine.lab.files import SharedFile
from scylla_restore.engine.lab.state import NodeSpec, Schema, Table

SYSTEM_KEYSPACES = ("system", "system_schema", "system_distributed", "system_traces")
REPLICATED_SYSTEM_KEYSPACES = ("system_distributed", "system_traces")


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of nodes that are not up and normal."""

    down: tuple[str, ...] = ()
    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()


class TaskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A task of Scylla's task manager."""

    id: str
    type: str
    kind: str = "node"
    scope: str = "table"
    state: str = "done"
    is_abortable: bool = True
    start_time: str
    end_time: str
    error: str = ""
    parent_id: str = "none"
    sequence_number: int
    shard: int = 0
    keyspace: str
    table: str
    entity: str = ""
    progress_units: str = ""
    progress_total: float = 1.0
    progress_completed: float = 1.0
    children_ids: tuple[str, ...] = ()


class Cluster:
    """The shared state. Repairs and view builds end the moment they are asked for."""

    def __init__(
        self, name: str, scylla_version: str, nodes: tuple[NodeSpec, ...], schema: SharedFile[Schema]
    ) -> None:
        self.name = name
        self.scylla_version = scylla_version
        self.nodes = nodes
        self.membership = Membership()
        self._schema = schema
        self._tasks: dict[str, TaskStatus] = {}
        self._repairs = itertools.count(1)
        self._last_repair = 0
        self._sequence = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables and views but the system's."""
        return self.schema().tables

    def schema(self) -> Schema:
        """Return the schema as it is now."""
        with self._lock:
            return self._schema.get()

    def node(self, address: str) -> NodeSpec | None:
        """Return the node with an address."""
        return next((node for node in self.nodes if node.address == address), None)

    def start_task(self, kind: str, keyspace: str, table: str) -> str:
        """Begin (and end) a task; return its id."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        task = TaskStatus(
            id=str(uuid.uuid4()),
            type=kind,
            start_time=now,
            end_time=now,
            sequence_number=next(self._sequence),
            keyspace=keyspace,
            table=table,
        )
        self._tasks[task.id] = task
        return task.id

    def task(self, task_id: str) -> TaskStatus | None:
        """Return a task, if it is known."""
        return self._tasks.get(task_id)

    def start_repair(self) -> int:
        """Begin (and end) a repair; return its id."""
        self._last_repair = next(self._repairs)
        return self._last_repair

    def knows_repair(self, repair: int) -> bool:
        """Whether a repair has this id."""
        return 0 < repair <= self._last_repair
