"""What goes wrong in a simulation, and when: decided by the seed before anything runs."""

from random import Random

import msgspec
from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.network import Odds
from tests.simulation.simulator.node import NodePlan, SimNode, Window
from tests.simulation.simulator.scheduler import SECOND_US, Scheduler
from tests.simulation.simulator.schema import SchemaWindow


def moment_us(random: Random) -> int:
    """Choose when something goes wrong: as likely within the first tenths of a second as within the last minutes."""
    return int(10 ** random.uniform(-2, 2.5) * SECOND_US)


class Planned(msgspec.Struct, frozen=True):
    """A fault of one moment: what happens, to which node, and for how long."""

    at_us: int
    kind: str
    node: int
    length_us: int


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that goes wrong in one seed; the default is nothing at all."""

    call_lost: float = 0.0
    answer_lost: float = 0.0
    defect: float = 0.0
    store_lost: float = 0.0
    letters_twice: float = 0.0
    log_lost: float = 0.0
    log_answer_lost: float = 0.0
    log_windows: tuple[Window, ...] = ()
    load_failures: float = 0.0
    load_renames: float = 0.0
    corruption: float = 0.0
    job_breaks: float = 0.0
    toggle_busy: float = 0.0
    repair_failures: float = 0.0
    schema_refusals: float = 0.0
    schema_windows: tuple[SchemaWindow, ...] = ()
    native_failures: float = 0.0
    missing_objects: int = 0
    moments: tuple[Planned, ...] = ()

    @property
    def none(self) -> bool:
        """Whether nothing goes wrong."""
        return self == FaultPlan()


MOMENTS = (
    "agent_down",
    "scylla_down",
    "agent_restart",
    "ids_again",
    "scylla_restart",
    "disk_full",
    "foreign_load",
)


def plan_faults(random: Random, nodes: int) -> FaultPlan:
    """Choose faults: none in some seeds, a few kinds at once in most."""
    if random.random() < 0.15:
        return FaultPlan()

    def sometimes(share: float, *choices: float) -> float:
        return random.choice(choices) if random.random() < share else 0.0

    moments = tuple(
        Planned(
            at_us=moment_us(random),
            kind=random.choice(MOMENTS),
            node=random.randrange(nodes),
            length_us=random.choice((1, 5, 20, 60, 300, 1200)) * SECOND_US,
        )
        for _ in range(random.choice((0, 0, 1, 2, 4, 8)))
    )
    windows = tuple(
        Window(begin, begin + random.choice((1, 10, 60)) * SECOND_US, agent=True)
        for begin in (moment_us(random) for _ in range(random.choice((0, 0, 0, 1, 2))))
    )
    return FaultPlan(
        call_lost=sometimes(0.4, 0.001, 0.01, 0.05),
        answer_lost=sometimes(0.4, 0.001, 0.01, 0.05),
        defect=sometimes(0.1, 0.001, 0.005),
        store_lost=sometimes(0.1, 0.01, 0.1),
        letters_twice=sometimes(0.3, 0.02, 0.2),
        log_lost=sometimes(0.2, 0.01, 0.1),
        log_answer_lost=sometimes(0.2, 0.01, 0.1),
        log_windows=windows,
        load_failures=sometimes(0.3, 0.02, 0.1, 0.3),
        load_renames=sometimes(0.2, 0.1, 0.5),
        corruption=sometimes(0.15, 0.01, 0.05),
        job_breaks=sometimes(0.15, 0.02, 0.1),
        toggle_busy=sometimes(0.1, 0.3),
        missing_objects=1 if random.random() < 0.04 else 0,
        moments=moments,
    )


def plan_schema_faults(random: Random) -> tuple[float, tuple[SchemaWindow, ...]]:
    """Choose how likely a change of the schema is refused, and when CQL is away, or somebody drops a table."""
    windows = []
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        begin_us = moment_us(random)
        end_us = begin_us + random.choice((1, 20, 300, 1200)) * SECOND_US
        kind = random.choice(("away", "away", "disagree", "table"))
        windows.append(SchemaWindow(begin_us, end_us, kind, random.randrange(4)))
    return random.choice((0.0, 0.0, 0.0, 0.05, 0.3)), tuple(windows)


class Faults:
    """The plan at work on a world, until it is cleared."""

    def __init__(
        self, plan: FaultPlan, cluster: SimCluster, backup: Backup, scheduler: Scheduler, random: Random
    ) -> None:
        self.plan = plan
        self.active = True
        self.node_odds = Odds(lost=plan.call_lost, answer_lost=plan.answer_lost, defect=plan.defect)
        self.store_odds = Odds(lost=plan.store_lost, defect=plan.defect * 10)
        self.letter_odds = Odds(lost=plan.letters_twice)
        self.log_odds = Odds(lost=plan.log_lost, answer_lost=plan.log_answer_lost)
        self.log_windows = list(plan.log_windows)
        self._cluster = cluster
        self._scheduler = scheduler
        self._nodes = list(cluster.nodes.values())
        missing = random.sample(sorted(backup.origins), min(plan.missing_objects, len(backup.origins)))
        for node in self._nodes:
            node.agent.corruption = plan.corruption
            node.agent.breaks = plan.job_breaks
            node.toggle_busy = plan.toggle_busy
            node.loads.failures = plan.load_failures
            node.loads.renames = plan.load_renames
            node.natives.failures = plan.native_failures
            node.missing_objects = set(missing)
        cluster.repairs.failures = plan.repair_failures
        if cluster.schema is not None:
            cluster.schema.refusals = plan.schema_refusals
            cluster.schema.windows.extend(plan.schema_windows)
        for moment in plan.moments:
            self._schedule(moment)

    def clear(self) -> None:
        """From now on nothing goes wrong any more."""
        self.active = False
        for odds in (self.node_odds, self.store_odds, self.letter_odds, self.log_odds):
            odds.lost = odds.answer_lost = odds.defect = 0.0
        self.log_windows.clear()
        self._cluster.repairs.failures = 0.0
        for repair in self._cluster.repairs.all:
            repair.fails = False
        if self._cluster.schema is not None:
            self._cluster.schema.refusals = 0.0
            self._cluster.schema.windows.clear()
        for node in self._cluster.nodes.values():
            node.agent.corruption = node.agent.breaks = node.toggle_busy = 0.0
            node.loads.failures = node.loads.renames = 0.0
            node.natives.heal()
            node.loads.foreign_us.clear()
            node.missing_objects.clear()
            node.windows.clear()
            node.restarts_us.clear()
            node.disk.others = 0

    def _schedule(self, moment: Planned) -> None:
        node = self._nodes[moment.node]
        end_us = moment.at_us + moment.length_us
        if moment.kind in ("agent_down", "scylla_down"):
            node.windows.append(Window(moment.at_us, end_us, agent=moment.kind == "agent_down"))
            return
        if moment.kind in ("agent_restart", "ids_again", "scylla_restart"):
            node.restarts_us.append(moment.at_us)
        self._scheduler.at(moment.at_us, lambda: self._happen(moment, node))

    def _happen(self, moment: Planned, node: SimNode) -> None:
        if not self.active:
            return
        node.settle()
        end_us = self._scheduler.now_us + moment.length_us
        match moment.kind:
            case "agent_restart" | "ids_again":
                node.restart_agent(ids_again=moment.kind == "ids_again")
            case "scylla_restart":
                node.restart_scylla()
            case "disk_full":
                node.disk.tight = True
                node.disk.others = node.disk.free
                self._scheduler.at(end_us, lambda: setattr(node.disk, "others", 0))
            case "foreign_load":
                for shard in range(node.plan.shards):
                    node.loads.foreign_us[shard] = end_us
            case unknown:
                raise AssertionError(unknown)


def plan_node(
    random: Random, number: int, dc: str, locations: tuple[str, ...], tables: list[str]
) -> NodePlan:
    """Choose what a node is like before the run."""
    speed = random.choice((1, 2, 4, 40)) * 50_000
    return NodePlan(
        address=f"10.0.0.{number + 1}",
        host_id=f"00000000-0000-0000-0000-{number + 1:012d}",
        dc=dc,
        rack=f"rack{number % 3 + 1}",
        shards=random.choice((1, 2, 4)),
        download_bytes_per_s=speed * random.choice((10, 40)),
        load_bytes_per_s=speed * random.choice((10, 40)),
        disk_total=10**11,
        locations=locations,
        transfers=random.choice((2, 2, 2, 8)),
        bandwidth_rate=random.choice(("off", "off", "100M")),
        compaction={table: random.random() < 0.9 for table in tables},
        foreign_files={table: random.choice((0, 0, 0, 0, 0, 0, 0, 2)) for table in tables},
    )
