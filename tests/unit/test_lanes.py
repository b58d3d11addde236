"""Lanes as threads: effects are performed in order, a stop is told once, a hanging call holds up nobody."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from scylla_restore.actors.lanes import ThreadLane
from scylla_restore.actors.runtime import Call, Sleep, Stopped

LONG = timedelta(hours=1)
PATIENCE_S = 60.0


class Bench:
    """A lane and what became of its procedures."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.crashes: list[BaseException] = []
        self.crashed = threading.Event()
        self.lane = ThreadLane("node/x download", self._on_crash)

    def _on_crash(self, name: str, error: BaseException) -> None:
        assert name == "node/x download"
        self.crashes.append(error)
        self.crashed.set()

    def say(self, word: str) -> Call["Bench", None]:
        return Call(self, lambda bench: bench.said.append(word))

    def finish(self) -> list[str]:
        """Wait until the lane has done all it was given, and return what was said."""
        done = threading.Event()

        async def last() -> None:
            await Call(done, threading.Event.set)

        self.lane.start(last())
        assert done.wait(PATIENCE_S)
        return self.said


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.lane.close()
    assert bench.lane.join(PATIENCE_S)


def wait_for(event: threading.Event) -> Call[threading.Event, bool]:
    return Call(event, lambda waited: waited.wait(PATIENCE_S))


def test_procedures_run_one_after_another(bench: Bench) -> None:
    async def say_twice(word: str) -> None:
        await bench.say(word)
        await Sleep(timedelta(0))
        await bench.say(word)

    for word in "abc":
        bench.lane.start(say_twice(word))
    assert bench.finish() == list("aabbcc")


def test_calls_are_made_in_a_daemon_thread_of_the_lanes_name(bench: Bench) -> None:
    async def look() -> None:
        thread = await Call(None, lambda _: threading.current_thread())
        await bench.say(f"{thread.name} {thread.daemon}")

    bench.lane.start(look())
    assert bench.finish() == ["node/x download True"]


def test_answers_and_errors_reach_whoever_awaits_the_call(bench: Bench) -> None:
    async def ask() -> None:
        await bench.say(str(await Call(20, lambda number: number + 1)))
        try:
            await Call(0, lambda number: 1 / number)
        except ZeroDivisionError:
            await bench.say("caught")

    bench.lane.start(ask())
    assert bench.finish() == ["21", "caught"]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_procedure_that_raises_is_told_and_the_lane_goes_on(
    bench: Bench, error: type[BaseException]
) -> None:
    def fail(_: None) -> None:
        raise error

    async def break_down() -> None:
        await Call(None, fail)

    bench.lane.start(break_down())
    assert bench.finish() == []
    assert [type(crash) for crash in bench.crashes] == [error]


def test_a_stop_ends_a_sleep_at_once_and_is_told_only_once(bench: Bench) -> None:
    asleep = threading.Event()

    async def sleep() -> None:
        try:
            await Call(asleep, threading.Event.set)
            await Sleep(LONG)
        except Stopped:
            await bench.say("stopped")
            await Sleep(timedelta(0))
            await bench.say("cleaned up")

    bench.lane.start(sleep())
    assert asleep.wait(PATIENCE_S)
    bench.lane.stop()
    bench.lane.stop()
    assert bench.finish() == ["stopped", "cleaned up"]


def test_a_call_under_way_is_answered_before_the_stop_is_told(bench: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def begin(_: None) -> int:
        entered.set()
        go_on.wait(PATIENCE_S)
        return 4711

    async def start_job() -> None:
        job = await Call(None, begin)
        try:
            await bench.say("never said")
        except Stopped:
            await bench.say(f"stopped, job {job} is known")

    bench.lane.start(start_job())
    assert entered.wait(PATIENCE_S)
    bench.lane.stop()
    go_on.set()
    assert bench.finish() == ["stopped, job 4711 is known"]


def test_a_stop_is_told_to_those_that_wait_but_to_none_that_comes_later(bench: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()

    async def hold() -> None:
        await Call(entered, threading.Event.set)
        await wait_for(go_on)

    async def tell(word: str) -> None:
        try:
            await bench.say(word)
        except Stopped:
            await bench.say(f"{word} stopped")

    bench.lane.start(hold())
    bench.lane.start(tell("waiting"))
    assert entered.wait(PATIENCE_S)
    bench.lane.stop()
    bench.lane.start(tell("later"))
    go_on.set()
    assert bench.finish() == ["waiting stopped", "later"]


def test_a_stop_of_an_idle_lane_stops_nothing_that_comes_later(bench: Bench) -> None:
    bench.finish()
    bench.lane.stop()

    async def tell() -> None:
        await bench.say("as usual")

    bench.lane.start(tell())
    assert bench.finish() == ["as usual"]


def test_a_procedure_that_lets_the_stop_through_has_ended_without_a_crash(bench: Bench) -> None:
    asleep = threading.Event()

    async def sleep() -> None:
        await Call(asleep, threading.Event.set)
        await Sleep(LONG)

    bench.lane.start(sleep())
    assert asleep.wait(PATIENCE_S)
    bench.lane.stop()
    assert (bench.finish(), bench.crashes) == ([], [])


def test_a_closed_lane_performs_nothing_more_and_delivers_no_answer(bench: Bench) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hang(_: None) -> None:
        entered.set()
        go_on.wait(PATIENCE_S)

    async def work() -> None:
        try:
            await Call(None, hang)
            bench.said.append("answered")
        except Stopped:
            bench.said.append("stopped")

    async def never() -> None:
        bench.said.append("begun")

    bench.lane.start(work())
    bench.lane.start(never())
    assert entered.wait(PATIENCE_S)
    bench.lane.close()
    bench.lane.start(never())
    assert not bench.lane.join(0.0), "the call still hangs"
    go_on.set()
    assert bench.lane.join(PATIENCE_S)
    assert (bench.said, bench.crashes) == ([], [])


def test_a_closed_lane_ends_a_sleep(bench: Bench) -> None:
    asleep = threading.Event()

    async def sleep() -> None:
        await Call(asleep, threading.Event.set)
        await Sleep(LONG)

    bench.lane.start(sleep())
    assert asleep.wait(PATIENCE_S)
    bench.lane.close()
    assert bench.lane.join(PATIENCE_S)


def test_a_lane_that_never_had_anything_to_do_has_no_thread() -> None:
    lane = ThreadLane("idle", lambda _name, _error: None)
    lane.close()
    assert lane.join(0.0)
    assert "idle" not in {thread.name for thread in threading.enumerate()}
