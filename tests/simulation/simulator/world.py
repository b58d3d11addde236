"""The world of one simulation: everything that is there whether an engine runs or not."""

from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.effects import Points
from tests.simulation.simulator.faults import Faults
from tests.simulation.simulator.gateway import SimGateway
from tests.simulation.simulator.log import LogWorld, SimLog
from tests.simulation.simulator.network import Odds, SimPort
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.projected import Projected
from tests.simulation.simulator.scenario import Scenario
from tests.simulation.simulator.scheduler import Scheduler
from tests.simulation.simulator.schema import SimSchema
from tests.simulation.simulator.schema_backup import put_schema
from tests.simulation.simulator.schema_gateway import SimSchemaGateway
from tests.simulation.simulator.store import SimStore

from scylla_restore.engine.errors import NodeUnreachable
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.envelope import Envelope


class World:
    """Backup, cluster, log and faults of a scenario, under one clock."""

    def __init__(self, scenario: Scenario) -> None:
        seed = scenario.seed
        self.seed = seed
        self.random = dice(f"{seed}/world")
        self.scheduler = Scheduler(seed)
        self.points = Points()
        self.backup = Backup(scenario.backup, seed)
        self.cluster = SimCluster(scenario.nodes, scenario.tables, self.scheduler, self.backup, seed)
        self.cluster.points = self.points
        self.cluster.on_tablets = scenario.on_tablets
        if scenario.schema is not None:
            if scenario.schema.backed_up:
                put_schema(self.backup, scenario.schema.backed_up)
            self.cluster.schema = SimSchema(
                scenario.schema, scenario.tables, lambda: self.cluster.members, self.scheduler, seed
            )
        self.faults = Faults(scenario.faults, self.cluster, self.backup, self.scheduler, self.random)
        self.log = LogWorld(self.scheduler, self.points, self.faults.log_windows)
        self.projected = Projected()
        self._run = ""

    def gateway(self, address: str, process: Process) -> SimGateway:
        """Reach a node, as one process does."""
        return SimGateway(self.cluster, self.cluster.nodes[address], process, self.faults.node_odds)

    def contact_points(self, process: Process) -> "ContactPoints":
        """Reach the cluster."""
        return ContactPoints(self, process)

    def schema(self, process: Process) -> SimSchemaGateway | SchemaNotOffered:
        """Reach the schema, if it can be."""
        if self.cluster.schema is None:
            return SchemaNotOffered(reason="no node offers CQL")
        return SimSchemaGateway(self.cluster, self.cluster.schema, process, self.faults.node_odds, self.seed)

    def object_store(self, location: str, process: Process) -> SimStore:
        """Reach a bucket."""
        return SimStore(self.backup, location, process, self.faults.store_odds, self.seed)

    def event_log(self, process: Process) -> SimLog:
        """Reach the log."""
        return SimLog(self.log, process, self.faults.log_odds, self.seed)

    def safe_log(self, process: Process) -> SimLog:
        """Reach the log when an engine is started: whoever starts one tries until the log answers."""
        return SimLog(self.log, process, Odds(), self.seed)

    def show(self, run: str, envelopes: list[Envelope]) -> None:
        """Feed projections what an engine says is durable; what was missed is read from the log first."""
        projected = self.projected
        if envelopes and envelopes[0].seq > projected.seq + 1:
            missed = self.log.store.read(run, from_seq=projected.seq + 1)
            projected.feed(e for e in missed if e.seq < envelopes[0].seq)
        projected.feed(e for e in envelopes if e.seq > projected.seq)


class ContactPoints(SimPort):
    """``actors.crew.Cluster``: the first of the nodes that answers tells of the others."""

    def __init__(self, world: World, process: Process) -> None:
        super().__init__(process, world.faults.node_odds, dice(f"{world.seed}/contact/{process.name}"))
        self._world = world
        self._gateway: SchemaGateway | SchemaNotOffered | None = None

    def lost(self) -> Exception:
        return NodeUnreachable("no contact point answers", node="contact point", call="cluster_name")

    def contact(self) -> SimGateway:
        """Return a gateway to a node that answers."""
        for address, node in self._world.cluster.nodes.items():
            if node.answers(scylla=True):
                return self.gateway(address)
        raise self.lost()

    def gateway(self, address: str) -> SimGateway:
        """Return a gateway to a node."""
        return self._world.gateway(address, self.process)

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        """Return the gateway to the schema."""
        if self._gateway is None:
            self._gateway = self._world.schema(self.process)
        return self._gateway
