"""What people do to a cluster while no engine works on its run."""

from random import Random

from tests.simulation.simulator.faults import plan_node
from tests.simulation.simulator.scheduler import MINUTE_US
from tests.simulation.simulator.world import World

from scylla_restore.engine.core.state import Phase, RunState

USES_UPLOAD = (Phase.MOVING, Phase.BLOCKED, Phase.IN_UPLOAD, Phase.LOADING)


def change_cluster(world: World, what: str, state: RunState, random: Random) -> None:
    """Let something happen to the cluster before the next engine starts."""
    nodes = [node for node in world.cluster.nodes.values() if not node.left]
    match what:
        case "node_joins":
            first = nodes[0].plan
            number = len(world.cluster.nodes)
            world.cluster.add(plan_node(random, number, first.dc, first.locations, list(first.compaction)))
        case "node_leaves" if len(nodes) > 1:
            # the first one stays: it reaches every location
            random.choice(nodes[1:]).left = True
        case "foreign_files":
            _put_foreign_file(world, state, random)
        case _:
            pass


def _put_foreign_file(world: World, state: RunState, random: Random) -> None:
    """Where an upload directory is empty, and no load of ours may be asked for once more."""
    uses = {batch.node for batch in state.batches.values() if batch.phase in USES_UPLOAD}
    for node in world.cluster.nodes.values():
        if node.left or node.address in uses or node.loads.running:
            continue
        key = random.choice(sorted(world.cluster.tables))
        keyspace, table = key.split(":")
        if not node.disk.files(f"{world.cluster.directory_of(keyspace, table)}/upload"):
            world.cluster.put_foreign_file(node, key)
            return


def other_minutes_us(random: Random) -> int:
    """Choose how long nobody works on the run."""
    return int(random.random() ** 3 * 10 * MINUTE_US)
