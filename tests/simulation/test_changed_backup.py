"""A run goes on with the backup that it began with, or not at all."""

import msgspec
import pytest
from tests.simulation.simulator.backup import TAG
from tests.simulation.simulator.effects import EffectKind, Point
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Simulation

from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.run import FailureDeclared, RunCompleted


class ChangedBackup(Simulation):
    """A simulation in which a manifest is another one when the second engine starts, and the old one for the third."""

    def _let_time_pass(self) -> None:
        super()._let_time_pass()
        contents = self.world.backup.contents
        location = min(contents)
        manifest = min(key for key in contents[location] if key.endswith(f"{TAG}_manifest.json.gz"))
        if len(self.engines) == 1:
            self.original = contents[location][manifest]
            contents[location][manifest] = self.original + b"\0"
        elif len(self.engines) == 2:
            contents[location][manifest] = self.original


@pytest.fixture(params=(1, 2, 3, 5, 8, 9, 11, 12))
def simulation(request: pytest.FixtureRequest) -> ChangedBackup:
    scenario = msgspec.structs.replace(
        scenario_of(request.param), faults=FaultPlan(), interruptions=(), changes=()
    )
    return ChangedBackup(scenario, Point("after append", 24))


def test_a_run_whose_backup_changed_stops_and_goes_on_when_it_is_what_it_was(
    simulation: ChangedBackup,
) -> None:
    evidence = simulation.play()
    second = simulation.engines[1]
    declared = [e.event for e in evidence.envelopes if isinstance(e.event, FailureDeclared)]
    loads = [
        effect
        for effect in evidence.cluster.effects
        if effect.process is second.process and effect.kind is EffectKind.COPY
    ]
    assert second.state.status is Status.FAILED
    assert "manifest" in declared[0].failure.message
    assert loads == []
    assert isinstance(evidence.envelopes[-1].event, RunCompleted)
