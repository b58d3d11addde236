"""Whole runs in a world that does whatever is worst: they end, restore everything once, and put everything back."""

from collections.abc import Iterator, Sequence
from itertools import count

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.support.answers import failed, missed, node_failed, occupied, started, undo_failed
from tests.support.hosts import directory, hosts
from tests.support.world import RUN, World

from scylla_restore.engine.core.commands import (
    Alter,
    CheckFiles,
    Command,
    DownloadBatch,
    InspectTables,
    JoinNode,
    LoadSSTables,
    LocationCommand,
    LookIntoUpload,
    MoveIntoUpload,
    NodeCommand,
    ReadNodeSettings,
    Undo,
)
from scylla_restore.engine.core.decide import decide, evolve
from scylla_restore.engine.core.state import RunState, Status
from scylla_restore.engine.core.state.run_state import decode_checkpoint, encode_checkpoint
from scylla_restore.events.model import AnyEvent, batches
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.run import AbortRequested, RunFailed
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import Staging, Tuning

WELL = ("well",) * 6
OF_BATCHES = tuple(cause for cause in Cause if cause not in (Cause.STOPPED, Cause.MISSING_OBJECT))
FATES = st.lists(st.integers(0, 60), min_size=60, max_size=120)
STEPS_MAX = 20_000


class Hostile:
    """A world whose next answers are fated; when the fates have run out, everything goes well."""

    def __init__(self, world: World, fates: Sequence[int]) -> None:
        self.world = world.on(Command, self._answer)
        self._fates = iter(fates)
        self._then: tuple[str, Command] | None = None

    def play(self) -> Iterator[RunState]:
        """Step by step, resuming whatever stopped, until the run is over for good."""
        self.world.start()
        for _ in range(STEPS_MAX):
            yield self.world.state
            if self.world.state.over and not self._resume():
                return
            went_on = self.world._step()
            self._intervene()
            assert went_on or self.world.state.over, f"stuck, with {self.world.hanging}"
        raise AssertionError("no end")

    def _resume(self) -> bool:
        last = self.world.log[-1].event
        if self.world.state.status is Status.DONE or (isinstance(last, RunFailed) and not last.resumable):
            return False
        self.world.resume()
        return True

    def _answer(self, command: Command) -> Sequence[AnyEvent] | None:
        fates = (*WELL, *_fates_of(command))
        fate = fates[next(self._fates, 0) % len(fates)]
        if fate in ("crash", "die", "pause", "abort", "started", "lost"):
            self._then = (fate, command)
        match fate, command:
            case "occupied", MoveIntoUpload() | LookIntoUpload():
                return occupied(command)
            case "lost", LoadSSTables():
                return (_lost(command),)
            case "started", DownloadBatch():
                return (started(command),)
            case "crash" | "die", _:
                return ()
            case "well" | "pause", _:
                return None
            case _:
                return _failure(fate, command)

    def _intervene(self) -> None:
        then, self._then = self._then, None
        match then:
            case ("crash" | "lost" | "started", NodeCommand(node=node)):
                self.world.crash(f"node/{node}")
            case ("crash", LocationCommand(location=location)):
                self.world.crash(f"location/{location}")
            case ("pause", _):
                self.world.pause()
            case ("die", _) if not self.world.state.over:
                self.world.resume()


def _fates_of(command: Command) -> tuple[str, ...]:  # noqa: PLR0911 - one return a command
    match command:
        case DownloadBatch():
            return ("crash", "die", "pause", *OF_BATCHES, *(() if command.jobs else ("started",)))
        case MoveIntoUpload() if command.is_direct:
            return ("crash", "die", "pause", *OF_BATCHES)
        case MoveIntoUpload() | LookIntoUpload():
            return ("crash", "die", "pause", "occupied", *OF_BATCHES)
        case LoadSSTables():
            return ("crash", "die", "pause", "lost", *OF_BATCHES)
        case NodeCommand():
            return ("crash", "die", "pause", "fail")
        case CheckFiles():
            return ("crash", "die", "pause", "fail")
        case LocationCommand():
            return ("crash", "die", "pause")
        case _:
            return ("die", "pause")


