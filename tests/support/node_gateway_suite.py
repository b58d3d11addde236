"""What every ``NodeGateway`` holds to, whatever is behind it. A test file gives it a ``bench``.

What is behind it: a node whose agent reaches a location with one directory of whole SSTables, and one empty table.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import pytest

from scylla_restore.engine.cluster.port import JobProgress, NodeGateway
from scylla_restore.engine.errors import DirectoryMissing, JobUnknown, NodeError, NodeUnreachable, TaskUnknown

T = TypeVar("T")

NEVER_STARTED = 7
"""An id that no agent gives: they begin with the time."""


class Bench(ABC):
    """A node and what it is tried with."""

    address: str
    location: str
    """``<provider>:<bucket>``."""
    directory: str
    """In the location: has ``files`` in it, and may have others."""
    files: Mapping[str, int]
    """Names and sizes of whole SSTables."""
    keyspace: str
    table: str
    table_directory: str
    """Below ``data:``."""

    @abstractmethod
    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        """Make a call on the gateway and wait for its answer."""

    @abstractmethod
    def restart_agent(self) -> None:
        """Let the agent forget its jobs."""

    @abstractmethod
    def cut_off(self) -> None:
        """Let the node answer no more."""

    @property
    def staging(self) -> str:
        """A directory for one attempt's files."""
        return f"{self.table_directory}/snapshots/scylla-restore-r1-b1-1"

    @property
    def upload(self) -> str:
        """Where Scylla looks for files to load."""
        return f"{self.table_directory}/upload"

    def copy(self, *names: str, destination: str | None = None) -> JobProgress:
        """Copy files of the location's directory (the SSTables, if none is named) and return how that ended."""
        job = self.ask(
            lambda node: node.start_copy(
                location=self.location,
                source=self.directory,
                names=names or tuple(self.files),
                destination=destination or self.staging,
                transfers=None,
                bandwidth_rate=None,
            )
        )
        return self.finished(job)

    def finished(self, job: int) -> JobProgress:
        """Follow a job to its end."""
        for _ in range(20):
            progress = self.ask(lambda node: node.job_progress(job, wait_s=10))
            if progress.status != "running":
                return progress
        raise AssertionError(f"job {job} does not end")

    def listed(self, path: str) -> dict[str, int]:
        """Names and sizes of the files in a directory."""
        return {file.path: file.size for file in self.ask(lambda node: node.list_files(path))}


