"""A dry run: the same INIT, and nothing after it."""

import pytest
from tests.support.dry_runs import dry
from tests.support.hosts import Host, directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    DiscoverCluster,
    IndexLocation,
    InspectTables,
    JoinNode,
    OpenLocation,
    ReadNodeSettings,
    ReadSchema,
    ResolveTables,
)
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.run import RunFailed
from scylla_restore.events.model.stages import Stage

LOOKING = {
    DiscoverCluster,
    OpenLocation,
    IndexLocation,
    JoinNode,
    ReadSchema,
    ResolveTables,
    ReadNodeSettings,
    InspectTables,
}
NOBODY_REACHES_IT = World(hosts=(Host(address="n1", locations=()),), directories=(directory("t1", (3, 2)),))
IT_HOLDS_NOTHING = World(hosts=hosts("n1"))


def test_a_dry_run_knows_all_that_a_restore_begins_with_and_asks_for_nothing_that_alters() -> None:
    state = (world := dry(World(hosts=hosts("n1", "n2"), directories=(directory("t1", (3, 2, 1)),)))).state

    assert {type(command) for command in world.sent} == LOOKING
    assert (state.status, state.stage, state.completed) == (Status.DONE, Stage.DONE, {Stage.INIT})
    assert (state.workload.left, state.prepared) == (3, True)
    assert all(node.settings for node in state.nodes.values())
    assert not state.ledger.entries


@pytest.mark.parametrize("world", [NOBODY_REACHES_IT, IT_HOLDS_NOTHING])
def test_what_would_refuse_a_run_refuses_a_dry_run(world: World) -> None:
    assert isinstance(failed := dry(world).log[-1].event, RunFailed)
    assert (failed.exit_code, failed.resumable) == (2, False)
