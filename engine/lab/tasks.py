"""What Scylla's task manager tells of a task, whatever it does."""

from datetime import UTC, datetime
from typing import Protocol

import msgspec

UNSET_TIME = "1970-01-01T00:00:00Z"


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


class Task(Protocol):
    """One task that can be asked about."""

    def status(self) -> TaskStatus:
        """Return how it stands."""
        ...

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it ends, and return whether it has."""
        ...

    def abort(self) -> None:
        """End it early, if it runs."""
        ...


def task_time(at: datetime | None) -> str:
    """Return a moment in whole seconds, as tasks tell it; None is one that has not come yet."""
    return UNSET_TIME if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
