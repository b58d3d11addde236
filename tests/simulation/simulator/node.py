"""One simulated Scylla node with its agent: what it holds, how it is set, and when it cannot be reached."""

from collections.abc import Callable

import msgspec
from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.disk import Directory, Disk
from tests.simulation.simulator.jobs import Agent
from tests.simulation.simulator.loads import Loads
from tests.simulation.simulator.natives import Natives
from tests.simulation.simulator.scheduler import MINUTE_US, Scheduler

DEFAULT_TRANSFERS = 2
FOREVER_US = 10**15


class NodePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a node is before a run touches it."""

    address: str
    host_id: str
    dc: str
    rack: str
    shards: int
    download_bytes_per_s: int
    load_bytes_per_s: int
    disk_total: int
    locations: tuple[str, ...]
    transfers: int
    bandwidth_rate: str
    compaction: dict[str, bool]
    foreign_files: dict[str, int]
    """``<keyspace>:<table>`` → how many files of somebody else lie in its ``upload``."""
    scylla_version: str = "2025.1.5"
    native: bool = False
    """Whether Scylla is configured for the store, too."""
    user_ttl: int = 3600


class Settings(msgspec.Struct):
    """What a restore may alter on a node, and has to put back."""

    transfers: int
    bandwidth_rate: str
    pinned: bool
    compaction: dict[str, bool]


class Window(msgspec.Struct, frozen=True):
    """A time in which a node does not answer; ``agent`` or only Scylla behind it."""

    begin_us: int
    end_us: int
    agent: bool


class SimNode:
    """The node's state; ``SimGateway`` is how an engine reaches it."""

    def __init__(self, plan: NodePlan, scheduler: Scheduler, backup: Backup, seed: str) -> None:
        self.plan = plan
        self.address = plan.address
        self.scheduler = scheduler
        self.random = dice(f"{seed}/node/{plan.address}")
        self.disk = Disk(plan.disk_total)
        self.agent = Agent(self.disk, self.random, bytes_per_s=plan.download_bytes_per_s)
        self.loads = Loads(
            self.disk,
            self.random,
            shards=plan.shards,
            bytes_per_s=plan.load_bytes_per_s,
            loaded=self._loaded,
        )
        self.natives = Natives(
            backup,
            dice(f"{seed}/natives/{plan.address}"),
            bytes_per_s=min(plan.download_bytes_per_s, plan.load_bytes_per_s),
            user_ttl=plan.user_ttl,
            loaded=self._loaded_natively,
        )
        self.settings = Settings(
            transfers=plan.transfers,
            bandwidth_rate=plan.bandwidth_rate,
            pinned=True,
            compaction=dict(plan.compaction),
        )
        self.defaults_restored: set[str] = set()
        """Settings that a restart put to their defaults, so that what was there before is not the only truth."""
        self.left = False
        """Whether the node has left the cluster, for good."""
        self.foreign_files = dict(plan.foreign_files)
        self.windows: list[Window] = []
        self.restarts_us: list[int] = []
        self.toggle_busy = 0.0
        self.missing_objects: set[tuple[str, str]] = set()
        self.loaded: list[tuple[str, str, str]] = []
        """Every SSTable that passed through a load here, as often as it did."""
        self.first_load_us: dict[tuple[str, str, str], int] = {}
        """When an SSTable had passed through a load here for the first time, as far as anybody could see."""
        self.loaded_foreign: list[str] = []
        self.violations: list[str] = []
        self.disturbed: list[str] = []
        """Upload directories in which files were moved while a load was reading there."""
        self.scylla_restarted: Callable[[], None] = lambda: None
        self._backup = backup

    def settle(self) -> None:
        """Bring jobs and loads to the present."""
        now_us = self.scheduler.now_us
        if self.agent.jobs:
            self.agent.settle(now_us)
        if self.loads.running:
            self.loads.settle(now_us)
        self.natives.settle(now_us)

    def answers(self, *, scylla: bool) -> bool:
        """Whether the agent answers now, and Scylla too if it is asked."""
        now_us = self.scheduler.now_us
        if self.left:
            return False
        for window in self.windows:
            if window.begin_us <= now_us < window.end_us and (window.agent or scylla):
                return False
        return True

    def next_disruption_us(self) -> int:
        """When the next thing happens that breaks connections."""
        now_us = self.scheduler.now_us
        moments = [window.begin_us for window in self.windows if window.begin_us > now_us]
        moments.extend(restart for restart in self.restarts_us if restart > now_us)
        return min(moments, default=FOREVER_US)

    def restart_agent(self, *, ids_again: bool) -> None:
        """Its jobs die, its settings are as its configuration says."""
        self.settle()
        self.agent.restart(self.scheduler.now_us, ids_again=ids_again)
        self.settings.transfers = DEFAULT_TRANSFERS
        self.settings.bandwidth_rate = "off"
        self.settings.pinned = True
        self.defaults_restored.update(("transfers", "bandwidth"))

    def restart_scylla(self) -> None:
        """Its loads die, and automatic compaction is on again; it needs a while."""
        self.settle()
        self.loads.interrupt(self.scheduler.now_us)
        self.natives.interrupt(self.scheduler.now_us)
        self.scylla_restarted()
        for table in self.settings.compaction:
            self.settings.compaction[table] = True
        self.defaults_restored.add("compaction")
        now_us = self.scheduler.now_us
        self.windows.append(Window(now_us, now_us + MINUTE_US // 2, agent=False))

    def object_size(self, location: str, key: str) -> int | None:
        """What the bucket answers this node's agent: the object's size, or None if it finds nothing."""
        if location not in self.plan.locations or (location, key) in self.missing_objects:
            return None
        return self._backup.size_of(location, key)

    def _loaded(self, group: Directory) -> str:
        """Scylla reads an SSTable: "" if it is sound, else what Scylla says. What it took over, the world notes."""
        origins = {file.origin for file in group.values()}
        if origins == {None}:
            self.loaded_foreign.append(min(group))
            return ""
        identities = {self._backup.origins.get(origin) for origin in origins if origin is not None}
        identity = identities.pop() if len(identities) == 1 else None
        truth = self._backup.truth.get(identity) if identity is not None else None
        if truth is None:
            self.violations.append(f"a load read an SSTable of mixed or foreign origin: {sorted(group)}")
            return "malformed_sstable_exception (mixed components)"
        expected = {(truth.location, key) for key in truth.objects.values()}
        if origins != expected or not all(file.whole for file in group.values()):
            self.violations.append(f"a load read a broken SSTable: {sorted(group)}")
            return "malformed_sstable_exception (incomplete components)"
        self._loaded_natively(truth.identity)
        return ""

    def _loaded_natively(self, identity: tuple[str, str, str]) -> None:
        self.loaded.append(identity)
        self.first_load_us.setdefault(identity, self.scheduler.now_us)
