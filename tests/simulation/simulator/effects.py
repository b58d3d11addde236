"""What engines did to the world, in order, for the checkers."""

from enum import Enum

import msgspec
from tests.simulation.simulator.process import Process


class EffectKind(Enum):
    """A call that alters something."""

    COPY = "copy"
    MOVE = "move"
    LOAD = "load"
    PURGE = "purge"
    STOP_JOB = "stop_job"
    FORGET_JOB = "forget_job"
    COMPACTION = "compaction"
    TRANSFERS = "transfers"
    BANDWIDTH = "bandwidth"
    CPU = "cpu"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One effect; ``known_seq`` is the last record that the sender knew to be durable when it sent the request."""

    kind: EffectKind
    node: str
    detail: str
    process: Process
    known_seq: int
    fenced: bool


class Points:
    """Counts the moments at which an engine can be killed, and kills it at the chosen one."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.kill_at: tuple[str, int] | None = None

    def reached(self, point: str, process: Process) -> bool:
        """Count a moment; True if it is the one at which this process is killed."""
        count = self.counts[point] = self.counts.get(point, 0) + 1
        if self.kill_at == (point, count):
            self.kill_at = None
            process.kill()
            return True
        return False
