"""The engine inside another program: what it can be asked for, and that nothing of it stays behind."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from loguru import logger
from tests.support.console import DEADLINE_S, LOAD_PATH, LOCATION, LabProcess, lab_process

from scylla_restore.engine.api import (
    Engine,
    Hooks,
    Outcome,
    Run,
    TargetFlags,
    build_target,
    load_config,
    open_engine,
)
from scylla_restore.engine.api.connection import cluster_connection
from scylla_restore.engine.api.stores import Stores
from scylla_restore.engine.config import choose_cluster
from scylla_restore.engine.core.state import Status
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Claim, Request, RequestKind
from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.run import PauseRequested, RunCompleted, RunStarted
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import RestoreTarget


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    """A lab in a process of its own: what is open here is ours."""
    with lab_process(tmp_path, "--nodes", "2") as lab:
        lab.back_up(sstables=8)
        yield lab


@pytest.fixture
def slow_lab(tmp_path: Path) -> Iterator[LabProcess]:
    """A lab that is not through with its loads for as long as a test takes, until its faults are ended."""
    with lab_process(tmp_path, "--nodes", "2", "--load-mbps", "0.4") as lab:
        lab.back_up(sstables=8)
        lab.fault("slow", on=f"{LOAD_PATH}*")
        yield lab


def embedded(lab: LabProcess, hooks: Hooks | None = None) -> AbstractContextManager[Engine]:
    return open_engine(load_config(lab.files.config).config, environment={}, owner="a service", hooks=hooks)


def target(lab: LabProcess, *keyspace: str) -> RestoreTarget:
    flags = TargetFlags(
        location=(LOCATION,), snapshot_tag=lab.tag, restore_tables=True, keyspace=keyspace or None
    )
    return build_target(flags)


def end_of(run: Run) -> Outcome:
    outcome = run.wait(DEADLINE_S)
    assert outcome is not None
    return outcome


def open_files() -> set[str]:
    """Return what this process has open, sockets included."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            found.add(f"{descriptor.name} {descriptor.readlink()}")
    return found


def test_a_block_with_an_engine_leaves_no_thread_no_socket_and_no_file_open(lab: LabProcess) -> None:
    gc.collect()
    files, threads = open_files(), set(threading.enumerate())
    with embedded(lab) as engine:
        run = engine.start(target(lab))
        assert end_of(run).status is Status.DONE
    gc.collect()
    assert {thread.name for thread in set(threading.enumerate()) - threads} == set()
    assert open_files() - files == set()


def test_a_block_that_is_left_in_the_middle_leaves_nothing_either_and_the_run_can_be_resumed(
    slow_lab: LabProcess,
) -> None:
    files, threads = open_files(), set(threading.enumerate())
    with embedded(slow_lab) as engine:
        run = engine.start(target(slow_lab))
        next(envelope for envelope in run.events() if isinstance(envelope.event, StageEntered))
    assert set(threading.enumerate()) - threads == set()
    assert open_files() - files == set()
    slow_lab.end_faults()
    with embedded(slow_lab) as engine:
        assert end_of(engine.resume(run.id)).status is Status.DONE


def test_events_are_yielded_from_the_first_to_the_last_at_the_callers_own_pace(lab: LabProcess) -> None:
    with embedded(lab) as engine:
        run = engine.start(target(lab))
        told = list(run.events())
        assert run.wait(0) is not None
    assert [envelope.seq for envelope in told] == list(range(1, len(told) + 1))
    assert isinstance(told[0].event, RunStarted)
    assert isinstance(told[-1].event, RunCompleted)


def test_waiting_ends_with_the_time_that_was_given_and_progress_can_be_asked_for_meanwhile(
    slow_lab: LabProcess,
) -> None:
    with embedded(slow_lab) as engine:
        run = engine.start(target(slow_lab))
        assert run.wait(0.01) is None
        assert run.progress(datetime.now(UTC)).run_id == run.id
        run.pause("the test")
        assert end_of(run).status is Status.PAUSED


def test_a_run_that_was_paused_can_be_resumed_and_aborted_by_the_same_engine(lab: LabProcess) -> None:
    paused: list[Run] = []

    def pause(run: Run, _loaded: SSTablesLoaded) -> None:
        if not paused:
            run.pause("the first batch")
        paused.append(run)

    with embedded(lab, Hooks(after_batch=pause)) as engine:
        run = engine.start(target(lab))
        assert end_of(run).status is Status.PAUSED
        paused.clear()
        again = engine.resume(run.id)
        assert end_of(again).status in {Status.PAUSED, Status.DONE}
        if end_of(again).status is Status.PAUSED:
            assert end_of(engine.abort(run.id)).status is Status.ABORTED


