"""One whole simulation: engines start, are killed, paused and overtaken, and the run comes to its end in spite of it."""

from uuid import UUID

import msgspec
from tests.simulation.simulator.changes import change_cluster, other_minutes_us
from tests.simulation.simulator.checks import violations
from tests.simulation.simulator.delivery import ON_THE_WIRE_US
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.effects import Point
from tests.simulation.simulator.engine import SimEngine
from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.network import Defect
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.projected import Projected
from tests.simulation.simulator.scenario import WITHOUT_STAGING, Interruption, Scenario, tuning_of
from tests.simulation.simulator.scheduler import MINUTE_US, SECOND_US, Scheduler, Stuck
from tests.simulation.simulator.world import World

from scylla_restore.engine.core.state import Ending, RunState, Status
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import Request, RequestKind
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import (
    AbortRequested,
    OwnerChanged,
    PauseRequested,
    RunResumed,
    RunStarted,
    SettingsChanged,
)
from scylla_restore.events.model.target import Method, Staging

STEPS_MAX = 100_000
TIME_MAX_US = 24 * 60 * MINUTE_US
ENGINES_MAX = 12
TAKE_OVER_GRACE_US = 6 * SECOND_US
DOCTORED = 0.1
"""How often somebody has put back all that a run has left altered, before it is resumed."""


class Failed(AssertionError):
    """A simulation broke a rule; the message says which, and how to see it again."""


class Simulation:
    """Plays a scenario to its end."""

    def __init__(self, scenario: Scenario, *points: Point) -> None:
        self.scenario = scenario
        self._points = points
        self.world = World(scenario)
        self.world.points.planned.extend(points)
        self.world.points.happen = self._happen
        self.run = self._new_run()
        self.engines: list[SimEngine] = []
        self.aborting = False
        self._checked = False
        self._scheduler: Scheduler = self.world.scheduler

    @property
    def engine(self) -> SimEngine:
        """The newest engine."""
        return self.engines[-1]

    def play(self) -> Evidence:
        """Run engines until the run is completed or aborted.

        Raises:
            Failed: a rule was broken.
        """
        try:
            self._play()
        except Stuck as stuck:
            raise Failed(self._report([str(stuck)])) from stuck
        if not self._checked:
            self._check()
        return self._evidence()

    def records(self) -> list[Envelope]:
        """The records of the run as it stands."""
        return list(self.world.log.store.read(self.run))

    def _play(self) -> None:
        while True:
            self._let_time_pass()
            self._start()
            change_cluster(self.world, self._change(), self.engine.state, self.world.random)
            if self._is_finished():
                return
            self._scheduler.run(self._nobody_works, steps=STEPS_MAX, time_us=TIME_MAX_US)
            if self.engine.is_over and not isinstance(self.engine.crash, Defect):
                self._check_end()
                if self._is_finished():
                    return
            if len(self.engines) >= ENGINES_MAX:
                self.world.faults.clear()
            if len(self.engines) >= 2 * ENGINES_MAX:
                raise Stuck(f"not done with {len(self.engines)} engines")

    def _is_finished(self) -> bool:
        return self.engine.state.status in (Status.DONE, Status.ABORTED)

    def _new_run(self) -> str:
        self.world.projected = Projected()
        return str(UUID(int=self.world.random.getrandbits(128), version=4))

    def _nobody_works(self) -> bool:
        """Whether the newest engine is gone; older ones that were overtaken may still have to notice."""
        return not self.engine.process.alive

    def _check_end(self) -> None:
        """An engine that ended in order leaves the world in order, whatever the end.

        A failure or a pause has to be owed to the faults: without them the run has to go on to its end.
        """
        state = self.engine.state
        if self.engine.error is None and not state.over:
            raise Stuck(f"{self.engine.process.name} ended without an end") from self.engine.crash
        if not self.world.log.store.head(self.run).seq:
            return
        self._check()
        if not self._is_finished():
            self.world.faults.clear()
        if state.status is Status.FAILED and state.declared is not None and not state.declared.resumable:
            # It was refused before it touched anything: whoever asked for it asks again.
            self.run = self._new_run()

    def _check(self) -> None:
        problems = violations(self._evidence())
        if problems:
            raise Failed(self._report(problems))
        self._checked = True

    def _let_time_pass(self) -> None:
        """Until somebody starts the next engine; whoever does tries until the log answers."""
        pause_us = ON_THE_WIRE_US + other_minutes_us(self.world.random)
        until_us = self._scheduler.now_us + pause_us
        for window in sorted(self.world.faults.log_windows, key=lambda window: window.begin_us):
            if window.begin_us <= until_us < window.end_us:
                until_us = window.end_us
        self._scheduler.after(until_us - self._scheduler.now_us, lambda: None)
        self._scheduler.run(
            lambda: self._scheduler.now_us >= until_us, steps=STEPS_MAX, time_us=60 * MINUTE_US
        )

    def _start(self, *, take_over: bool = False) -> None:
        number = len(self.engines)
        skews = self.scenario.skews_us
        process = Process(f"engine-{number + 1}", run=self.run, skew_us=skews[number % len(skews)])
        engine = SimEngine(self.world, process, self.run)
        self.engines.append(engine)
        engine.claim(take_over=take_over)
        self._checked = False
        if self._is_finished():
            # The engine before was killed between its last record and its exit: there is nothing left to do.
            process.kill()
            return
        # Whoever takes a run over from an engine that lives waits until that one has noticed.
        self._scheduler.after(TAKE_OVER_GRACE_US if take_over else 0, lambda: engine.begin(self._opening))
        if number < len(self.scenario.interruptions):
            interruption = self.scenario.interruptions[number]
            self._scheduler.after(interruption.after_us, lambda: self._interrupt(engine, interruption))

    def _opening(self, state: RunState) -> tuple[AnyEvent, ...]:
        """What an engine records first, as a person would have started it."""
        owner = OwnerChanged(owner=self.engine.process.name, engine_version="1")
        if state.seed == 0:
            started = RunStarted(
                target=self.scenario.target,
                cluster=self.world.cluster.name,
                cluster_id=str(UUID(int=1)),
                seed=self.world.random.randint(1, 2**31),
                started_by="somebody",
                engine_version="1",
            )
            return (started, owner)
        if self.aborting or state.ending is Ending.ABORT:
            return (owner, AbortRequested(requested_by="somebody"))
        doctor = dice(f"{self.scenario.seed}/doctor/{len(self.engines)}")
        if self.world.faults.active and len(self._points) == 0 and doctor.random() < DOCTORED:
            reason = "what the run had left altered was to be put back"
            asked = PauseRequested(requested_by="somebody", reason=reason, puts_all_back=True)
            return (owner, RunResumed(), asked)
        if self._change() == "settings":
            tuning = tuning_of(self.world.random)
            if state.target.tuning.method is not Method.NATIVE:
                method = Method.RCLONE if len(self.engines) % 2 else Method.AUTO
                tuning = msgspec.structs.replace(tuning, method=method)
            switch = dice(f"{self.scenario.seed}/staging/{len(self.engines)}")
            if switch.random() < WITHOUT_STAGING:
                tuning = msgspec.structs.replace(tuning, staging=Staging.OFF)
            changed = SettingsChanged(before=state.target.tuning, after=tuning)
            return (owner, changed, RunResumed())
        return (owner, RunResumed())

    def _change(self) -> str:
        """What people did before the newest engine started."""
        number = len(self.engines) - 2
        changes = self.scenario.changes
        return changes[number] if 0 <= number < len(changes) else "nothing"

    def _interrupt(self, engine: SimEngine, interruption: Interruption) -> None:
        if engine.process.alive and self.world.faults.active and not self.world.log.away:
            self._happen(interruption.kind, engine.process)

    def _happen(self, what: str, process: Process) -> None:
        match what:
            case "kill":
                process.kill()
            case "take_over":
                self._start(take_over=True)
            case "pause":
                self._ask(RequestKind.PAUSE)
            case "abort":
                self.aborting = self._ask(RequestKind.ABORT)
            case unknown:
                raise AssertionError(unknown)

    def _ask(self, kind: RequestKind) -> bool:
        try:
            self.world.log.store.post_request(Request(run=self.run, kind=kind, requested_by="somebody"))
        except UnknownRun:
            return False
        return True

    def _evidence(self) -> Evidence:
        store = self.world.log.store
        return Evidence(
            scenario=self.scenario,
            run=self.run,
            records=list(store.read_records(self.run)),
            envelopes=self.records(),
            appended=self.world.log.appended,
            cluster=self.world.cluster,
            backup=self.world.backup,
            processes=[engine.process for engine in self.engines],
            snapshots=[s for engine in self.engines for s in engine.snapshots if s.run == self.run],
            projected=self.world.projected,
            calm=self.scenario.faults.none and not self.scenario.interruptions and not self._points,
        )

    def _report(self, problems: list[str]) -> str:
        lines = [f"seed {self.scenario.seed} broke {len(problems)} rules:"]
        lines += [f"  {problem}" for problem in problems[:10]]
        lines.append("the last records:")
        lines += [
            f"  {e.seq} {e.at:%H:%M:%S.%f} {e.epoch} {e.actor} {msgspec.json.encode(e.event).decode()[:300]}"
            f" {type(e.event).__name__}"
            for e in self.records()[-25:]
        ]
        lines += [f"  {line}" for line in digest(self.engine.state)]
        if self.scenario.seed.isdigit():
            lines.append(f"again: python tests/simulation/run.py {self.scenario.seed} -v")
        return "\n".join(lines)


