"""Processes race for one run in a real Cassandra, are killed and held up: no gap, no duplicate, nobody's turn cut."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from tests.support.cassandra import PASSWORD, Cluster
from tests.support.cassandra_logs import Execute, new_logs
from tests.support.console import wait_until

from scylla_restore.events.log.cql import CqlLog
from scylla_restore.events.log.reading import verify_run

PROJECT = Path(__file__).resolve().parents[2]
RUN = "run-1"
ENGINES = 2

pytestmark = [pytest.mark.real, pytest.mark.slow]


class Racer:
    """A process; ``acknowledged`` is what it was told to be durable before it was killed."""

    def __init__(self, address: str, name: str) -> None:
        command = [sys.executable, "-m", "tests.support.racing_engine", address, RUN, name]
        self._process = subprocess.Popen(  # noqa: S603 - a program of the tests
            command,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PASSWORD": PASSWORD},
        )
        self.acknowledged: list[tuple[int, int, str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def hold(self, pause: threading.Event, seconds: float) -> None:
        """Let it do nothing for a while, then go on as if nothing had been."""
        self._process.send_signal(signal.SIGSTOP)
        pause.wait(seconds)
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        assert self._process.poll() is None, "it ended by itself"
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith(b"\n"):
                self.acknowledged.append(msgspec.json.decode(line, type=tuple[int, int, str]))


@pytest.fixture
def log(cassandra: Cluster, cassandra_execute: Execute) -> Iterator[CqlLog]:
    with new_logs(cassandra, cassandra_execute) as open_log:
        yield open_log()


def race(log: CqlLog, cluster: Cluster, seconds: int) -> list[tuple[int, int, str]]:
    """Race for a while; return what any process was told to be durable."""
    dice, pause = random.Random(), threading.Event()  # noqa: S311 - as rough as it gets
    address = cluster.url(log.address.keyspace).removeprefix("cql://")
    racers = [Racer(address, f"engine {number}") for number in range(ENGINES)]
    killed: list[Racer] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pause.wait(dice.random() * 2)
        chosen = dice.randrange(ENGINES)
        if dice.random() < 0.4:
            racers[chosen].hold(pause, dice.choice((0.2, 3.0)))
        else:
            racers[chosen].kill()
            killed.append(racers[chosen])
            racers[chosen] = Racer(address, f"engine {len(racers) + len(killed)}")
    wait_until(lambda: sum(bool(each.acknowledged) for each in (*killed, *racers)) > 1, "two have written")
    for racer in racers:
        racer.kill()
    return [told for each in (*killed, *racers) for told in each.acknowledged]


def test_processes_that_race_for_a_run_leave_one_history(
    log: CqlLog, cassandra: Cluster, race_seconds: int
) -> None:
    acknowledged = race(log, cassandra, race_seconds)
    report = verify_run(log, RUN)
    assert report.ok, report.problems
    envelopes = list(log.read(RUN))
    epochs = [envelope.epoch for envelope in envelopes]
    assert epochs == sorted(epochs)
    assert len({(envelope.epoch, envelope.actor) for envelope in envelopes}) == len(set(epochs))
    hashes = {envelope.seq: envelope.hash.hex() for envelope in envelopes}
    assert [told for told in acknowledged if hashes.get(told[1]) != told[2]] == []
    ranges = sorted((first, last) for first, last, _ in acknowledged)
    assert all(end < begin for (_, end), (begin, _) in pairwise(ranges))
    assert len(set(epochs)) > 1
    assert acknowledged
