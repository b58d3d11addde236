"""Native restores by a simulated node, whose world stands still unless it is told to go on."""

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
from tests.support.native_calls_suite import NativeBench, NativeCallsSuite

from scylla_restore.actors.runtime import Call
from scylla_restore.engine.cluster.port import NodeGateway

T = TypeVar("T")


class SimulatorBench(NativeBench):
    """The first node and the SSTables of one directory of a calm world."""

    def __init__(self, scenario: Scenario) -> None:
        self._world = World(scenario)
        process = Process("engine", run="run")
        self._runtime = SimRuntime(self._world.scheduler, process)
        self._node = next(iter(self._world.cluster.nodes.values()))
        self._gateway = self._world.gateway(self._node.address, process)
        truth = list(self._world.backup.truth.values())
        first = truth[0]
        self.location, self.directory = first.location, first.directory
        self.sstables = tuple(each.id for each in truth if each.directory == first.directory)
        self.keyspace, self.table = first.keyspace, first.table

    def ask(self, perform: Callable[[NodeGateway], T]) -> T:
        answers: list[tuple[object, BaseException | None]] = []
        call = Call(cast("NodeGateway", self._gateway), perform)
        self._runtime.perform(call, lambda answer, error: answers.append((answer, error)))
        self._world.scheduler.run(lambda: bool(answers), steps=10_000, time_us=60 * MINUTE_US)
        answer, error = answers[0]
        if error is not None:
            raise error
        return cast("T", answer)

    def restart_scylla(self) -> None:
        self._node.restart_scylla()
        self._node.windows.clear()

    def slow_down(self) -> None:
        self._node.natives.bytes_per_s = 1


class TestNativeCalls(NativeCallsSuite):
    @pytest.fixture
    def bench(self) -> SimulatorBench:
        scenario = scenario_of(1)
        first = msgspec.structs.replace(scenario.nodes[0], native=True, user_ttl=3600)
        return SimulatorBench(
            msgspec.structs.replace(
                scenario,
                faults=FaultPlan(),
                backup=msgspec.structs.replace(scenario.backup, versioned=False),
                nodes=(first, *scenario.nodes[1:]),
            )
        )