def _lost(command: LoadSSTables) -> AnyEvent:
    event = failed(command, Cause.UNREACHABLE)
    assert isinstance(event, batches.LoadFailed)
    return batches.LoadAnswerLost(
        batch=command.batch, attempt=command.attempt, node=command.node, failure=event.failure
    )


def _failure(fate: str, command: Command) -> Sequence[AnyEvent] | None:
    match command:
        case LookIntoUpload() | DownloadBatch() | MoveIntoUpload() | LoadSSTables():
            cause = fate if isinstance(fate, Cause) else Cause.FAILED
            return (failed(command, cause, staging_left=len(fate) % 2 == 0),)
        case CheckFiles():
            return missed(command, Cause.UNREACHABLE)
        case Alter() | JoinNode() | ReadNodeSettings() | InspectTables():
            return node_failed(command)
        case Undo():
            return undo_failed(command)
        case _:
            return None


def assert_whole(world: World) -> None:
    """All is restored once and put back, and whoever folds the log from the start knows the same."""
    loaded = [event.batch for event in world.events(batches.SSTablesLoaded)]
    assert len(loaded) == len(set(loaded))
    assert world.state.restored_sstables == world.state.workload.sstables
    assert not world.state.ledger.entries
    folded = RunState(run=RUN)
    for envelope in world.log:
        evolve(folded, envelope)
    assert folded == world.state


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(
    nodes=st.integers(1, 4),
    sizes=st.lists(st.lists(st.integers(1, 1000), min_size=1, max_size=12), min_size=1, max_size=3),
    tuning=st.builds(Tuning, parallel=st.integers(0, 2), staging=st.sampled_from(Staging)),
    noted=st.booleans(),
    fates=FATES,
)
def test_every_run_ends_with_everything_restored_once_and_everything_put_back(
    nodes: int, sizes: list[list[int]], tuning: Tuning, noted: bool, fates: list[int]
) -> None:
    world = World(
        hosts=hosts(*(f"n{number}" for number in range(nodes))),
        directories=tuple(directory(f"t{n}", s, noted=noted) for n, s in zip(count(), sizes)),
        tuning=tuning,
    )
    hostile = Hostile(world, fates)
    for state in hostile.play():
        assert world.state is state
    note(f"{len(world.log)} records")
    if world.state.status is Status.DONE:
        assert_whole(world)
    else:
        assert world.state.stage is Stage.INIT
        assert not world.state.ledger.entries


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(nodes=st.integers(1, 3), staging=st.sampled_from(Staging), fates=FATES)
def test_a_checkpoint_of_any_state_decides_as_the_state_itself(
    nodes: int, staging: Staging, fates: list[int]
) -> None:
    world = World(
        hosts=hosts(*(f"n{number}" for number in range(nodes))),
        directories=(directory("t1", range(1, 9)),),
        tuning=Tuning(staging=staging),
    )
    hostile = Hostile(world, fates)
    for state in hostile.play():
        copied, seen = decode_checkpoint(encode_checkpoint(state, b"seen"))
        assert seen == b"seen"
        assert copied == state
        assert decide(copied, world.now) == decide(state, world.now)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(nodes=st.integers(1, 3), staging=st.sampled_from(Staging), fates=FATES, steps=st.integers(1, 150))
def test_an_abort_at_any_time_puts_everything_back(
    nodes: int, staging: Staging, fates: list[int], steps: int
) -> None:
    world = World(
        hosts=hosts(*(f"n{number}" for number in range(nodes))),
        directories=(directory("t1", range(1, 20)), directory("t2", range(1, 10), noted=True)),
        tuning=Tuning(staging=staging),
    )
    hostile = Hostile(world, fates)
    for _ in zip(hostile.play(), range(steps), strict=False):
        pass
    if world.state.status is Status.RUNNING:
        world.heal().abort().play()
    if world.state.status is Status.PAUSED or isinstance(world.log[-1].event, RunFailed):
        world.heal().resume(opening=(AbortRequested(requested_by="ann"),)).play()

    assert world.state.status in (Status.ABORTED, Status.DONE)
    assert not world.state.ledger.entries
