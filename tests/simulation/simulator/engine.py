"""One engine in the simulation: the production actors, put together for a world of simulated ports."""

from collections.abc import Callable, Sequence

import msgspec
from tests.simulation.simulator.evidence import Snapshot
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.runtime import SimRuntime
from tests.simulation.simulator.scheduler import SECOND_US
from tests.simulation.simulator.world import World

from scylla_restore.actors.crew import ActorCrew
from scylla_restore.actors.runtime import Address
from scylla_restore.actors.supervisor import NAME, ActorCrashed, Begin, SupervisorActor, SupervisorLetter
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.state.run_state import encode_checkpoint
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import Claim
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.progress_state import ProgressState

Opening = Callable[[RunState], tuple[AnyEvent, ...]]


class SimEngine:
    """A process that owns the run: it claims it, reads its log, and goes on until it ends or is killed."""

    def __init__(self, world: World, process: Process, run: str) -> None:
        self.process = process
        self.is_over = False
        self.error: LogError | None = None
        self.crash: BaseException | None = None
        self.snapshots: list[Snapshot] = []
        self._loaded = LoadedRun(state=RunState(run=run), progress=ProgressState())
        self._world = world
        self._run = run
        self._runtime = SimRuntime(world.scheduler, process, world.faults.letter_odds)
        self._claim: Claim | None = None
        self._supervisor: Address[SupervisorLetter] | None = None

    @property
    def state(self) -> RunState:
        """What the engine holds of the run."""
        return self._loaded.state

    def claim(self, *, take_over: bool) -> None:
        """Become the run's owner, and fold its log."""
        log = self._world.safe_log(self.process)
        self._claim = log.claim(self._run, self.process.name, take_over=take_over)
        if self._claim.head.seq:
            self._loaded = load_run(log, self._run, up_to=self._claim.head.seq)
        self.process.epoch = self._claim.epoch

    def begin(self, opening: Opening) -> None:
        """Go on with the run, unless this engine is gone already."""
        claim = self._claim
        if claim is None or not self.process.alive:
            return
        events = opening(self.state)
        self._supervisor = self._runtime.spawn(NAME, lambda: self._build(claim, events), self._died)
        self._supervisor.tell(Begin())

    def recorded(self, envelopes: Sequence[Envelope]) -> None:
        """See ``actors.supervisor.Listener``: the state is now exactly the fold up to these records."""
        for envelope in envelopes:
            progress.apply(self._loaded.progress, envelope)
        self._world.show(self._run, list(envelopes))
        if self.state.over or self._world.random.random() < 0.02:
            held = encode_checkpoint(self.state, b"")
            self.snapshots.append(
                Snapshot(process=self.process.name, run=self._run, seq=envelopes[-1].seq, state=held)
            )

    def snapshot(self) -> bytes:
        """See ``actors.supervisor.Listener``."""
        return msgspec.msgpack.encode(self._loaded.progress)

    def log_went_away(self, error: LogError) -> None:
        """See ``actors.supervisor.Listener``."""

    def ended(self, error: LogError | None) -> None:
        """See ``actors.supervisor.Listener``: the process exits, at once when it was fenced off."""
        self.error = error
        delay_us = 0 if error else int(self._world.random.random() * SECOND_US / 2)
        self._runtime.after(delay_us, self._exit)

    def _exit(self) -> None:
        self.is_over = True
        self._world.log.exited(self._run, self.process)
        self.process.kill()

    def _build(self, claim: Claim, opening: tuple[AnyEvent, ...]) -> SupervisorActor:
        return SupervisorActor(
            state=self.state,
            claim=claim,
            log=self._world.event_log(self.process),
            runtime=self._runtime,
            myself=self._myself,
            crew=self._crew(),
            opening=opening,
            listener=self,
            on_lane_crash=self._died,
        )

    def _crew(self) -> ActorCrew:
        return ActorCrew(
            runtime=self._runtime,
            cluster=self._world.contact_points(self.process),
            log=self._world.event_log(self.process),
            open_store=lambda where, _via: self._world.object_store(where.key, self.process),
            report=lambda letter: self._myself().tell(letter),
            on_crash=self._actor_died,
            on_lane_crash=self._died,
        )

    def _myself(self) -> Address[SupervisorLetter]:
        if self._supervisor is None:
            raise AssertionError("the supervisor is not spawned yet")
        return self._supervisor

    def _actor_died(self, name: str, error: BaseException) -> None:
        self._myself().tell(ActorCrashed(name, f"{type(error).__name__}: {error}"))

    def _died(self, _name: str, error: BaseException) -> None:
        """The supervisor, or a lane of its own, died of a defect: the process ends, and the log is what remains."""
        self.crash = error
        self._runtime.after(0, self._exit)