class NodeGatewaySuite:
    """The tests; a subclass has a fixture ``bench``."""

    def test_a_node_tells_its_cluster(self, bench: Bench) -> None:
        topology = bench.ask(lambda node: node.topology())
        assert topology.name == bench.ask(lambda node: node.cluster_name())
        assert bench.address in {node.address for node in topology.nodes}
        assert all(node.host_id and node.dc and node.rack for node in topology.nodes)
        assert topology.not_normal == {}
        assert bench.keyspace in topology.keyspaces
        assert bench.keyspace in topology.user_keyspaces
        assert f"{bench.keyspace}:{bench.table}" in topology.tables

    def test_a_node_tells_its_versions_and_shards(self, bench: Bench) -> None:
        info = bench.ask(lambda node: node.info())
        assert info.scylla_version
        assert info.agent_version
        assert info.shards > 0

    def test_a_locations_directory_is_listed_with_sizes(self, bench: Bench) -> None:
        listed = bench.ask(lambda node: node.list_location(bench.location, bench.directory))
        assert bench.files.items() <= {entry.path: entry.size for entry in listed}.items()

    def test_a_location_is_listed_one_level_deep(self, bench: Bench) -> None:
        above, _, name = bench.directory.rpartition("/")
        listed = bench.ask(lambda node: node.list_location(bench.location, above))
        assert name in {entry.path for entry in listed if entry.is_dir}
        assert all("/" not in entry.path for entry in listed)

    def test_a_location_is_listed_at_all_depths(self, bench: Bench) -> None:
        above, _, name = bench.directory.rpartition("/")
        listed = bench.ask(lambda node: node.list_location(bench.location, above, recursive=True))
        found = {entry.path: entry.size for entry in listed if not entry.is_dir}
        assert {f"{name}/{file}": size for file, size in bench.files.items()}.items() <= found.items()

    def test_an_object_that_is_not_there_is_missing(self, bench: Bench) -> None:
        with pytest.raises(DirectoryMissing):
            bench.ask(
                lambda node: node.read_object(bench.location, "backup/meta/no-such-object", limit_bytes=100)
            )

    def test_a_bucket_that_is_not_there_is_missing(self, bench: Bench) -> None:
        provider = bench.location.partition(":")[0]
        with pytest.raises(DirectoryMissing):
            bench.ask(lambda node: node.list_location(f"{provider}:no-such-bucket", "backup"))

    def test_a_data_directory_that_is_not_there_is_missing(self, bench: Bench) -> None:
        with pytest.raises(DirectoryMissing):
            bench.ask(lambda node: node.list_files(f"{bench.table_directory}/snapshots/none"))
        with pytest.raises(DirectoryMissing):
            bench.ask(lambda node: node.list_directories("no_such_keyspace"))

    def test_a_keyspaces_directories_are_listed(self, bench: Bench) -> None:
        listed = bench.ask(lambda node: node.list_directories(bench.keyspace))
        assert bench.table_directory.rpartition("/")[2] in listed

    def test_a_node_tells_its_disk_space(self, bench: Bench) -> None:
        space = bench.ask(lambda node: node.disk_space())
        assert 0 < space.free <= space.total

    def test_a_copy_brings_all_files(self, bench: Bench) -> None:
        progress = bench.copy()
        assert (progress.status, progress.error, progress.failed) == ("success", "", 0)
        assert progress.uploaded + progress.skipped == sum(bench.files.values())
        assert progress.started_at
        assert bench.listed(bench.staging) == dict(bench.files)

    def test_a_copy_with_a_missing_object_brings_the_others(self, bench: Bench) -> None:
        name = min(bench.files)
        progress = bench.copy(name, "me-none-big-Data.db")
        assert progress.status == "error"
        assert "not found" in progress.error
        assert bench.listed(bench.staging) == {name: bench.files[name]}

    def test_a_copy_may_change_a_name(self, bench: Bench) -> None:
        name = min(bench.files)
        job = bench.ask(
            lambda node: node.start_copy_renamed(
                location=bench.location,
                source=f"{bench.directory}/{name}",
                destination=f"{bench.staging}/me-9-big-Data.db",
            )
        )
        assert bench.finished(job).status == "success"
        assert bench.listed(bench.staging) == {"me-9-big-Data.db": bench.files[name]}

    def test_a_finished_job_can_be_asked_about_stopped_and_forgotten(self, bench: Bench) -> None:
        job = bench.ask(
            lambda node: node.start_copy_renamed(
                location=bench.location,
                source=f"{bench.directory}/{min(bench.files)}",
                destination=f"{bench.staging}/me-9-big-Data.db",
            )
        )
        first = bench.finished(job)
        assert bench.ask(lambda node: node.job_progress(job, wait_s=1)) == first
        for _ in range(2):
            bench.ask(lambda node: node.stop_job(job))
            bench.ask(lambda node: node.forget_job(job))

    def test_a_job_that_never_was_is_unknown_but_can_be_stopped(self, bench: Bench) -> None:
        with pytest.raises(JobUnknown):
            bench.ask(lambda node: node.job_progress(NEVER_STARTED, wait_s=1))
        bench.ask(lambda node: node.stop_job(NEVER_STARTED))

    def test_a_restarted_agent_knows_no_jobs(self, bench: Bench) -> None:
        job = bench.ask(
            lambda node: node.start_copy_renamed(
                location=bench.location,
                source=f"{bench.directory}/{min(bench.files)}",
                destination=f"{bench.staging}/me-9-big-Data.db",
            )
        )
        bench.finished(job)
        bench.restart_agent()
        with pytest.raises(JobUnknown):
            bench.ask(lambda node: node.job_progress(job, wait_s=1))

    def test_a_move_takes_all_files_and_can_be_repeated(self, bench: Bench) -> None:
        bench.copy()
        for _ in range(2):
            bench.ask(lambda node: node.move_directory(bench.staging, bench.upload))
            assert bench.listed(bench.staging) == {}
            assert bench.listed(bench.upload) == dict(bench.files)

    def test_a_directory_that_is_not_there_cannot_be_moved(self, bench: Bench) -> None:
        with pytest.raises(DirectoryMissing):
            bench.ask(lambda node: node.move_directory(bench.staging, bench.upload))

    def test_a_purged_directory_is_gone_and_can_be_purged_again(self, bench: Bench) -> None:
        bench.copy()
        for _ in range(2):
            bench.ask(lambda node: node.purge(bench.staging))
        with pytest.raises(DirectoryMissing):
            bench.listed(bench.staging)

    def test_files_are_deleted_by_name_and_others_stay(self, bench: Bench) -> None:
        bench.copy()
        first, *others = sorted(bench.files)
        for _ in range(2):
            bench.ask(lambda node: node.delete_files(bench.staging, (first, "me-none-big-Data.db")))
            assert sorted(bench.listed(bench.staging)) == others

    def test_a_job_without_files_has_a_larger_number_than_those_before_it(self, bench: Bench) -> None:
        def begin(node: NodeGateway) -> int:
            return node.start_copy(
                location=bench.location,
                source=bench.directory,
                names=(),
                destination=bench.upload,
                transfers=None,
                bandwidth_rate=None,
            )

        first = bench.ask(begin)
        second = bench.ask(begin)
        assert bench.finished(second).status == "success"
        assert second == first + 1
        assert bench.listed(bench.upload) == {}

    def test_a_load_takes_what_is_in_upload(self, bench: Bench) -> None:
        bench.copy()
        bench.ask(lambda node: node.move_directory(bench.staging, bench.upload))
        bench.ask(lambda node: node.load_and_stream(bench.keyspace, bench.table))
        assert bench.listed(bench.upload) == {}

    def test_a_load_of_nothing_is_a_success(self, bench: Bench) -> None:
        bench.ask(lambda node: node.load_and_stream(bench.keyspace, bench.table))
        assert bench.listed(bench.upload) == {}

    def test_automatic_compaction_is_switched(self, bench: Bench) -> None:
        def switch(node: NodeGateway, *, enabled: bool) -> bool:
            node.set_auto_compaction(bench.keyspace, bench.table, enabled=enabled)
            return node.auto_compaction(bench.keyspace, bench.table)

        for enabled in (False, False, True):
            assert bench.ask(partial(switch, enabled=enabled)) is enabled

    def test_transfers_are_set_and_go_back_to_the_default(self, bench: Bench) -> None:
        bench.ask(lambda node: node.set_transfers(-1))
        default = bench.ask(lambda node: node.transfers())
        bench.ask(lambda node: node.set_transfers(default + 5))
        assert bench.ask(lambda node: node.transfers()) == default + 5
        bench.ask(lambda node: node.set_transfers(-1))
        assert bench.ask(lambda node: node.transfers()) == default

    def test_bandwidth_is_limited_and_freed_in_the_agents_text(self, bench: Bench) -> None:
        def limit(node: NodeGateway, *, rate: str) -> str:
            node.set_bandwidth_rate(rate)
            return node.bandwidth_rate()

        for rate in ("100M", "off", "off"):
            assert bench.ask(partial(limit, rate=rate)) == rate

    def test_an_agent_is_unpinned_and_pinned_again(self, bench: Bench) -> None:
        bench.ask(lambda node: node.pin_cpu())
        pinned = bench.ask(lambda node: node.cpus())
        bench.ask(lambda node: node.unpin_cpu())
        bench.ask(lambda node: node.unpin_cpu())
        bench.ask(lambda node: node.pin_cpu())
        assert bench.ask(lambda node: node.cpus()) == pinned

    def test_the_ring_covers_every_token_once(self, bench: Bench) -> None:
        ring = bench.ask(lambda node: node.ring(bench.keyspace))
        assert {each.end for each in ring} == {each.start for each in ring}
        assert sum(int(each.start) >= int(each.end) for each in ring) == 1
        assert all(len(set(each.replicas)) == len(each.replicas) > 0 for each in ring)
        assert bench.keyspace not in bench.ask(lambda node: node.tablet_keyspaces())

    def test_the_size_of_a_table_is_a_number_of_bytes(self, bench: Bench) -> None:
        assert bench.ask(lambda node: node.table_size(bench.keyspace, bench.table)) >= 0

    def test_a_repair_is_followed_to_its_end(self, bench: Bench) -> None:
        each = bench.ask(lambda node: node.ring(bench.keyspace))[1]
        for ranges in ((), ((each.start, each.end),)):
            repair = bench.ask(
                partial(_start_repair, keyspace=bench.keyspace, table=bench.table, ranges=ranges)
            )
            assert _state_of(bench, repair) == "SUCCESSFUL"
        assert bench.ask(lambda node: node.tasks("repair")) == ()

    def test_a_repair_that_never_was_is_unknown(self, bench: Bench) -> None:
        with pytest.raises(TaskUnknown):
            bench.ask(lambda node: node.repair_state(4711, wait_s=1))

    def test_a_repair_of_tablets_is_a_task(self, bench: Bench) -> None:
        task = bench.ask(lambda node: node.start_tablet_repair(bench.keyspace, bench.table, full=True))
        status = bench.ask(lambda node: node.task_status(task, wait_s=600))
        assert (status.state, status.completed) == ("done", status.total)

    def test_a_task_that_never_was_is_unknown(self, bench: Bench) -> None:
        task = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(TaskUnknown):
            bench.ask(lambda node: node.task_status(task, wait_s=1))
        with pytest.raises(TaskUnknown):
            bench.ask(lambda node: node.abort_task(task))

    def test_of_a_view_that_is_not_there_no_node_tells_anything(self, bench: Bench) -> None:
        assert bench.ask(lambda node: node.view_builds(bench.keyspace, "no_such_view")) == {}

    def test_a_node_gets_to_know_of_all_changes_of_the_schema(self, bench: Bench) -> None:
        bench.ask(lambda node: node.read_barrier())
        assert bench.ask(lambda node: node.cluster_name())

    def test_a_node_that_is_away_is_unreachable(self, bench: Bench) -> None:
        bench.cut_off()
        calls: list[Callable[[NodeGateway], object]] = [
            lambda node: node.cluster_name(),
            lambda node: node.list_files(bench.upload),
            lambda node: node.load_and_stream(bench.keyspace, bench.table),
        ]
        for call in calls:
            with pytest.raises(NodeUnreachable) as caught:
                bench.ask(call)
            assert isinstance(caught.value, NodeError)
            assert caught.value.retryable


def _start_repair(
    node: NodeGateway, *, keyspace: str, table: str, ranges: tuple[tuple[str, str], ...]
) -> int:
    return node.start_repair(keyspace, table, ranges=ranges)


def _state_of(bench: Bench, repair: int) -> str:
    return bench.ask(lambda node: node.repair_state(repair, wait_s=600))