class TwoAtOnce(MemoryLog):
    """A log that lets nobody own a run before two want to: each has seen then that the other is not there."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2, timeout=DEADLINE_S)

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        self._both.wait()
        return super().claim(run, owner, take_over=take_over)


def test_of_two_runs_that_are_started_in_one_instant_one_at_most_alters_anything(lab: LabProcess) -> None:
    config = load_config(lab.files.config).config
    cluster = cluster_connection(choose_cluster(config), {})
    with (
        Stores(config, {}) as stores,
        Engine(log=TwoAtOnce(), cluster=cluster, open_store=stores.open, owner="x") as engine,
        ThreadPoolExecutor(2) as threads,
    ):
        ends = [end_of(run) for run in threads.map(engine.start, [target(lab)] * 2)]
    cluster.close()
    done = [end for end in ends if end.status is Status.DONE]
    withdrawn = [end for end in ends if end.failure and "started at the same time" in end.failure.message]
    assert len(done) <= 1
    assert len(done) + len(withdrawn) == 2
    assert {end.exit_code for end in withdrawn} == {2}


def test_a_pause_that_an_earlier_engine_was_asked_for_does_not_pause_the_next(lab: LabProcess) -> None:
    lab.fault("slow")
    with embedded(lab) as engine:
        run = engine.start(target(lab))
        run.pause("the test")
        assert end_of(run).status is Status.PAUSED
        with lab.log() as log:
            log.post_request(Request(run=run.id, kind=RequestKind.PAUSE, requested_by="ann"))
            resumed = engine.resume(run.id)
            assert log.requests(run.id) == []
        lab.end_faults()
        assert end_of(resumed).status is Status.DONE


def test_several_engines_restore_in_one_process_and_one_that_is_closed_does_not_hurt_the_others(
    lab: LabProcess, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with lab_process(other, "--nodes", "1", "--base-address", "127.0.0.21") as second:
        second.back_up(sstables=2)
        config = load_config(lab.files.config).config
        cluster = cluster_connection(choose_cluster(config), {})
        with Stores(config, {}) as stores, embedded(second) as elsewhere:
            logs = MemoryLog(), MemoryLog()
            first, idle = (
                Engine(log=log, cluster=cluster, open_store=stores.open, owner="x") for log in logs
            )
            runs = first.start(target(lab)), elsewhere.start(target(second))
            idle.plan(target(lab))
            idle.close()
            assert [end_of(run).status for run in runs] == [Status.DONE, Status.DONE]
            first.close()
        cluster.close()


def test_an_engine_closes_what_it_opened_and_leaves_open_what_it_was_given(lab: LabProcess) -> None:
    config = load_config(lab.files.config).config
    cluster = cluster_connection(choose_cluster(config), {})
    with Stores(config, {}) as stores:
        gc.collect()
        files = open_files()
        with Engine(log=MemoryLog(), cluster=cluster, open_store=stores.open, owner="x") as engine:
            assert end_of(engine.start(target(lab))).status is Status.DONE
        assert open_files() - files == set()
        assert cluster.contact().cluster_name() == "lab"
    cluster.close()


def test_hooks_are_called_before_and_after_each_stage_and_after_each_batch(lab: LabProcess) -> None:
    called: list[str] = []
    hooks = Hooks(
        before_stage=lambda _run, stage: called.append(f"before {stage}"),
        after_stage=lambda _run, stage: called.append(f"after {stage}"),
        after_batch=lambda _run, loaded: called.append(f"batch {loaded.batch}"),
    )
    with embedded(lab, hooks) as engine:
        assert end_of(engine.start(target(lab))).status is Status.DONE
    assert called[:3] == ["before INIT", "after INIT", f"before {called[2].removeprefix('before ')}"]
    at = called.index("before DATA"), called.index("after DATA")
    assert {name.split()[0] for name in called[at[0] + 1 : at[1]]} == {"batch"}
    assert called[-1] == "before DONE"


def test_a_hook_that_raises_pauses_the_run_with_its_words_and_is_asked_again_by_the_next_engine(
    lab: LabProcess,
) -> None:
    asked: list[Stage] = []

    def refuse_once(_run: Run, stage: Stage) -> None:
        asked.append(stage)
        if asked == [Stage.INIT, *asked[1:-1], Stage.DATA] and asked.count(Stage.DATA) == 1:
            raise ValueError("the application still writes")

    with embedded(lab, Hooks(before_stage=refuse_once)) as engine:
        run = engine.start(target(lab))
        outcome = end_of(run)
        assert outcome.status is Status.PAUSED
        (request,) = [e.event for e in run.events() if isinstance(e.event, PauseRequested)]
        assert request.reason == "a hook failed at StageEntered: ValueError: the application still writes"
        assert lab.left_behind() == []
        assert end_of(engine.resume(run.id)).status is Status.DONE
    assert asked.count(Stage.DATA) == 2


def test_a_subscriber_that_raises_is_told_no_more_and_the_run_goes_on(lab: LabProcess) -> None:
    told: list[Envelope] = []

    def refuse(envelope: Envelope) -> None:
        told.append(envelope)
        raise RuntimeError("no")

    with embedded(lab) as engine:
        run = engine.start(target(lab))
        unsubscribe = run.subscribe(refuse)
        assert end_of(run).status is Status.DONE
        unsubscribe()
    assert len(told) == 1


def test_the_times_of_the_record_are_those_of_the_clock_that_was_given(lab: LabProcess) -> None:
    shift = timedelta(days=-1000)
    config = load_config(lab.files.config).config
    cluster, log = cluster_connection(choose_cluster(config), {}), MemoryLog()
    clock = lambda: datetime.now(UTC) + shift  # noqa: E731  # one word for it
    with (
        Stores(config, {}) as stores,
        Engine(log=log, cluster=cluster, open_store=stores.open, owner="x", clock=clock) as engine,
    ):
        run = engine.start(target(lab))
        end_of(run)
        first = next(log.read(run.id))
    cluster.close()
    assert datetime.now(UTC) - first.at > timedelta(days=999)


def test_nothing_is_logged_unless_somebody_asks_for_it(lab: LabProcess) -> None:
    heard: list[str] = []
    sink = logger.add(heard.append, level=0)
    try:
        with embedded(lab) as engine:
            end_of(engine.start(target(lab, "nothing")))
    finally:
        logger.remove(sink)
    assert heard == []
