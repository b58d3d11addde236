"""Tables kept step by step, with engines killed and stores failing in between, are those made anew from the log."""

from random import Random

import pytest
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.projected import Projected
from tests.simulation.simulator.scenario import scenario_of
from tests.simulation.simulator.simulation import Simulation
from tests.support.failing_tables import FailingTables

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import ProjectionTables, Rows, RunKey
from scylla_restore.events.tables.projector import Projector, run_key
from scylla_restore.events.tables.rebuilding import rebuild

SEEDS = 120
PER_TEST = 20


@pytest.mark.parametrize("seeds", [range(first, first + PER_TEST) for first in range(0, SEEDS, PER_TEST)])
def test_every_row_comes_back_the_same(seeds: range) -> None:
    for seed in seeds:
        simulation = Simulation(scenario_of(seed))
        evidence = simulation.play()
        log, run = simulation.world.log.store, evidence.run
        tables, other = FailingTables(), MemoryTables()
        _keep(log, tables, run, dice(f"{seed}/tables"))
        before = _rows(log, tables, run)
        projected = Projected()
        projected.feed(evidence.envelopes)
        assert before == _rows_of(projected), f"seed {seed}"
        report = rebuild(log, tables, run)
        assert _rows(log, tables, run) == before, f"seed {seed}"
        assert report.before == report.after == tables.counts(_key(log, run))
        assert report.seq == evidence.envelopes[-1].seq
        rebuild(log, other, run)
        assert _rows(log, other, run) == before, f"seed {seed}"


def _keep(log: EventLog, tables: FailingTables, run: str, random: Random) -> None:
    """Bring the tables up as engines do that are killed and meet with failures."""
    projector = Projector(log, tables, run)
    while True:
        tables.failures = [random.choice((None, None, "refused", "lost"))]
        if random.random() < 0.2:
            if random.random() < 0.5:
                projector.save()
            projector = Projector(
                log,
                tables,
                run,
                step_records=random.choice((1, 7, 40)),
                checkpoint_every=random.choice((5, 100)),
            )
        try:
            if not projector.advance():
                break
        except LogUnavailable:
            continue
    tables.failures = []


def _key(log: EventLog, run: str) -> RunKey:
    key = run_key(log, run)
    assert key is not None
    return key


def _rows(log: EventLog, tables: ProjectionTables, run: str) -> Rows:
    return tables.rows(_key(log, run))


def _rows_of(projected: Projected) -> Rows:
    return Rows(
        restore_run=tuple(row for _, row in sorted(projected.runs.items())),
        restore_run_progress=tuple(row for _, row in sorted(projected.rows.items())),
    )
