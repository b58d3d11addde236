"""Backups that are not listed: what is copied was looked for before, and planted bugs in that are noticed."""

from collections import Counter

import msgspec
import pytest
from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.scenario import Scenario, scenario_of
from tests.simulation.simulator.simulation import Failed, Simulation
from tests.simulation.simulator.store import SimStore

from scylla_restore.actors.procedures import checking
from scylla_restore.engine.core.state import Directory
from scylla_restore.events.model.batches import BatchFilesFound, BatchFilesMissed, DownloadRequested
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.run import OwnerChanged, RunCompleted

SEEDS = tuple(range(12))


def noted(seed: int, *, calm: bool = True) -> Scenario:
    """A backup of which Scylla has noted the sizes, so that its larger directories are not listed."""
    scenario = scenario_of(seed)
    backup = msgspec.structs.replace(scenario.backup, notes=True, versioned=False, sstables=60)
    scenario = msgspec.structs.replace(scenario, backup=backup)
    if not calm:
        return scenario
    return msgspec.structs.replace(scenario, faults=FaultPlan(), interruptions=(), changes=())


class GrownFile(Simulation):
    """A simulation in which a file of each noted directory is larger than Scylla noted, until the second engine starts."""

    def _let_time_pass(self) -> None:
        super()._let_time_pass()
        if len(self.engines) > 1:
            return
        grown = 1 if not self.engines else -1
        for sizes in self.world.backup.sizes.values():
            files = Counter(key.rpartition("/")[0] for key in sizes if "-big-" in key)
            for directory in (name for name, count in files.items() if count > SimStore.files_per_page):
                sizes[min(k for k in sizes if k.startswith(directory) and k.endswith("-Data.db"))] += grown

    def _evidence(self) -> Evidence:
        return msgspec.structs.replace(super()._evidence(), calm=False)


def is_told_before_it_is_copied(seed: int) -> bool:
    """Whether the first engine has missed a file, and asked nobody to copy what it is part of."""
    evidence = GrownFile(noted(seed)).play()
    assert isinstance(evidence.envelopes[-1].event, RunCompleted)
    owners = [e.seq for e in evidence.envelopes if isinstance(e.event, OwnerChanged)]
    first = [e.event for e in evidence.envelopes if e.seq < (*owners, owners[0])[1]]
    missed = {
        e.batch for e in first if isinstance(e, BatchFilesMissed) and e.failure.cause is Cause.INCOMPLETE
    }
    return bool(missed) and missed.isdisjoint(e.batch for e in first if isinstance(e, DownloadRequested))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_nothing_is_copied_that_was_not_looked_for(seed: int) -> None:
    evidence = Simulation(noted(seed, calm=False)).play()
    assert any(isinstance(envelope.event, BatchFilesFound) for envelope in evidence.envelopes)


@pytest.mark.parametrize("seed", [2, 5])
def test_a_file_that_is_not_the_one_that_was_noted_is_told_before_anything_of_its_batch_is_copied(
    seed: int,
) -> None:
    assert is_told_before_it_is_copied(seed)


def test_a_check_that_believes_what_it_finds_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_check", lambda *_, **__: None)
    assert not is_told_before_it_is_copied(5)


def test_a_core_that_has_nothing_looked_for_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Directory, "is_listed", True)
    with pytest.raises(Failed, match="was not looked for in its location"):
        Simulation(noted(2)).play()
