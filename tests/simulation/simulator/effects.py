"""What engines did to the world, in order, for the checkers."""

from collections import deque
from collections.abc import Callable
from enum import Enum

import msgspec
from tests.simulation.simulator.process import Process


class EffectKind(Enum):
    """A call that alters something."""

    COPY = "copy"
    MOVE = "move"
    LOAD = "load"
    PURGE = "purge"
    DELETE = "delete"
    STOP_JOB = "stop_job"
    FORGET_JOB = "forget_job"
    COMPACTION = "compaction"
    TRANSFERS = "transfers"
    BANDWIDTH = "bandwidth"
    CPU = "cpu"
    USER_TTL = "user_ttl"
    NATIVE = "native"
    REPAIR = "repair"
    ABORT_TASK = "abort_task"
    VIEW = "view"
    TOMBSTONE_GC = "tombstone_gc"
    STATEMENT = "statement"
    DROP = "drop"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One effect; ``known_seq`` is the last record that the sender knew to be durable when it sent the request."""

    kind: EffectKind
    node: str
    detail: str
    process: Process
    known_seq: int
    fenced: bool


class Point(msgspec.Struct, frozen=True):
    """A moment in an engine's life: the ``count``-th time that it reached a place; and what happens to it there.

    Places are ``before append``, ``after append`` (durable, and the engine does not know) and ``after call`` (a node or
    a store did what it was asked, and the engine does not know).
    """

    place: str
    count: int
    happens: str = "kill"


class Points:
    """Counts the moments at which something can happen to an engine, and lets it happen at the chosen ones."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.planned: deque[Point] = deque()
        self.happen: Callable[[str, Process], None] = lambda _what, process: process.kill()

    def reached(self, place: str, process: Process) -> None:
        """Count a moment; counting begins anew after each one at which something happened."""
        count = self.counts[place] = self.counts.get(place, 0) + 1
        if self.planned and (self.planned[0].place, self.planned[0].count) == (place, count):
            point = self.planned.popleft()
            self.counts.clear()
            self.happen(point.happens, process)
