"""A batch that Scylla restores by itself: begun, followed, stopped, and not taken for another's."""

from collections import deque
from datetime import timedelta

import pytest
from tests.support.scripted_node import (
    ADDRESS,
    ScriptedNode,
    refused,
    task_state,
    unknown_task,
    unreachable,
)
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.native import ENDING_PATIENCE, POLL_S, restore_natively
from scylla_restore.engine.cluster.port import ScyllaTask
from scylla_restore.engine.core.commands import RestoreNatively
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import (
    LoadAnswerLost,
    LoadFailed,
    NativeRestoreProgressed,
    NativeRestoreStarted,
    SSTablesLoaded,
)
from scylla_restore.events.model.failure import Cause

LOADED = SSTablesLoaded(batch=4, attempt=2)
TOCS = ("me-3g1-big-TOC.txt", "me-3g2-big-TOC.txt")


def command(*, task: str = "") -> RestoreNatively:
    return RestoreNatively(
        node=ADDRESS,
        batch=4,
        attempt=2,
        keyspace="ks",
        table="t",
        endpoint="https://s3.example",
        bucket="backups",
        prefix="backup/sst/d",
        sstables=TOCS,
        size=1000,
        task=task,
    )


def begun(task: str = "task-1") -> NativeRestoreStarted:
    return NativeRestoreStarted(batch=4, attempt=2, task=task)


class Scene:
    """A node, and the one restore that it is asked for; each poll takes as long as it may."""

    def __init__(self, node: ScriptedNode) -> None:
        self.node = node
        self.runtime = SteppingRuntime()
        self.events: list[AnyEvent] = []
        node.before["task_status"] = self._poll

    def run(self, asked: RestoreNatively) -> list[AnyEvent]:
        who = Node(self.node, address=ADDRESS, now=self.runtime.now, report=self.events.append)
        self.lane = self.runtime.lane("load", self._raise)
        self.lane.start(restore_natively(who, asked))
        self.runtime.run()
        return self.events

    def stops_at(self, method: str) -> "Scene":
        """Stop the restore while the node is asked for this."""
        before = self.node.before.pop(method, lambda: None)

        def stop() -> None:
            before()
            self.node.before[method] = before
            self.lane.stop()

        self.node.before[method] = stop
        return self

    def _poll(self) -> None:
        self.runtime.time += timedelta(seconds=POLL_S)

    def _raise(self, _name: str, error: BaseException) -> None:
        raise error


def run(node: ScriptedNode, *, task: str = "") -> list[AnyEvent]:
    return Scene(node).run(command(task=task))


def failure_of(events: list[AnyEvent]) -> LoadFailed:
    last = events[-1]
    assert isinstance(last, LoadFailed)
    assert not last.staging_left
    return last


def restore(task: str, *, state: str = "running", table: str = "t") -> ScyllaTask:
    return ScyllaTask(id=task, type="download_sstables", state=state, keyspace="ks", table=table, sequence=1)


def test_a_batch_is_begun_followed_and_loaded() -> None:
    node = ScriptedNode()
    node.task_states.extend([task_state("running"), task_state("done", completed=3, total=3)])

    assert run(node) == [begun(), LOADED]
    where = ("https://s3.example", "backups", "backup/sst/d", "ks", "t", TOCS)
    assert ("start_native_restore", *where) in node.asked
    assert ("task_status", "task-1", POLL_S) in node.asked


def test_progress_is_told_in_bytes_once_there_is_something_to_tell() -> None:
    node = ScriptedNode()
    states = [(0.0, 0.0), (0.0, 4.0), (1.5, 4.0), (1.5, 4.0), (5.0, 4.0)]
    node.task_states.extend(task_state("running", completed=done, total=total) for done, total in states)

    progress = [event for event in run(node) if isinstance(event, NativeRestoreProgressed)]
    assert [event.restored for event in progress] == [375, 1000]


def test_a_task_that_another_engine_began_is_followed() -> None:
    node = ScriptedNode()

    assert run(node, task="task-7") == [LOADED]
    assert node.calls == ["task_status"]


def test_a_task_that_scylla_has_forgotten_says_nothing_about_the_batch() -> None:
    node = ScriptedNode()
    node.fails["task_status"].append(unknown_task())

    failed = failure_of(run(node, task="task-7"))
    assert failed.failure.cause is Cause.AGENT_RESTARTED
    assert "forgotten task task-7" in failed.failure.message


@pytest.mark.parametrize(
    ("words", "cause"),
    [("std::runtime_error (No space left on device)", Cause.NO_SPACE), ("stream closed", Cause.FAILED)],
)
def test_a_task_that_failed_is_told_in_scyllas_words(words: str, cause: Cause) -> None:
    node = ScriptedNode()
    node.task_states.append(task_state("failed", error=words))

    failed = failure_of(run(node))
    assert failed.failure.cause is cause
    assert words in failed.failure.message


