"""Several threads, several engines."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from tests.contract.event_log.store import OpenStore, Store
from tests.support.event_logs import Writer, returned

from scylla_restore.events.errors import RunIsOwned, StaleOwner
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.reading import verify_run

THREADS = 8
T = TypeVar("T")


class Concurrency(Store):
    """All methods may be called from any thread."""

    def test_of_many_who_claim_at_one_time_one_gets_the_run(self, log: EventLog) -> None:
        def claim(who: int) -> int | None:
            try:
                return log.claim("run-1", f"engine {who}").epoch
            except RunIsOwned:
                return None

        epochs = at_one_time([partial(claim, who) for who in range(THREADS)])
        assert sorted(epochs, key=str) == [1, *[None] * (THREADS - 1)]

    def test_of_many_who_take_over_the_last_one_has_the_run(
        self, log: EventLog, open_store: OpenStore
    ) -> None:
        logs = [open_store() if self.has_several_handles else log for _ in range(4)]
        writers = at_one_time([partial(Writer, each, take_over=True) for each in logs])
        refused = 0
        for writer in writers:
            try:
                writer.append(returned(writer.claim.epoch))
            except StaleOwner:
                refused += 1
        assert sorted(writer.claim.epoch for writer in writers) == [1, 2, 3, 4]
        assert (refused, [envelope.epoch for envelope in log.read("run-1")]) == (3, [4])

    def test_runs_are_written_side_by_side(self, log: EventLog) -> None:
        def write(run: str) -> bool:
            writer = Writer(log, run)
            for _ in range(20):
                writer.append_some(5)
            return verify_run(log, run).ok

        runs = [f"run-{number}" for number in range(4)]
        assert all(at_one_time([partial(write, run) for run in runs]))
        assert [log.head(run).seq for run in runs] == [100] * 4

    def test_a_reader_sees_whole_groups_while_another_writes(self, log: EventLog) -> None:
        writer = Writer(log)
        writer.append_some(10)
        done = threading.Event()

        def write() -> list[int]:
            try:
                for _ in range(100):
                    writer.append_some(10)
            finally:
                done.set()
            return []

        def read() -> list[int]:
            lengths = []
            while not done.is_set():
                lengths.append(sum(1 for _ in log.read("run-1")))
                assert verify_run(log, "run-1").ok
            return lengths

        lengths, _ = at_one_time([read, write])
        assert lengths == sorted(lengths)
        assert {length % 10 for length in lengths} <= {0}
        assert log.head("run-1").seq == 1010


def at_one_time(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Call all of them in a thread each, as much at one time as can be, and return what they return."""
    start = threading.Barrier(len(calls), timeout=300)

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
