"""The supervisor: owns a run, records what happens, asks the core what to do, and sends commands out.

    reports ──▶ admitted ──▶ sealed, folded ─┐
                                             ├──▶ one group ──▶ log lane ──▶ durable ──▶ commands, listeners
    decide ───▶ events ────▶ sealed, folded ─┘                                             │
       ▲                                                                                   │
       └───────────────────────────────────────────────────────────────────────────────────┘

One group is on its way at a time; what arrives meanwhile makes up the next one. The state may be ahead of the log by
that group, but nobody hears of it before it is durable: neither a node, nor a listener.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, assert_never

import msgspec

from scylla_restore.actors.letters import Reported
from scylla_restore.actors.log_lane import (
    Appended,
    AppendRefused,
    LogAway,
    LogLetter,
    append_group,
    forget_requests,
    keep_checkpoint,
    watch_requests,
)
from scylla_restore.actors.runtime import Address, Runtime
from scylla_restore.engine.core.admission import admits
from scylla_restore.engine.core.commands import Command
from scylla_restore.engine.core.decide import decide, evolve
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.run_state import CHECKPOINT_NAME, encode_checkpoint
from scylla_restore.events.chain import Sealer
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import Checkpoint, Claim, EventLog, RequestKind
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import AbortRequested, ActorFailed, PauseRequested

NAME = "supervisor"
CHECKPOINT_EVERY = 50_000
REQUESTS: Final[dict[type[AnyEvent], RequestKind]] = {
    PauseRequested: RequestKind.PAUSE,
    AbortRequested: RequestKind.ABORT,
}
STEPS_PER_GROUP = 2_000


class Begin(msgspec.Struct, frozen=True):
    """The first letter: record the opening events and go on from there."""


class Wake(msgspec.Struct, frozen=True):
    """Time has come to ask the core again."""


class ActorCrashed(msgspec.Struct, frozen=True):
    """An actor died of a defect; ``name`` is ``node/…`` or ``location/…``."""

    name: str
    error: str


SupervisorLetter = Begin | Wake | ActorCrashed | Reported | LogLetter


class Crew(Protocol):
    """Whoever carries commands to node actors, location actors and the cluster lane."""

    def send(self, command: Command) -> None:
        """Pass a command on, and return at once."""
        ...


class Listener(Protocol):
    """Whoever wants to know what became of the run. Called in the supervisor's thread: answer at once."""

    def recorded(self, envelopes: Sequence[Envelope]) -> None:
        """These records are durable now."""
        ...

    def snapshot(self) -> bytes:
        """Return what it made of the records so far, to be kept with the supervisor's own checkpoint."""
        ...

    def log_went_away(self, error: LogError) -> None:
        """The log does not answer; nothing new is started until it does."""
        ...

    def ended(self, error: LogError | None) -> None:
        """This engine has nothing more to do for the run; ``error`` is set when it was fenced off."""
        ...


class SupervisorActor:
    """See the module. ``state`` is the fold of the log up to the claim's head."""

    def __init__(
        self,
        *,
        state: RunState,
        claim: Claim,
        log: EventLog,
        runtime: Runtime,
        myself: Callable[[], Address[SupervisorLetter]],
        crew: Crew,
        opening: tuple[AnyEvent, ...],
        listener: Listener,
        on_lane_crash: Callable[[str, BaseException], None],
    ) -> None:
        self._state = state
        self._claim = claim
        self._log = log
        self._runtime = runtime
        self._myself = myself
        self._crew = crew
        self._listener = listener
        self._sealer = Sealer(run=claim.run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
        self._append_lane = runtime.lane(f"{NAME} log", on_lane_crash)
        self._watch_lane = runtime.lane(f"{NAME} requests", on_lane_crash)
        self._side_lane = runtime.lane(f"{NAME} side", on_lane_crash)
        self._opening = opening
        self._arrived: list[Reported] = []
        self._on_its_way: list[Envelope] | None = None
        self._held: list[Command] = []
        self._wake_at: datetime | None = None
        self._checkpoint_seq = claim.head.seq
        self._ended = False

    def receive(self, letter: SupervisorLetter) -> None:
        """Take one letter, then record and decide as far as that leads."""
        if self._ended:
            return
        match letter:
            case Begin():
                self._watch_lane.start(watch_requests(self._log, self._claim, self._tell))
            case Reported():
                self._arrived.append(letter)
            case ActorCrashed():
                self._arrived.append(Reported(NAME, ActorFailed(actor=letter.name, error=letter.error)))
            case Appended():
                self._release()
            case LogAway():
                self._listener.log_went_away(letter.error)
            case AppendRefused():
                self._end(letter.error)
            case Wake():
                self._wake_at = None
            case _:
                assert_never(letter)
        self._advance()

    def _advance(self) -> None:
        if self._ended or self._on_its_way is not None:
            return
        group = [self._record(NAME, event) for event in self._opening]
        self._opening = ()
        group += self._record_arrived()
        group += self._decide()
        if group:
            self._on_its_way = group
            self._append_lane.start(append_group(self._log, self._claim, group, self._tell))
        elif self._state.over:
            self._end(None)

    def _record_arrived(self) -> list[Envelope]:
        arrived, self._arrived = self._arrived, []
        return [
            self._record(report.actor, report.event)
            for report in arrived
            if admits(self._state, report.event)
        ]

    def _decide(self) -> list[Envelope]:
        envelopes: list[Envelope] = []
        for _ in range(STEPS_PER_GROUP):
            decision = decide(self._state, self._runtime.now())
            if not decision.events:
                self._wake(decision.wake_at)
                break
            envelopes += [self._record(NAME, event) for event in decision.events]
            self._held += decision.commands
        return envelopes

    def _record(self, actor: str, event: AnyEvent) -> Envelope:
        envelope = self._sealer.seal(event, at=self._runtime.now(), actor=actor)
        evolve(self._state, envelope)
        return envelope

    def _release(self) -> None:
        """The group is durable: now the world may hear of it."""
        group, self._on_its_way = self._on_its_way or [], None
        commands, self._held = self._held, []
        self._listener.recorded(group)
        for command in commands:
            self._crew.send(command)
        recorded = frozenset(REQUESTS[type(e.event)] for e in group if type(e.event) in REQUESTS)
        if recorded:
            self._side_lane.start(forget_requests(self._log, self._claim.run, recorded))
        if self._state.over or self._sealer.seq - self._checkpoint_seq >= CHECKPOINT_EVERY:
            self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        self._checkpoint_seq = self._sealer.seq
        checkpoint = Checkpoint(
            run=self._claim.run,
            name=CHECKPOINT_NAME,
            seq=self._sealer.seq,
            hash=self._sealer.hash,
            state=encode_checkpoint(self._state, self._listener.snapshot()),
        )
        self._side_lane.start(keep_checkpoint(self._log, checkpoint))

    def _wake(self, at: datetime | None) -> None:
        """Be woken at a time, unless an earlier timer does it anyway."""
        if at is None or (self._wake_at is not None and self._wake_at <= at):
            return
        self._wake_at = at
        delay = max(at - self._runtime.now(), timedelta(0))
        self._runtime.later(delay, lambda: self._tell(Wake()))

    def _end(self, error: LogError | None) -> None:
        self._ended = True
        self._watch_lane.stop()
        self._listener.ended(error)

    def _tell(self, letter: SupervisorLetter) -> None:
        self._myself().tell(letter)