def test_a_request_that_is_refused_is_not_made_again() -> None:
    node = ScriptedNode()
    node.fails["start_native_restore"].append(refused("endpoint not found", status=400))

    assert failure_of(run(node)).failure.cause is Cause.REFUSED
    assert node.calls.count("start_native_restore") == 1


def test_after_a_lost_answer_the_task_that_may_run_is_waited_for() -> None:
    node = ScriptedNode()
    node.loses["start_native_restore"] = 1
    node.before["start_native_restore"] = lambda: setattr(node, "listed_tasks", (restore("lost"),))
    listed: list[tuple[ScyllaTask, ...]] = []

    def look() -> None:
        listed.append(node.listed_tasks)
        if len(listed) == 4:
            node.listed_tasks = (restore("lost", state="done"),)

    node.before["tasks"] = look
    assert run(node) == [begun("task-2"), LOADED]
    assert [len(tasks) for tasks in listed] == [0, 1, 1, 1]
    assert node.calls.count("start_native_restore") == 2


def test_a_restore_of_another_table_is_not_waited_for() -> None:
    node = ScriptedNode()
    node.listed_tasks = (restore("others", table="t2"), restore("ended", state="failed"))

    assert run(node) == [begun(), LOADED]


def test_who_waits_long_says_so() -> None:
    node = ScriptedNode()
    node.listed_tasks = (restore("somebody's"),)
    looks = iter(range(1000))
    node.before["tasks"] = lambda: setattr(
        node, "listed_tasks", node.listed_tasks if next(looks) < 15 else ()
    )

    told = [event for event in run(node) if isinstance(event, LoadAnswerLost)]
    assert len(told) == 1
    assert "task somebody's restores ks.t" in told[0].failure.message


def test_a_node_that_does_not_tell_of_its_tasks_is_asked_all_the_same() -> None:
    node = ScriptedNode()
    node.fails["tasks"].append(refused("no such module", status=400))

    assert run(node) == [begun(), LOADED]


def test_a_node_that_is_silent_for_a_while_is_followed_when_it_is_back() -> None:
    node = ScriptedNode()
    node.fails["task_status"] = deque([unreachable()] * 10)

    assert run(node) == [begun(), LOADED]


def test_a_node_that_is_silent_for_too_long_is_given_up() -> None:
    node = ScriptedNode()
    node.fails["task_status"] = deque([unreachable()] * 1000)

    assert failure_of(run(node)).failure.cause is Cause.UNREACHABLE


def test_a_stop_ends_the_task_and_waits_for_that() -> None:
    node = ScriptedNode()
    node.task_states.extend([task_state("running"), task_state("running"), task_state("failed")])

    events = Scene(node).stops_at("task_status").run(command())
    assert node.aborted == ["task-1"]
    assert node.calls[-2:] == ["task_status", "task_status"]
    assert failure_of(events).failure.cause is Cause.STOPPED


def test_a_task_that_was_done_before_it_heard_of_the_stop_is_done() -> None:
    node = ScriptedNode()
    node.task_states.extend([task_state("running"), task_state("done")])

    assert Scene(node).stops_at("task_status").run(command()) == [begun(), LOADED]


def test_a_task_that_is_gone_when_it_is_to_stop_is_stopped() -> None:
    node = ScriptedNode()
    node.task_states.append(task_state("running"))
    node.fails["abort_task"].append(unknown_task())

    events = Scene(node).stops_at("task_status").run(command())
    assert failure_of(events).failure.message == "the engine stopped the restore"


@pytest.mark.parametrize("call", ["tasks", "start_native_restore"])
def test_a_stop_before_there_is_a_task_known_leaves_none_behind(call: str) -> None:
    node = ScriptedNode()
    node.task_states.append(task_state("failed", error="abort requested"))

    events = Scene(node).stops_at(call).run(command())
    assert failure_of(events).failure.cause is Cause.STOPPED
    assert (node.aborted, node.repairs) == ((["task-1"], 1) if call != "tasks" else ([], 0))


def test_a_task_that_cannot_be_told_to_stop_is_named() -> None:
    node = ScriptedNode()
    node.task_states.append(task_state("running"))
    node.fails["abort_task"] = deque([unreachable()] * 100)

    failed = failure_of(Scene(node).stops_at("task_status").run(command()))
    assert failed.failure.cause is Cause.STOPPED
    assert "task task-1 may go on" in failed.failure.message


def test_a_task_that_does_not_end_is_not_waited_for_for_ever() -> None:
    node = ScriptedNode()
    node.task_states.extend([task_state("running")] * 1000)
    scene = Scene(node).stops_at("task_status")

    failed = failure_of(scene.run(command()))
    assert "has not ended yet" in failed.failure.message
    assert node.calls.count("task_status") <= ENDING_PATIENCE / timedelta(seconds=POLL_S) + 2
