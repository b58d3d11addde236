"""What every ``NodeGateway`` holds to about native restores. A test file gives it a ``bench``.

What is behind it: a node whose Scylla and agent reach one store, a directory of whole SSTables there, and a table.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import pytest

from scylla_restore.engine.cluster.native_port import NATIVE_RESTORE, NATIVE_RESTORES
from scylla_restore.engine.cluster.port import NodeGateway, TaskStatus
from scylla_restore.engine.core.object_storage import native_endpoints
from scylla_restore.engine.errors import NodeRefused, TaskUnknown

T = TypeVar("T")


class NativeBench(ABC):
    """A node and what it is tried with. ``location`` is ``<provider>:<bucket>``, ``sstables`` are ids."""

    location: str
    directory: str
    sstables: tuple[str, ...]
    keyspace: str
    table: str

    @abstractmethod
    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        """Make a call on the gateway and wait for its answer."""

    @abstractmethod
    def restart_scylla(self) -> None:
        """Let Scylla forget its tasks; it is back at once."""

    @abstractmethod
    def slow_down(self) -> None:
        """Let the next restore take so long that it is not done before it is stopped."""

    def endpoint(self) -> str:
        """Return what the node's Scylla calls the store."""
        info = self.ask(lambda node: node.info())
        found, refusals = native_endpoints([self.location], info.agent_stores, info.scylla_stores)
        assert refusals == {}
        return found[self.location]

    def restore(self, *, endpoint: str | None = None) -> str:
        """Begin to restore all of the directory's SSTables and return the task's id."""
        name = self.endpoint() if endpoint is None else endpoint
        return self.ask(
            lambda node: node.start_native_restore(
                endpoint=name,
                bucket=self.location.partition(":")[2],
                prefix=self.directory,
                keyspace=self.keyspace,
                table=self.table,
                sstables=tuple(f"me-{sstable}-big-TOC.txt" for sstable in self.sstables),
            )
        )

    def ended(self, task: str) -> TaskStatus:
        """Follow a task to its end."""
        for _ in range(60):
            status = self.ask(lambda node: node.task_status(task, wait_s=10))
            if status.state != "running":
                return status
        raise AssertionError(f"task {task} does not end")


class NativeCallsSuite:
    """The tests; a subclass has a fixture ``bench``."""

    def test_a_restore_is_a_task_that_is_done_at_last(self, bench: NativeBench) -> None:
        task = bench.restore()
        status = bench.ended(task)
        assert (status.state, status.error) == ("done", "")
        assert status.completed == status.total > 0

    def test_a_restore_that_runs_is_listed_with_its_table(self, bench: NativeBench) -> None:
        bench.slow_down()
        task = bench.restore()
        (listed,) = [each for each in bench.ask(lambda node: node.tasks(NATIVE_RESTORES)) if each.id == task]
        assert (listed.type, listed.keyspace, listed.table) == (NATIVE_RESTORE, bench.keyspace, bench.table)
        assert listed.runs
        bench.ask(lambda node: node.abort_task(task))

    def test_a_restore_that_is_aborted_has_failed(self, bench: NativeBench) -> None:
        bench.slow_down()
        task = bench.restore()
        assert bench.ask(lambda node: node.task_status(task, wait_s=1)).state == "running"
        bench.ask(lambda node: node.abort_task(task))
        assert bench.ask(lambda node: node.task_status(task, wait_s=10)).state == "failed"

    def test_a_restarted_scylla_knows_no_restores(self, bench: NativeBench) -> None:
        task = bench.restore()
        bench.restart_scylla()
        with pytest.raises(TaskUnknown):
            bench.ask(lambda node: node.task_status(task, wait_s=1))

    def test_a_store_of_another_name_is_refused(self, bench: NativeBench) -> None:
        with pytest.raises(NodeRefused, match="not found"):
            bench.restore(endpoint="https://elsewhere.example")

    def test_for_how_long_tasks_are_known_can_be_set(self, bench: NativeBench) -> None:
        before = bench.ask(lambda node: node.user_ttl())
        bench.ask(lambda node: node.set_user_ttl(before + 17))
        assert bench.ask(lambda node: node.user_ttl()) == before + 17
        bench.ask(lambda node: node.set_user_ttl(before))
        assert bench.ask(lambda node: node.user_ttl()) == before
