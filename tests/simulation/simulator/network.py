"""Between an engine and the world: requests travel, take effect, and are answered, or not."""

from enum import Enum
from random import Random

from tests.simulation.simulator.process import Process
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US


class NotYet(BaseException):
    """A simulated call blocks: it is performed again, with the same request, at ``until_us``."""

    def __init__(self, until_us: int) -> None:
        super().__init__(until_us)
        self.until_us = until_us


class Killed(BaseException):
    """The process that sent a request died before the request took effect."""


class Defect(Exception):
    """A planted crash: an exception that no procedure expects."""


class Fate(Enum):
    """What becomes of a request."""

    ANSWERED = "answered"
    LOST = "lost on the way: no effect, no answer"
    ANSWER_LOST = "carried out, but the answer is lost"
    DEFECT = "the caller's own code fails"


class Request:
    """One call under way: who sent it, what its sender knew to be durable, and what the world remembers of it."""

    __slots__ = (
        "begun",
        "fate",
        "fenced",
        "generation",
        "known_seq",
        "learns",
        "learns_epoch",
        "memo",
        "process",
    )

    def __init__(self, process: Process, fate: Fate) -> None:
        self.process = process
        self.known_seq = process.known_seq
        self.fate = fate
        self.fenced = process.fenced
        self.begun = False
        self.generation = -1
        self.learns = 0
        self.learns_epoch = 0
        self.memo: object = None


class Odds:
    """How likely a request is to be lost, in one seed; all zero once faults are cleared."""

    def __init__(self, *, lost: float = 0.0, answer_lost: float = 0.0, defect: float = 0.0) -> None:
        self.lost = lost
        self.answer_lost = answer_lost
        self.defect = defect

    def draw(self, random: Random) -> Fate:
        """Decide about one request."""
        point = random.random()
        if point < self.lost:
            return Fate.LOST
        if point < self.lost + self.answer_lost:
            return Fate.ANSWER_LOST
        if point < self.lost + self.answer_lost + self.defect:
            return Fate.DEFECT
        return Fate.ANSWERED


class SimPort:
    """Something of the world that procedures call. Each port belongs to one process."""

    def __init__(self, process: Process, odds: Odds, random: Random) -> None:
        self.process = process
        self.odds = odds
        self.random = random
        self.request: Request | None = None
        """The request that is being carried out now; None when a method is called outside any lane."""

    def lost(self) -> Exception:
        """The error of a call that got no answer."""
        raise NotImplementedError

    def performed(self) -> None:
        """Called after a request took effect, before its answer travels back."""

    def answered(self, request: Request, error: BaseException | None) -> None:
        """Called when an answer, or the want of one, reaches its process."""

    def latency_us(self) -> int:
        """How long a request or an answer travels: milliseconds, and once in a while much longer."""
        point = self.random.random()
        if point < 0.01:
            return int(point * 100 * 2 * SECOND_US)
        return int(point * 5 * MILLISECOND_US)

    def silence_us(self) -> int:
        """How long a caller waits until it takes an answer for lost: refused at once, or timed out."""
        return self.random.choice((MILLISECOND_US, SECOND_US, 30 * SECOND_US))
