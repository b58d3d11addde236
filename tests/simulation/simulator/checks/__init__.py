"""What has to hold after every simulation, whatever went wrong in it."""

from collections.abc import Callable, Iterator

from tests.simulation.simulator.checks.batches import check_batches, check_completeness
from tests.simulation.simulator.checks.calm import check_calm
from tests.simulation.simulator.checks.intents import check_copies, check_intents, check_untouched
from tests.simulation.simulator.checks.record import (
    check_chain,
    check_crashes,
    check_fold,
    check_owners,
    check_projections,
)
from tests.simulation.simulator.checks.repairs import check_repairs
from tests.simulation.simulator.checks.schema import check_schema
from tests.simulation.simulator.checks.statements import check_statements
from tests.simulation.simulator.checks.world import check_world
from tests.simulation.simulator.evidence import Evidence

CHECKS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    check_crashes,
    check_chain,
    check_owners,
    check_batches,
    check_completeness,
    check_intents,
    check_copies,
    check_untouched,
    check_world,
    check_repairs,
    check_schema,
    check_statements,
    check_fold,
    check_projections,
    check_calm,
)


def violations(evidence: Evidence) -> list[str]:
    """Everything that is wrong, in words."""
    return [f"{check.__name__}: {problem}" for check in CHECKS for problem in check(evidence)]
