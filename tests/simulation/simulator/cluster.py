"""The simulated cluster: its nodes, its tables, and everything that was done to it."""

from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.disk import SimFile
from tests.simulation.simulator.effects import Effect, Points
from tests.simulation.simulator.node import NodePlan, SimNode
from tests.simulation.simulator.repairs import SimRepairs
from tests.simulation.simulator.scheduler import Scheduler
from tests.simulation.simulator.schema import SimSchema

from scylla_restore.engine.cluster.port import ClusterTopology
from scylla_restore.events.model.nodes import DiscoveredNode


class SimCluster:
    """All nodes, and what checkers want to know about them."""

    def __init__(
        self,
        plans: tuple[NodePlan, ...],
        tables: dict[str, str],
        scheduler: Scheduler,
        backup: Backup,
        seed: str,
    ) -> None:
        self.name = "target"
        self.backup = backup
        self.tables = tables
        """``<keyspace>:<table>`` → its directory's name below the keyspace's."""
        self.scheduler = scheduler
        self.effects: list[Effect] = []
        self.points = Points()
        self._seed = seed
        self.nodes: dict[str, SimNode] = {}
        self.on_tablets: tuple[str, ...] = ()
        """Keyspaces that are replicated by tablets."""
        self.schema: SimSchema | None = None
        """What CQL tells; None where no node offers it."""
        self.repairs = SimRepairs(
            dice(f"{seed}/repairs"),
            lambda: all(self.nodes[address].answers(scylla=True) for address in self.members),
        )
        for plan in plans:
            self.add(plan)

    @property
    def members(self) -> list[str]:
        """Addresses of the nodes that have not left."""
        return [address for address, node in self.nodes.items() if not node.left]

    def add(self, plan: NodePlan) -> None:
        """A node joins the cluster."""
        node = SimNode(plan, self.scheduler, self.backup, self._seed)
        self.nodes[plan.address] = node
        node.scylla_restarted = lambda: self.repairs.interrupt(plan.address)
        for key in self.tables:
            keyspace, table = key.split(":")
            node.disk.make(f"{self.directory_of(keyspace, table)}/upload")
            self._put_files(node, key, first=0, count=node.foreign_files.get(key, 0))

    def put_foreign_file(self, node: SimNode, key: str) -> None:
        """Somebody puts an SSTable into the table's upload directory."""
        count = node.foreign_files.get(key, 0)
        node.foreign_files[key] = count + 1
        self._put_files(node, key, first=count, count=1)

    def _put_files(self, node: SimNode, key: str, *, first: int, count: int) -> None:
        keyspace, table = key.split(":")
        upload = node.disk.make(f"{self.directory_of(keyspace, table)}/upload")
        for number in range(first, first + count):
            for component in ("Data.db", "TOC.txt"):
                upload[f"me-{900 + number}-big-{component}"] = SimFile(7, 7, None)

    def holds_rows(self, key: str) -> bool:
        """Whether anything was loaded into a table (``<keyspace>:<table>``)."""
        truth = self.backup.truth
        return any(
            f"{truth[identity].keyspace}:{truth[identity].table}" == key
            for node in self.nodes.values()
            for identity in node.first_load_us
        )

    def directory_of(self, keyspace: str, table: str) -> str:
        """The table's directory below ``data:``."""
        return f"{keyspace}/{self.tables[f'{keyspace}:{table}']}"

    def topology(self) -> ClusterTopology:
        """What any node tells of the cluster."""
        members = [node for node in self.nodes.values() if not node.left]
        keyspaces = tuple(sorted({key.split(":")[0] for key in self.tables}))
        return ClusterTopology(
            name=self.name,
            nodes=tuple(
                DiscoveredNode(
                    address=node.address, host_id=node.plan.host_id, dc=node.plan.dc, rack=node.plan.rack
                )
                for node in members
            ),
            not_normal={node.address: "DN" for node in members if not node.answers(scylla=True)},
            keyspaces=keyspaces,
            user_keyspaces=keyspaces,
            tables=tuple(sorted(self.tables)),
        )
