"""How an engine reaches a simulated node: the node port, with every effect noted."""

import msgspec
from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.effects import Effect, EffectKind
from tests.simulation.simulator.jobs import Job
from tests.simulation.simulator.loads import Load
from tests.simulation.simulator.native_calls import NativeCalls
from tests.simulation.simulator.natives import ENDPOINT
from tests.simulation.simulator.network import NotYet, Odds
from tests.simulation.simulator.node import DEFAULT_TRANSFERS, SimNode
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US
from tests.simulation.simulator.view_calls import ViewCalls

from scylla_restore.engine.cluster.port import ClusterTopology, DiskSpace, JobProgress, NodeInfo, RemoteFile
from scylla_restore.engine.core.object_storage import AgentStore, ScyllaStore
from scylla_restore.engine.errors import DirectoryMissing, JobUnknown, LoadBusy, NodeRefused, NodeUnreachable


class _Poll(msgspec.Struct):
    """What a long poll waits for."""

    job: Job
    deadline_us: int


class SimGateway(NativeCalls, ViewCalls):
    """``NodeGateway`` of one simulated node, as one engine uses it."""

    def __init__(self, cluster: SimCluster, node: SimNode, process: Process, odds: Odds) -> None:
        super().__init__(process, odds, node.random)
        self._cluster = cluster
        self._node = node
        self._call = ""

    # What every port of the simulation tells its runtime

    def lost(self) -> Exception:
        return NodeUnreachable(f"{self._node.address}: no answer", node=self._node.address, call=self._call)

    def performed(self) -> None:
        self._cluster.points.reached("after call", self.process)

    # Looking

    def cluster_name(self) -> str:
        self._arrive("cluster_name", scylla=True)
        return self._cluster.name

    def topology(self) -> ClusterTopology:
        self._arrive("topology", scylla=True)
        return self._cluster.topology()

    def info(self) -> NodeInfo:
        self._arrive("info", scylla=True)
        plan = self._node.plan
        stores = (ScyllaStore(name=ENDPOINT, type="s3"),) if plan.native else ()
        return NodeInfo(
            scylla_version=plan.scylla_version,
            agent_version="3.5.0",
            shards=plan.shards,
            agent_stores={"s3": AgentStore(endpoint=ENDPOINT)},
            scylla_stores=stores,
        )

    def list_location(self, location: str, path: str, *, recursive: bool = False) -> tuple[RemoteFile, ...]:
        self._arrive("list_location", scylla=False)
        sizes = self._cluster.backup.sizes.get(location)
        if sizes is None or location not in self._node.plan.locations:
            raise self._missing(f"{location}/{path}")
        below = f"{path.rstrip('/')}/" if path else ""
        found: dict[str, RemoteFile] = {}
        for key, size in sizes.items():
            if not key.startswith(below):
                continue
            name, slash, _ = (key[len(below) :], "", "") if recursive else key[len(below) :].partition("/")
            found[name] = RemoteFile(path=name, size=-1 if slash else size, is_dir=bool(slash))
        return tuple(found[name] for name in sorted(found))

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        self._arrive("read_object", scylla=False)
        content = self._cluster.backup.contents.get(location, {}).get(path)
        if content is None or location not in self._node.plan.locations:
            raise self._missing(f"{location}/{path}")
        if len(content) > limit_bytes:
            raise self._refused(200, f"an answer of more than {limit_bytes} bytes")
        return content

    def list_files(self, path: str) -> tuple[RemoteFile, ...]:
        self._arrive("list_files", scylla=False)
        files = self._node.disk.files(path)
        if files is None:
            raise self._missing(path)
        return tuple(RemoteFile(path=name, size=files[name].size, is_dir=False) for name in sorted(files))

    def list_directories(self, path: str) -> tuple[str, ...]:
        self._arrive("list_directories", scylla=False)
        names = self._node.disk.children(path)
        if not names and path not in self._node.disk.directories:
            raise self._missing(path)
        return names

    def disk_space(self) -> DiskSpace:
        self._arrive("disk_space", scylla=False)
        return DiskSpace(total=self._node.disk.total, free=self._node.disk.free)

    # Copying

    def start_copy(
        self,
        *,
        location: str,
        source: str,
        names: tuple[str, ...],
        destination: str,
        transfers: int | None,
        bandwidth_rate: str | None,
    ) -> int:
        self._arrive("start_copy", scylla=False)
        if transfers is not None:
            self._change_transfers(transfers)
        if bandwidth_rate is not None:
            self._change_bandwidth(bandwidth_rate)
        if names:
            self._note(EffectKind.COPY, destination)
            if destination.endswith("/upload") and self._node.agent.writes_into(destination):
                self._node.violations.append(f"a copy into {destination} began while a job wrote there")
        keys = [f"{source}/{name}" for name in names]
        files = [
            ((location, key), destination, name, self._node.object_size(location, key))
            for key, name in zip(keys, names, strict=True)
        ]
        return self._node.agent.start(self._now_us, files)

    def start_copy_renamed(self, *, location: str, source: str, destination: str) -> int:
        self._arrive("start_copy_renamed", scylla=False)
        directory, _, name = destination.rpartition("/")
        self._note(EffectKind.COPY, directory)
        size = self._node.object_size(location, source)
        return self._node.agent.start(self._now_us, [((location, source), directory, name, size)])

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        self._arrive("job_progress", scylla=False)
        poll = self._memo()
        if not isinstance(poll, _Poll):
            known = self._node.agent.jobs.get(job)
            if known is None:
                raise JobUnknown("job not found", node=self._node.address, call=self._call, status=404)
            poll = _Poll(known, self._now_us + wait_s * SECOND_US)
            self._remember(poll)
        if poll.job.runs and self._now_us < poll.deadline_us:
            until_us = min(poll.deadline_us, max(poll.job.end_us(), self._now_us + MILLISECOND_US))
            raise NotYet(min(until_us, self._node.next_disruption_us()))
        return JobProgress(
            status=poll.job.status,
            started_at=poll.job.started_at,
            error=poll.job.error,
            uploaded=poll.job.uploaded,
            skipped=poll.job.skipped,
            failed=poll.job.failed,
        )

    def stop_job(self, job: int) -> None:
        self._arrive("stop_job", scylla=False)
        self._note(EffectKind.STOP_JOB, str(job))
        known = self._node.agent.jobs.get(job)
        if known is not None and known.runs:
            known.stop_us = self._now_us + 40 * MILLISECOND_US

    def forget_job(self, job: int) -> None:
        self._arrive("forget_job", scylla=False)
        self._note(EffectKind.FORGET_JOB, str(job))

    def move_directory(self, source: str, destination: str) -> None:
        self._arrive("move_directory", scylla=False)
        for path in (source, destination):
            if self._node.loads.running_in(path) is not None:
                self._node.disturbed.append(path)
        if self._node.disk.files(source) is None:
            raise self._missing(source)
        self._note(EffectKind.MOVE, f"{source} -> {destination}")
        self._node.disk.move(source, destination)

    def purge(self, path: str) -> None:
        self._arrive("purge", scylla=False)
        self._note(EffectKind.PURGE, path)
        if path.endswith("/upload") or self._node.loads.running_in(path) is not None:
            self._node.violations.append(f"{path} was purged")
        self._node.disk.purge(path)

    def delete_files(self, path: str, names: tuple[str, ...]) -> None:
        self._arrive("delete_files", scylla=False)
        self._note(EffectKind.DELETE, path)
        if self._node.loads.running_in(path) is not None:
            self._node.violations.append(f"files of {path} were deleted while a load ran there")
        if self._node.agent.writes_into(path):
            self._node.violations.append(f"files of {path} were deleted while a job wrote there")
        files = self._node.disk.directories.get(path, {})
        for name in names:
            gone = files.pop(name, None)
            if gone is not None and gone.origin is None:
                self._node.violations.append(f"somebody else's {path}/{name} was deleted")

    def load_and_stream(self, keyspace: str, table: str) -> None:
        self._arrive("load_and_stream", scylla=True)
        load = self._memo()
        if not isinstance(load, Load):
            if self._node.loads.busy(table, self._now_us):
                words = "Failed to load new sstables: Already loading SSTables. Try again later"
                raise LoadBusy(words, node=self._node.address, call=self._call, status=500)
            self._note(EffectKind.LOAD, f"{keyspace}:{table}")
            if self._cluster.schema is not None:
                self._cluster.schema.loaded(f"{keyspace}:{table}")
            upload = f"{self._cluster.directory_of(keyspace, table)}/upload"
            if not self._node.disk.directories.get(upload):
                return
            if self._node.agent.writes_into(upload):
                self._node.violations.append(f"a load began in {upload} while a job wrote there")
            load = self._node.loads.start(keyspace, table, upload, self._now_us)
            self._remember(load)
        if load.result is None:
            until_us = max(load.end_us, self._now_us + MILLISECOND_US)
            raise NotYet(min(until_us, self._node.next_disruption_us()))
        if load.result:
            raise self._refused(500, f"Failed to load new sstables: {load.result}")

    # Settings

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        self._arrive("auto_compaction", scylla=True)
        return self._node.settings.compaction[f"{keyspace}:{table}"]

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        self._arrive("set_auto_compaction", scylla=True)
        if self._node.random.random() < self._node.toggle_busy:
            raise self._refused(500, "Autocompaction toggle is busy")
        self._note(EffectKind.COMPACTION, f"{keyspace}:{table}={enabled}")
        self._node.settings.compaction[f"{keyspace}:{table}"] = enabled

    def transfers(self) -> int:
        self._arrive("transfers", scylla=False)
        return self._node.settings.transfers

    def set_transfers(self, transfers: int) -> None:
        self._arrive("set_transfers", scylla=False)
        self._change_transfers(transfers)

    def bandwidth_rate(self) -> str:
        self._arrive("bandwidth_rate", scylla=False)
        return self._node.settings.bandwidth_rate

    def set_bandwidth_rate(self, rate: str) -> None:
        self._arrive("set_bandwidth_rate", scylla=False)
        self._change_bandwidth(rate)

    def cpus(self) -> tuple[int, ...]:
        self._arrive("cpus", scylla=False)
        return (0,) if self._node.settings.pinned else ()

    def pin_cpu(self) -> None:
        self._arrive("pin_cpu", scylla=False)
        self._note(EffectKind.CPU, "pinned")
        self._node.settings.pinned = True

    def unpin_cpu(self) -> None:
        self._arrive("unpin_cpu", scylla=False)
        self._note(EffectKind.CPU, "unpinned")
        self._node.settings.pinned = False

    def close(self) -> None:
        """Nothing is kept open."""

    # Helpers

    @property
    def _now_us(self) -> int:
        return self._node.scheduler.now_us

    def _arrive(self, call: str, *, scylla: bool) -> None:
        """The request reaches the node, or does not; a call that waited may have lost its connection meanwhile."""
        self._call = call
        self._node.settle()
        if not self._node.answers(scylla=scylla):
            raise self.lost()
        request = self.request
        if (
            request is not None
            and request.memo is not None
            and request.generation != self._node.agent.restarts
        ):
            raise self.lost()

    def _memo(self) -> object:
        return None if self.request is None else self.request.memo

    def _remember(self, memo: object) -> None:
        if self.request is None:
            raise AssertionError(f"{self._call} blocks, and was called outside any lane")
        self.request.memo = memo
        self.request.generation = self._node.agent.restarts

    def _note(self, kind: EffectKind, detail: str) -> None:
        self._cluster.effects.append(
            Effect(
                kind=kind,
                node=self._node.address,
                detail=detail,
                process=self.process,
                known_seq=self.process.known_seq if self.request is None else self.request.known_seq,
                fenced=self.process.fenced if self.request is None else self.request.fenced,
            )
        )

    def _change_transfers(self, transfers: int) -> None:
        after = DEFAULT_TRANSFERS if transfers < 0 else transfers
        if after != self._node.settings.transfers:
            if after != self._node.plan.transfers:
                self._note(EffectKind.TRANSFERS, str(transfers))
            self._node.settings.transfers = after

    def _change_bandwidth(self, rate: str) -> None:
        after = "off" if rate in ("off", "0M", "0") else rate
        if after != self._node.settings.bandwidth_rate:
            if after != self._node.plan.bandwidth_rate:
                self._note(EffectKind.BANDWIDTH, rate)
            self._node.settings.bandwidth_rate = after

    def _missing(self, path: str) -> DirectoryMissing:
        words = f"{path}: directory not found"
        return DirectoryMissing(words, node=self._node.address, call=self._call, status=404)

    def _refused(self, status: int, words: str) -> NodeRefused:
        return NodeRefused(words, node=self._node.address, call=self._call, status=status)
