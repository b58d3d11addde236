"""A world for the core alone: it answers commands with events, in virtual time, without actors or a store.

    world = World(hosts=(host("n1"), host("n2")), directories=(directory("d1", (9, 8, 7)),))
    world.fails(DownloadBatch, Cause.REFUSED, node="n1")
    world.start().play()
    assert world.state.status is Status.DONE

Everything succeeds after a second, unless a test says otherwise. After each step the state's indexes are compared
with what they are an index of, and ``play`` fails when the core waits for nothing.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from tests.support.answers import (
    BatchWork,
    answer_of_nobody,
    batch_answer,
    beginning_of,
    failed,
    repair_failed,
    repair_planned,
    schema_answer,
    schema_read,
    tables_resolved,
    views_built,
)
from tests.support.hosts import CLUSTER, LOCATION, Host, locations_of, run_started
from tests.support.indexes import assert_indexes_fit

from scylla_restore.engine.core.admission import admits
from scylla_restore.engine.core.commands import (
    Alter,
    AwaitViews,
    Command,
    DiscoverCluster,
    DownloadBatch,
    IndexLocation,
    InspectTables,
    JoinNode,
    LocationCommand,
    LookIntoUpload,
    NodeCommand,
    OpenLocation,
    PlanRepair,
    ReadNodeSettings,
    ReadSchemaFile,
    RepairTable,
    ReplaceActor,
    ResolveTables,
    RestoreNatively,
    SchemaCommand,
    StopDownload,
    StopNativeRestore,
    StopRepair,
    Undo,
    VerifyLocation,
)
from scylla_restore.engine.core.decide import decide, evolve
from scylla_restore.engine.core.state import Phase, RunState
from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import AnyEvent, alterations, batches, locations, nodes, repairs, run
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.schema import SchemaRecorded
from scylla_restore.events.model.schema_restore import SchemaStatement
from scylla_restore.events.model.target import BackupLocation, RestoreKind, Tuning

RUN = "6f1d2c3b-0000-4000-8000-000000000001"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STEPS_MAX = 2_000

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=AnyEvent)
FINAL = (
    batches.BatchDownloaded
    | batches.DownloadFailed
    | batches.UploadFoundEmpty
    | batches.UploadFilled
    | batches.UploadOccupied
    | batches.SSTablesLoaded
    | batches.LoadFailed
)
Answer = Callable[[Command], Sequence[AnyEvent] | None]


class World:
    """Hosts, a backup, and a run's state with its log."""

    def __init__(
        self,
        *,
        hosts: Iterable[Host],
        directories: Iterable[locations.DirectoryIndexed] = (),
        where: tuple[BackupLocation, ...] = (LOCATION,),
        tuning: Tuning | None = None,
    ) -> None:
        self.hosts = {host.address: host for host in hosts}
        self.directories = tuple(directories)
        self.where = where
        self.tuning = tuning or Tuning()
        self.now = START
        self.state = RunState(run=RUN)
        self.log: list[Envelope] = []
        self.sent: list[Command] = []
        self.hanging: list[Command] = []
        self.took_s: Callable[[Command], float] = lambda _: 1.0
        self.wake_at: datetime | None = None
        self._sealer = Sealer(run=RUN, epoch=0, seq=0, head_hash=genesis(RUN))
        self._answers: list[Answer] = []
        self._due: list[tuple[datetime, int, Command]] = []
        self.repaired_by = repairs.RepairKind.SMALL_TABLE
        self.replicas = 3
        self.statements: tuple[SchemaStatement, ...] = ()
        self.schema = SchemaRecorded(offered=False, reason="no node offers CQL")

    # What a test does with it.

    def start(self) -> "World":
        """Begin the run, under a first engine."""
        self._sealer.epoch += 1
        started = run_started(self.where, self.tuning)
        if self.statements:
            selection = msgspec.structs.replace(started.target.selection, kind=RestoreKind.SCHEMA)
            target = msgspec.structs.replace(started.target, selection=selection)
            started = msgspec.structs.replace(started, target=target)
        self.tell(started, run.OwnerChanged(owner="ann", engine_version="1"))
        return self.decide()

    def die(self) -> "World":
        """Let the engine vanish: nobody answers what was asked for."""
        self._due.clear()
        self.hanging.clear()
        return self

    def resume(self, tuning: Tuning | None = None, opening: Iterable[AnyEvent] | None = None) -> "World":
        """Let another engine take the run over, with other settings if there are any."""
        self.die()
        self._sealer.epoch += 1
        self.tell(run.OwnerChanged(owner="bob", engine_version="1"))
        if tuning is not None:
            self.tell(run.SettingsChanged(before=self.state.target.tuning, after=tuning))
        self.tell(*(opening or (run.RunResumed(),)))
        return self.decide()

    def pause(self) -> "World":
        """Ask for a pause, as a person does."""
        return self.report("supervisor", run.PauseRequested(requested_by="ann", reason="asked for by ann"))

    def abort(self) -> "World":
        """Ask for the end, as a person does."""
        return self.report("supervisor", run.AbortRequested(requested_by="ann"))

    def crash(self, actor: str) -> "World":
        """Let an actor die of a defect, with all that it was doing."""
        self._due = [item for item in self._due if _actor_of(item[2]) != actor]
        heapq.heapify(self._due)
        self.hanging = [command for command in self.hanging if _actor_of(command) != actor]
        return self.report("supervisor", run.ActorFailed(actor=actor, error="ValueError: a defect"))

    def on(
        self,
        kind: type[C],
        answer: Callable[[C], Sequence[AnyEvent] | None],
        *,
        node: str = "",
        times: int = 10**9,
    ) -> "World":
        """Have the next commands of a kind answered in another way.

        No event at all is no answer, ever; None is the usual answer.
        """
        left = [times]

        def answered(command: Command) -> Sequence[AnyEvent] | None:
            meant = isinstance(command, kind) and (not node or getattr(command, "node", "") == node)
            if not meant or not left[0]:
                return None
            left[0] -= 1
            return answer(command) if isinstance(command, kind) else None

        self._answers.append(answered)
        return self

    def fails(
        self,
        kind: type[BatchWork],
        cause: Cause,
        *,
        node: str = "",
        times: int = 10**9,
        staging_left: bool = False,
    ) -> "World":
        """Have the next commands about batches fail."""
        return self.on(
            kind,
            lambda command: (failed(command, cause, staging_left=staging_left),),
            node=node,
            times=times,
        )

    def hangs(self, kind: type[Command], *, node: str = "", times: int = 10**9) -> "World":
        """Have the next commands of a kind answered by nobody; a download says at least that it began."""
        return self.on(kind, beginning_of, node=node, times=times)

    def heal(self) -> "World":
        """Answer everything as usual from now on."""
        self._answers.clear()
        return self

    def play(self, until: Callable[[RunState], bool] = lambda state: state.over) -> "World":
        """Let time pass until something is so. A run that waits for nothing before that is stuck."""
        for _ in range(100_000):
            if until(self.state):
                return self
            if not self._step():
                break
        raise AssertionError(f"stuck at {self.now}: {[type(c).__name__ for c in self.hanging]} hang")

    def until_phase(self, phase: Phase, *, node: str = "") -> "World":
        """Let time pass until a batch is in a phase."""
        return self.play(
            lambda state: any(
                not node or b.node == node for b in state.in_phase(phase)
            )  # a generator, not a list
        )

    def pass_s(self, seconds: float) -> "World":
        """Let so much time pass."""
        limit = self.now + timedelta(seconds=seconds)
        while (next_at := self._next_at()) is not None and next_at <= limit and not self.state.over:
            self._step()
        self.now = limit
        return self.decide()

    # What it looks at afterwards.

    def events(self, kind: type[E]) -> list[E]:
        """Return the recorded events of a kind."""
        return [envelope.event for envelope in self.log if isinstance(envelope.event, kind)]

    def commands(self, kind: type[C]) -> list[C]:
        """Return the commands of a kind that were sent."""
        return [command for command in self.sent if isinstance(command, kind)]

    # How it works.

    def tell(self, *events: AnyEvent, actor: str = "supervisor") -> None:
        """Record events, whatever the state says."""
        for event in events:
            envelope = self._sealer.seal(event, at=self.now, actor=actor)
            self.log.append(envelope)
            evolve(self.state, envelope)

    def report(self, actor: str, *events: AnyEvent) -> "World":
        """Record what still means something of what an actor reports, and go on."""
        for event in events:
            if admits(self.state, event):
                self.tell(event, actor=actor)
            if isinstance(event, FINAL):
                which = (event.batch, event.attempt)
                self.hanging = [c for c in self.hanging if not isinstance(c, BatchWork) or _which(c) != which]
        return self.decide()

    def decide(self) -> "World":
        """Ask the core until it has nothing to say, and send its commands."""
        for _ in range(STEPS_MAX):
            decision = decide(self.state, self.now)
            self.tell(*decision.events)
            assert_indexes_fit(self.state)
            for command in decision.commands:
                self._send(command)
            if not decision.events:
                assert not decision.commands, "a command that no event announced"
                self.wake_at = decision.wake_at
                return self
        raise AssertionError(f"no end of deciding: {[e.event for e in self.log[-6:]]}")

    def _send(self, command: Command) -> None:
        if isinstance(command, BatchWork):
            others = [
                c for c in (*self.hanging, *(item[2] for item in self._due)) if isinstance(c, BatchWork)
            ]
            assert _lane(command) not in map(_lane, others), f"{command} beside another in its lane"
        self.sent.append(command)
        due = self.now + timedelta(seconds=self.took_s(command))
        heapq.heappush(self._due, (due, len(self.sent), command))

    def _next_at(self) -> datetime | None:
        times = [self._due[0][0]] if self._due else []
        times += [self.wake_at] if self.wake_at else []
        return min(times, default=None)

    def _step(self) -> bool:
        next_at = self._next_at()
        if next_at is None:
            return False
        assert next_at > self.now or self._due, "the core asks to be woken at once, again and again"
        self.now = max(self.now, next_at)
        if not self._due or self._due[0][0] > self.now:
            self.decide()
            return True
        _, _, command = heapq.heappop(self._due)
        events = next((a for answer in self._answers if (a := answer(command)) is not None), None)
        events = self._answer(command) if events is None else events
        beginnings = batches.DownloadStarted | batches.NativeRestoreStarted | repairs.RepairStarted
        goes_on = bool(events) and isinstance(events[-1], beginnings)
        if goes_on or not (events or isinstance(command, ReplaceActor)):
            self.hanging.append(command)
        self.report(_actor_of(command), *events)
        return True

    def _answer(self, command: Command) -> Sequence[AnyEvent]:
        if isinstance(command, NodeCommand) and command.node not in self.hosts:
            return answer_of_nobody(command)
        return self._usual_answer(command)

    def _usual_answer(self, command: Command) -> Sequence[AnyEvent]:  # noqa: C901, PLR0911, PLR0912 - one return a command
        match command:
            case DiscoverCluster():
                found = tuple(host.discovered for host in self.hosts.values())
                tables = tuple(sorted({f"{d.keyspace}:{d.table}" for d in self.directories}))
                return (
                    nodes.ClusterDiscovered(
                        name=CLUSTER, nodes=found, keyspaces=(), user_keyspaces=(), tables=tables
                    ),
                )
            case ResolveTables():
                return (tables_resolved(command),)
            case SchemaCommand():
                return schema_answer(command, self.schema)
            case AwaitViews():
                return views_built(command)
            case ReadSchemaFile():
                return schema_read(command.location, self.statements)
            case OpenLocation():
                return (locations.LocationOpened(location=command.location, manifests=("manifest",)),)
            case IndexLocation():
                return tuple(locations_of(command.location, self.directories))
            case VerifyLocation():
                return (locations.LocationVerified(location=command.location),)
            case JoinNode():
                return (self.hosts[command.node].joined(command.locations),)
            case ReadNodeSettings():
                return (self.hosts[command.node].settings(command.tables),)
            case InspectTables():
                return (self.hosts[command.node].inspected(),)
            case Alter():
                return [alterations.AlterationMade(id=identifier) for identifier, _ in command.alterations]
            case Undo():
                return [alterations.AlterationUndone(id=identifier) for identifier, _ in command.alterations]
            case StopDownload() | StopNativeRestore():
                return self._stop(command)
            case PlanRepair():
                return (self.repair_plan(command),)
            case RepairTable():
                return (repairs.RepairCompleted(repair=command.repair, attempt=command.attempt),)
            case StopRepair():
                self.hanging = [other for other in self.hanging if not isinstance(other, RepairTable)]
                return (repair_failed(command, Cause.STOPPED),)
            case _:
                return batch_answer(command)

    def repair_plan(self, command: PlanRepair) -> repairs.RepairPlanned:
        """Return how everything is repaired."""
        return repair_planned(command, self.repaired_by, self.replicas)

    def _stop(self, command: StopDownload | StopNativeRestore) -> Sequence[AnyEvent]:
        def meant(other: Command) -> bool:
            return isinstance(other, DownloadBatch | RestoreNatively) and (other.batch, other.attempt) == (
                command.batch,
                command.attempt,
            )

        downloads = [c for c in (*self.hanging, *(item[2] for item in self._due)) if meant(c)]
        self.hanging = [c for c in self.hanging if not meant(c)]
        self._due = [item for item in self._due if not meant(item[2])]
        heapq.heapify(self._due)
        return [failed(c, Cause.STOPPED) for c in downloads]


def _which(command: BatchWork) -> tuple[int, int]:
    return command.batch, command.attempt


def _lane(command: BatchWork) -> tuple[str, bool]:
    return command.node, isinstance(command, DownloadBatch | LookIntoUpload)


def _actor_of(command: Command) -> str:
    match command:
        case NodeCommand():
            return f"node/{command.node}"
        case LocationCommand():
            return f"location/{command.location}"
        case _:
            return "supervisor"
