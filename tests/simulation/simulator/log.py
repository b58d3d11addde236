"""The log as one engine reaches it: away at times, answering late or not at all, and never bent."""

from collections.abc import Collection, Iterator, Sequence

import msgspec
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.effects import Points
from tests.simulation.simulator.network import Killed, Odds, SimPort
from tests.simulation.simulator.network import Request as Sent
from tests.simulation.simulator.node import Window
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.scheduler import MILLISECOND_US, Scheduler

from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import LogUnavailable, StaleOwner
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Checkpoint, Claim, Head, Request, RequestKind

GRACE_US = 100 * MILLISECOND_US
"""How long an engine may take from learning that it is fenced to sending nothing more: its mailboxes' time."""


class Appended(msgspec.Struct, frozen=True):
    """Who wrote a record, and whether that engine owned the run when it did."""

    seq: int
    epoch: int
    process: Process
    owned: bool


class LogWorld:
    """The store behind all engines' logs."""

    def __init__(self, scheduler: Scheduler, points: Points, windows: list[Window]) -> None:
        self.store = MemoryLog()
        self.scheduler = scheduler
        self.points = points
        self.windows = windows
        self.owner: Process | None = None
        self.owner_epoch = 0
        self.appended: list[Appended] = []

    def exited(self, run: str, process: Process) -> None:
        """A process has ended in order, or of a defect: what it held is free."""
        if self.owner is process:
            self.owner = None
            self.store.abandon(run)

    @property
    def away(self) -> bool:
        """Whether nobody reaches the store now."""
        now_us = self.scheduler.now_us
        return any(window.begin_us <= now_us < window.end_us for window in self.windows)


class SimLog(SimPort):
    """``EventLog`` of one process."""

    def __init__(self, world: LogWorld, process: Process, odds: Odds, seed: str) -> None:
        super().__init__(process, odds, dice(f"{seed}/log/{process.name}"))
        self._world = world

    def lost(self) -> Exception:
        return LogUnavailable("the log does not answer")

    def answered(self, request: Sent, error: BaseException | None) -> None:
        """What an engine knows to be durable is what it was told."""
        if error is None:
            self.process.learn(request.learns)
        if isinstance(error, StaleOwner) or request.learns_epoch > self.process.epoch > 0:
            self._world.scheduler.after(GRACE_US, lambda: setattr(self.process, "fenced", True))

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        """Become the owner; one that is dead does not count."""
        self._arrive()
        world = self._world
        dead = world.owner is not None and not world.owner.alive
        claim = world.store.claim(run, owner, take_over=take_over or dead)
        world.owner, world.owner_epoch = self.process, claim.epoch
        self._learn(run, claim.head.seq)
        return claim

    def release(self, claim: Claim) -> None:
        """Give ownership back."""
        self._arrive()
        self._world.store.release(claim)
        if self._world.owner is self.process:
            self._world.owner = None

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        """Make records durable; the engine may die before or after."""
        self._arrive()
        world, process = self._world, self.process
        if process.alive:
            world.points.reached("before append", process)
            if not process.alive:
                raise Killed
        before = world.store.head(claim.run).seq
        world.store.append(claim, envelopes)
        self._learn(claim.run, envelopes[-1].seq)
        owned = world.owner is process and world.owner_epoch == claim.epoch
        for envelope in envelopes:
            if envelope.seq > before:
                world.appended.append(Appended(envelope.seq, envelope.epoch, process, owned))
        if process.alive:
            world.points.reached("after append", process)

    def keep(self, claim: Claim) -> None:
        """Stay the owner, if it still is."""
        self._arrive()
        self._learn(claim.run, self._world.store.head(claim.run).seq)
        self._world.store.keep(claim)

    def head(self, run: str) -> Head:
        """Return the end of the log."""
        self._arrive()
        head = self._world.store.head(run)
        self._learn(run, head.seq)
        if self.request is not None and run == self.process.run:
            self.request.learns_epoch = head.epoch
        return head

    def is_owned(self, run: str) -> bool:
        """Whether a living engine owns the run."""
        self._arrive()
        owner = self._world.owner
        return owner is not None and owner.alive and self._world.store.is_owned(run)

    def read(self, run: str, *, from_seq: int = 1) -> Iterator[Envelope]:
        """Yield the records."""
        self._arrive()
        self._learn(run, self._world.store.head(run).seq)
        return self._world.store.read(run, from_seq=from_seq)

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """Yield what is stored."""
        self._arrive()
        return self._world.store.read_records(run, from_seq=from_seq)

    def runs(self) -> list[str]:
        """Return all runs."""
        self._arrive()
        return self._world.store.runs()

    def post_request(self, request: Request) -> None:
        """Leave a request for the owner."""
        self._arrive()
        self._world.store.post_request(request)

    def requests(self, run: str) -> list[Request]:
        """Return the open requests."""
        self._arrive()
        return self._world.store.requests(run)

    def clear_requests(self, run: str, *, kinds: Collection[RequestKind] = tuple(RequestKind)) -> None:
        """Forget requests."""
        self._arrive()
        self._world.store.clear_requests(run, kinds=kinds)

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        self._arrive()
        self._world.store.save_checkpoint(checkpoint)

    def load_checkpoint(self, run: str, name: str) -> Checkpoint | None:
        """Return the newest checkpoint."""
        self._arrive()
        return self._world.store.load_checkpoint(run, name)

    def close(self) -> None:
        """Nothing is kept open."""

    def _arrive(self) -> None:
        if self._world.away:
            raise self.lost()

    def _learn(self, run: str, seq: int) -> None:
        """The answer under way tells that everything up to ``seq`` is durable; what is so of another run is no news here."""
        if run != self.process.run:
            return
        if self.request is None:
            self.process.learn(seq)
        else:
            self.request.learns = max(self.request.learns, seq)
