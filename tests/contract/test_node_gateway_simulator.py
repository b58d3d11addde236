"""The simulator's gateway, whose world stands still unless it is told to go on."""

from collections.abc import Callable
from typing import TypeVar, cast

import msgspec
import pytest
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.runtime import SimRuntime
from tests.simulation.simulator.scenario import Scenario, scenario_of
from tests.simulation.simulator.scheduler import MINUTE_US
from tests.simulation.simulator.world import World
from tests.support.node_gateway_suite import Bench, NodeGatewaySuite

from scylla_restore.actors.runtime import Call
from scylla_restore.engine.cluster.port import NodeGateway

T = TypeVar("T")


class SimulatorBench(Bench):
    """The first node and the first SSTable of a calm world."""

    def __init__(self, scenario: Scenario) -> None:
        self._world = World(scenario)
        process = Process("engine", run="run")
        self._runtime = SimRuntime(self._world.scheduler, process)
        self._node = next(iter(self._world.cluster.nodes.values()))
        self._gateway = self._world.gateway(self._node.address, process)
        sstable = next(iter(self._world.backup.truth.values()))
        self.address = self._node.address
        self.location, self.directory = sstable.location, sstable.directory
        sizes = self._world.backup.sizes[sstable.location]
        self.files = {name: sizes[key] for name, key in sstable.objects.items()}
        self.keyspace, self.table = sstable.keyspace, sstable.table
        self.table_directory = self._world.cluster.directory_of(sstable.keyspace, sstable.table)

    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        answers: list[tuple[object, BaseException | None]] = []
        call = Call(cast("NodeGateway", self._gateway), perform)
        self._runtime.perform(call, lambda answer, error: answers.append((answer, error)))
        self._world.scheduler.run(lambda: bool(answers), steps=10_000, time_us=60 * MINUTE_US)
        answer, error = answers[0]
        if error is not None:
            raise error
        return cast("T", answer)

    def restart_agent(self) -> None:
        self._node.restart_agent(ids_again=False)

    def cut_off(self) -> None:
        self._world.faults.node_odds.lost = 1.0


class TestNodeGateway(NodeGatewaySuite):
    @pytest.fixture
    def bench(self) -> SimulatorBench:
        scenario = scenario_of(1)
        return SimulatorBench(
            msgspec.structs.replace(
                scenario,
                faults=FaultPlan(),
                interruptions=(),
                on_tablets=(),
                backup=msgspec.structs.replace(scenario.backup, versioned=False),
                nodes=tuple(msgspec.structs.replace(node, foreign_files={}) for node in scenario.nodes),
            )
        )
