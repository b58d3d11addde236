"""Actors on pykka's threads: letters in order, crashes that are told, and an end that leaves no thread behind."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pykka
import pytest
from tests.support.batches import download_command, node_with_backup
from tests.support.scripted_node import ADDRESS

from scylla_restore.actors.node import spawn_node
from scylla_restore.actors.pykka_runtime import PykkaRuntime
from scylla_restore.actors.runtime import Call, Stopped
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import BatchDownloaded

PATIENCE_S = 60.0


class Diary:
    """A behaviour that writes down its letters; a letter that is an error is raised, an event is set."""

    def __init__(self) -> None:
        self.letters: list[object] = []

    def receive(self, letter: object) -> None:
        match letter:
            case BaseException():
                raise letter
            case threading.Event():
                letter.set()
            case _:
                self.letters.append(letter)


class Crashes:
    """Remembers who crashed of what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, BaseException]] = []
        self.happened = threading.Event()

    def __call__(self, name: str, error: BaseException) -> None:
        self.told.append((name, error))
        self.happened.set()


@pytest.fixture
def runtime() -> Iterator[PykkaRuntime]:
    before = set(threading.enumerate())
    with PykkaRuntime() as runtime:
        yield runtime
        assert runtime.shutdown(timeout_s=PATIENCE_S) == ()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert left == set()
    assert pykka.ActorRegistry.get_all() == []


def test_letters_are_received_in_order_in_a_thread_of_the_actors_name(runtime: PykkaRuntime) -> None:
    diary, done = Diary(), threading.Event()
    actor = runtime.spawn("node/x", lambda: diary, Crashes())
    for number in range(100):
        actor.tell(number)
    actor.tell(done)
    assert done.wait(PATIENCE_S)
    assert diary.letters == list(range(100))
    assert "node/x" in {thread.name for thread in threading.enumerate()}


def test_a_behaviour_is_built_at_the_first_letter(runtime: PykkaRuntime) -> None:
    built = threading.Event()

    def build() -> Diary:
        built.set()
        return Diary()

    actor = runtime.spawn("node/x", build, Crashes())
    assert not built.is_set()
    actor.tell("letter")
    assert built.wait(PATIENCE_S)


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit(3), KeyboardInterrupt()])
def test_a_crash_is_told_with_its_error_and_the_dead_lose_their_letters(
    runtime: PykkaRuntime, error: BaseException
) -> None:
    diary, crashes = Diary(), Crashes()
    actor = runtime.spawn("node/x", lambda: diary, crashes)
    actor.tell(error)
    assert crashes.happened.wait(PATIENCE_S)
    actor.tell("lost")
    assert crashes.told == [("node/x", error)]
    assert diary.letters == []


def test_a_behaviour_that_cannot_be_built_is_a_crash(runtime: PykkaRuntime) -> None:
    def build() -> Diary:
        raise ZeroDivisionError

    crashes = Crashes()
    runtime.spawn("node/x", build, crashes).tell("letter")
    assert crashes.happened.wait(PATIENCE_S)
    assert isinstance(crashes.told[0][1], ZeroDivisionError)


def test_one_actors_exit_ends_no_other_not_even_in_another_runtime(runtime: PykkaRuntime) -> None:
    with PykkaRuntime() as other:
        crashes, done = Crashes(), threading.Event()
        bystander = other.spawn("node/y", Diary, crashes)
        runtime.spawn("node/x", Diary, crashes).tell(SystemExit())
        assert crashes.happened.wait(PATIENCE_S)
        bystander.tell(done)
        assert done.wait(PATIENCE_S)


def test_a_new_actor_may_bear_the_name_of_a_dead_one(runtime: PykkaRuntime) -> None:
    crashes, done = Crashes(), threading.Event()
    runtime.spawn("node/x", Diary, crashes).tell(ZeroDivisionError())
    assert crashes.happened.wait(PATIENCE_S)
    runtime.spawn("node/x", Diary, crashes).tell(done)
    assert done.wait(PATIENCE_S)


def test_timers_go_off_in_the_order_of_their_times(runtime: PykkaRuntime) -> None:
    order, done = list[str](), threading.Event()

    def note(word: str) -> Callable[[], None]:
        return lambda: order.append(word)

    hold = threading.Event()

    def hold_up() -> None:
        # so that all of them are waiting when the first is due
        hold.wait(PATIENCE_S)

    runtime.later(timedelta(0), hold_up)
    runtime.later(timedelta(milliseconds=3), note("third"))
    runtime.later(timedelta(milliseconds=1), note("first"))
    runtime.later(timedelta(milliseconds=2), note("second"))
    runtime.later(timedelta(milliseconds=4), done.set)
    hold.set()
    assert done.wait(PATIENCE_S)
    assert order == ["first", "second", "third"]


