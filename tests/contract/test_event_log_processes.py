"""One SQLite log, several processes: one owner a run, and a killed one owns nothing."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.support import own_a_run
from tests.support.event_logs import Writer

from scylla_restore.events.errors import RunIsOwned
from scylla_restore.events.log.reading import verify_run
from scylla_restore.events.log.sqlite import SQLiteLog


class Engine:
    """A process that claims a run when it is told to."""

    def __init__(self, path: Path, *arguments: str) -> None:
        command = [sys.executable, own_a_run.__file__, str(path), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very interpreter

    def claim(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self._process.kill()
        with suppress(BrokenPipeError):
            self._process.communicate()


Start = Callable[..., Engine]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    with ExitStack() as engines:

        def start(*arguments: str) -> Engine:
            engine = Engine(path, *arguments)
            engines.callback(engine.kill)
            return engine

        yield start


@pytest.fixture
def log(path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(path, busy_timeout_s=30)
    yield log
    log.close()


def test_a_run_of_a_living_process_is_refused_and_named(start: Start, log: SQLiteLog) -> None:
    engine = start("run-1")
    engine.claim()
    assert engine.answer() == "owned"
    assert log.is_owned("run-1")
    with pytest.raises(RunIsOwned, match="another process, which is alive"):
        log.claim("run-1", "ann@host")


def test_a_killed_process_owns_nothing(start: Start, log: SQLiteLog) -> None:
    engine = start("run-1")
    engine.claim()
    assert engine.answer() == "owned"
    engine.kill()
    assert not log.is_owned("run-1")
    Writer(log).append_some(1)
    assert [envelope.epoch for envelope in log.read("run-1")] == [1, 2]
    assert verify_run(log, "run-1").ok


def test_what_a_killed_process_left_is_tidied_up(start: Start, path: Path, log: SQLiteLog) -> None:
    engine = start("run-1")
    engine.claim()
    assert engine.answer() == "owned"
    engine.kill()
    writer = Writer(log)
    assert _lock_files(path) == ["log.db-owner-run-1-2"]
    log.release(writer.claim)
    assert _lock_files(path) == []


def test_a_process_that_was_taken_over_lives_on_and_its_lock_means_nothing(
    start: Start, path: Path, log: SQLiteLog
) -> None:
    engine = start("run-1")
    engine.claim()
    assert engine.answer() == "owned"
    new = log.claim("run-1", "ann@host", take_over=True)
    assert _lock_files(path) == ["log.db-owner-run-1-1", "log.db-owner-run-1-2"]
    log.release(new)
    assert not log.is_owned("run-1")
    engine.kill()
    log.claim("run-1", "bob@host")
    assert _lock_files(path) == ["log.db-owner-run-1-3"]


def test_of_processes_that_make_the_log_and_claim_at_one_time_one_gets_the_run(
    start: Start, path: Path
) -> None:
    engines = [start("run-1") for _ in range(4)]
    for engine in engines:
        engine.claim()
    assert sorted(engine.answer() for engine in engines) == ["owned", "refused", "refused", "refused"]
    assert len(_lock_files(path)) == 1


def test_processes_write_side_by_side(start: Start, log: SQLiteLog) -> None:
    runs = [f"run-{number}" for number in range(4)]
    engines = [start(run) for run in runs]
    for engine in engines:
        engine.claim()
    assert [engine.answer() for engine in engines] == ["owned"] * 4
    assert [(log.head(run).seq, verify_run(log, run).ok) for run in runs] == [(1, True)] * 4


def test_a_process_that_is_killed_while_it_writes_leaves_whole_groups(start: Start, log: SQLiteLog) -> None:
    engine = start("run-1", "70")
    engine.claim()
    assert [engine.answer(), engine.answer()] == ["owned", "writing"]
    engine.kill()
    seq = log.head("run-1").seq
    assert (seq % 70, verify_run(log, "run-1").events, verify_run(log, "run-1").ok) == (1, seq, True)
    Writer(log).append_some(3)
    assert verify_run(log, "run-1").events == seq + 3


def test_readers_in_other_processes_do_not_hold_a_writing_one_up(start: Start, log: SQLiteLog) -> None:
    engine = start("run-1", "70")
    engine.claim()
    assert [engine.answer(), engine.answer()] == ["owned", "writing"]
    seqs = [sum(1 for _ in log.read("run-1")) for _ in range(5)]
    assert [seq % 70 for seq in seqs] == [1] * 5
    assert seqs == sorted(seqs)


def _lock_files(path: Path) -> list[str]:
    return sorted(found.name for found in path.parent.glob(f"{path.name}-owner-*"))
