"""Of several runs that are started into one cluster at the same time, no two alter anything, whatever the order."""

from collections.abc import Iterator, Sequence

import pytest
from tests.support.event_logs import AT, Writer
from tests.support.hosts import directory, hosts, run_started
from tests.support.stepping import SteppingRuntime
from tests.support.world import World

from scylla_restore.actors.procedures.other_runs import seek_other_runs as search
from scylla_restore.engine.core.commands import SeekOtherRuns
from scylla_restore.engine.core.fold.run import fold_run
from scylla_restore.engine.core.rules.company import may_alter, seek_other_runs, withdraw
from scylla_restore.engine.core.state import RunState, Status
from scylla_restore.events.errors import CorruptLog, LogUnavailable
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import FailureDeclared, OtherRunsSought, RunFailed, UnfinishedRun
from scylla_restore.events.model.schema import SchemaObject
from scylla_restore.events.model.schema_restore import SchemaStatement
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import Tuning

CLUSTER_ID = run_started((), Tuning()).cluster_id
OTHER = UnfinishedRun(run="6f1d2c3b-0000-4000-8000-00000000ffff", snapshot_tag="sm_20260102030405UTC")
SCHEMA = (
    SchemaStatement(
        object=SchemaObject(keyspace="ks", kind="keyspace", name="ks"), statement="CREATE KEYSPACE ks"
    ),
)


class Contender:
    """A run that is started: it is recorded, looks for others, and either withdraws or alters something."""

    def __init__(self, log: MemoryLog, name: str) -> None:
        self._log, self.name = log, name
        self._state = RunState(run=name, stage=Stage.INIT, cluster_id=CLUSTER_ID)
        self._turn = 0
        self.alters = False

    def step(self) -> None:
        """Take the next of its three steps."""
        (self._record, self._look, self._act)[self._turn]()
        self._turn += 1

    def _record(self) -> None:
        self._writer = Writer(self._log, self.name)
        self._writer.append(run_started((), Tuning()))

    def _look(self) -> None:
        decision = seek_other_runs(self._state, AT)
        assert decision is not None
        (command,) = decision.commands
        assert isinstance(command, SeekOtherRuns)
        for event in sought(self._log, command):
            fold_run(self._state, event)

    def _act(self) -> None:
        decision = withdraw(self._state, AT)
        self.alters = decision is None and may_alter(self._state)
        for event in decision.events if decision is not None else ():
            assert isinstance(event, FailureDeclared)
            self._writer.append(
                event, RunFailed(failure=event.failure, resumable=event.resumable, exit_code=2)
            )


def sought(log: MemoryLog, command: SeekOtherRuns) -> list[OtherRunsSought]:
    told: list[AnyEvent] = []
    SteppingRuntime().drive(search(log, None, command, told.append))
    return [event for event in told if isinstance(event, OtherRunsSought)]


class TroubledLog(MemoryLog):
    """A log that raises some errors before it tells of its runs."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self._errors = list(errors)

    def runs(self) -> list[str]:
        """Fail, or return all runs."""
        if self._errors:
            raise self._errors.pop(0)
        return super().runs()


def alterers(order: Sequence[int]) -> list[int]:
    """Play contenders in an order of turns, and return those that altered something."""
    log = MemoryLog()
    contenders = [Contender(log, f"run-{number}") for number in range(1 + max(order))]
    for number in order:
        contenders[number].step()
    return [number for number, contender in enumerate(contenders) if contender.alters]


def orders(*left: int) -> Iterator[tuple[int, ...]]:
    """Yield every order in which contenders can take so many turns each."""
    if not any(left):
        yield ()
    for number, turns in enumerate(left):
        if turns:
            rest = tuple(each - (place == number) for place, each in enumerate(left))
            yield from ((number, *order) for order in orders(*rest))


@pytest.mark.parametrize("contenders", [2, 3])
def test_no_two_runs_alter_a_cluster_in_whatever_order_they_look(contenders: int) -> None:
    seen = {len(alterers(order)) for order in orders(*[3] * contenders)}
    assert seen == {0, 1}


def test_a_run_that_is_alone_when_it_looks_goes_on_whoever_comes_later() -> None:
    assert alterers((0, 0, 1, 0, 1, 1)) == [0]


def test_a_run_goes_on_when_the_other_one_has_withdrawn_before_it_looked() -> None:
    assert alterers((0, 1, 0, 0, 1, 1)) == [1]


def test_a_run_beside_another_ends_before_it_has_altered_anything_and_names_that_one() -> None:
    world = World(hosts=hosts("n1"), directories=(directory("t1", (3, 2)),))
    world.on(SeekOtherRuns, lambda _: (OtherRunsSought(unfinished=(OTHER,)),)).start().play()
    failed = world.log[-1].event
    assert isinstance(failed, RunFailed)
    assert (failed.resumable, failed.exit_code) == (False, 2)
    assert OTHER.run in failed.failure.message
    assert "scylla-restore runs" in (failed.failure.hint or "")


@pytest.mark.parametrize("statements", [(), SCHEMA])
def test_nothing_is_altered_while_nobody_knows_of_other_runs(statements: tuple[SchemaStatement, ...]) -> None:
    world = World(hosts=hosts("n1"), directories=(directory("t1", (3, 2)),)).hangs(SeekOtherRuns)
    world.statements = statements
    world.start()
    with pytest.raises(AssertionError, match="stuck"):
        world.play()
    assert world.state.stage is Stage.INIT
    assert world.heal().resume().play().state.status is Status.DONE


def test_a_log_that_is_away_is_asked_again() -> None:
    log = TroubledLog(LogUnavailable("away"), LogUnavailable("away"))
    assert sought(log, SeekOtherRuns(run="run-1", cluster_id=CLUSTER_ID)) == [OtherRunsSought()]


def test_a_log_that_cannot_be_searched_ends_a_run_before_it_has_altered_anything() -> None:
    log = TroubledLog(CorruptLog("run-2", 3, "it is missing"))
    (told,) = sought(log, SeekOtherRuns(run="run-1", cluster_id=CLUSTER_ID))
    world = World(hosts=hosts("n1"), directories=(directory("t1", (3, 2)),))
    world.on(SeekOtherRuns, lambda _: (told,)).start().play()
    failed = world.log[-1].event
    assert isinstance(failed, RunFailed)
    assert (failed.resumable, failed.exit_code) == (False, 1)
    assert "run-2, record 3: it is missing" in failed.failure.message