def test_an_action_that_fails_does_not_silence_the_others(runtime: PykkaRuntime) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    done = threading.Event()
    runtime.later(timedelta(0), fail)
    runtime.later(timedelta(0), done.set)
    assert done.wait(PATIENCE_S)


def test_a_timer_that_is_not_due_is_forgotten_at_the_end() -> None:
    went_off = threading.Event()
    with PykkaRuntime() as runtime:
        runtime.later(timedelta(hours=1), went_off.set)
    assert not went_off.is_set()


def test_time_is_told_in_utc(runtime: PykkaRuntime) -> None:
    assert runtime.now().tzinfo is UTC
    assert abs(datetime.now(UTC) - runtime.now()) < timedelta(minutes=1)


def test_a_call_that_hangs_is_named_at_the_end_and_holds_up_nothing() -> None:
    entered, go_on = threading.Event(), threading.Event()
    said: list[str] = []

    def hang(_: None) -> None:
        entered.set()
        go_on.wait(PATIENCE_S)

    async def load() -> None:
        try:
            await Call(None, hang)
            said.append("answered")
        except Stopped:
            said.append("stopped")

    runtime, crashes = PykkaRuntime(), Crashes()
    runtime.lane("node/x load", crashes).start(load())
    assert entered.wait(PATIENCE_S)
    assert runtime.shutdown(timeout_s=0.01) == ("node/x load",)
    go_on.set()
    assert runtime.shutdown(timeout_s=PATIENCE_S) == ()
    assert (said, crashes.told) == ([], [])


def test_letters_that_wait_are_dropped_at_the_end() -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Diary):
        def receive(self, letter: object) -> None:
            super().receive(letter)
            entered.set()
            go_on.wait(PATIENCE_S)

    runtime, diary = PykkaRuntime(), Slow()
    actor = runtime.spawn("node/x", lambda: diary, Crashes())
    actor.tell("first")
    actor.tell("second")
    assert entered.wait(PATIENCE_S)
    runtime.abandon()
    go_on.set()
    assert runtime.shutdown(timeout_s=PATIENCE_S) == ()
    assert diary.letters == ["first"]


def test_nothing_begins_after_the_end() -> None:
    runtime, diary, went_off = PykkaRuntime(), Diary(), threading.Event()
    runtime.shutdown()

    async def never() -> None:
        diary.letters.append("begun")

    runtime.spawn("node/x", lambda: diary, Crashes()).tell("letter")
    runtime.lane("node/x load", Crashes()).start(never())
    runtime.later(timedelta(0), went_off.set)
    assert runtime.shutdown(timeout_s=PATIENCE_S) == ()
    assert diary.letters == []
    assert not went_off.is_set()


def test_an_actor_may_end_its_own_runtime(runtime: PykkaRuntime) -> None:
    ended = threading.Event()

    class Last:
        def receive(self, letter: object) -> None:
            assert runtime.shutdown(timeout_s=PATIENCE_S) == ()
            assert letter == "end"
            ended.set()

    runtime.spawn("supervisor", Last, Crashes()).tell("end")
    assert ended.wait(PATIENCE_S)


def test_a_node_actor_works_on_threads_as_it_does_in_tests(runtime: PykkaRuntime) -> None:
    events, done = list[AnyEvent](), threading.Event()

    def report(event: AnyEvent) -> None:
        events.append(event)
        if isinstance(event, BatchDownloaded):
            done.set()

    actor = spawn_node(
        runtime, address=ADDRESS, gateway=node_with_backup(), report=report, on_crash=Crashes()
    )
    actor.tell(download_command())
    assert done.wait(PATIENCE_S)
    assert events[-1] == BatchDownloaded(batch=1, attempt=1, downloaded=330)


def test_a_defect_in_a_node_actors_lane_is_told_under_the_actors_name(runtime: PykkaRuntime) -> None:
    node, crashes = node_with_backup(), Crashes()

    def break_down() -> None:
        raise ZeroDivisionError

    node.before["disk_space"] = break_down
    actor = spawn_node(runtime, address=ADDRESS, gateway=node, report=lambda _event: None, on_crash=crashes)
    actor.tell(download_command())
    assert crashes.happened.wait(PATIENCE_S)
    assert [(name, type(error)) for name, error in crashes.told] == [(f"node/{ADDRESS}", ZeroDivisionError)]
