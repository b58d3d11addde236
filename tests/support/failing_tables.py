"""Tables that fail when they are told to."""

from typing import Literal

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.projections.kept import Changes
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import Position, RunKey

How = Literal["refused", "lost"]


class FailingTables(MemoryTables):
    """What is ``refused`` is not done; where the answer is ``lost`` it is done, and nobody is told.

    ``failures`` are what becomes of the next calls of ``apply``, one after another; ``steps`` counts those that worked.
    """

    def __init__(self, *failures: How | None) -> None:
        super().__init__()
        self.failures = list(failures)
        self.steps = 0

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """Apply, or fail."""
        how = self.failures.pop(0) if self.failures else None
        if how != "refused":
            super().apply(run, changes, after=after, upto=upto)
        if how is not None:
            raise LogUnavailable(f"the answer was {how}")
        self.steps += 1