def digest(state: RunState) -> list[str]:
    """What an engine believed, in a few lines."""
    lines = [
        (
            f"state: {state.status} {state.stage} ending={state.ending} left={state.workload.left}"
            f" returned={state.returned} failed={state.failed} to_load={state.to_load} blocked={state.blocked}"
            f" crashed={state.crashed} prepared={state.prepared} declared={state.declared is not None}"
        )
    ]
    lines += [
        f"batch {b.id}/{b.attempt} {b.phase} on {b.node} stopping={b.stopping} failures={b.failures} {b.not_before}"
        for b in state.batches.values()
    ]
    lines += [
        f"node {n.address} joined={n.joined is not None} attended={n.attended} altered={n.altered}"
        f" download={n.download} load={n.load} staged={n.staged} failures={n.failures} until={n.suspended_until}"
        for n in state.nodes.values()
    ]
    lines += [
        f"repair {r.id}/{r.attempt} {r.kind} {r.keyspace}.{r.table} on {r.node} {r.phase} task={r.task} failures={r.failures}"
        for r in state.repairs.units.values()
    ]
    lines.append(
        f"schema altered={state.schema.altered} agreed={state.schema.agreed} built={state.schema.built}"
        f" failure={state.schema.failure} asked={sorted(what for who, what in state.asked if who == 'supervisor')}"
    )
    lines += [
        f"ledger {e.id} made={e.made} undoing={e.undoing} undo_failures={e.undo_failures}"
        for e in state.ledger.entries.values()
    ]
    return lines
