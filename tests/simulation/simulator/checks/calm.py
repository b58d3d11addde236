"""Where nothing goes wrong, nothing may look as if it had."""

from collections.abc import Iterator

from tests.simulation.simulator.evidence import Evidence

from scylla_restore.events.model import batches, locations, nodes, repairs, run, schema
from scylla_restore.events.model.alterations import UndoFailed

TROUBLE = (
    batches.BatchReturned,
    batches.DownloadFailed,
    batches.LoadAnswerLost,
    batches.LoadFailed,
    locations.LocationFailed,
    locations.LocationUnanswered,
    nodes.DiscoveryFailed,
    nodes.NodeFailed,
    nodes.NodeSuspended,
    nodes.NodeWaitingForSpace,
    repairs.RepairFailed,
    repairs.RepairPlanFailed,
    run.ActorFailed,
    run.FailureDeclared,
    run.RunFailed,
    schema.SchemaChangeFailed,
    schema.SchemaReadFailed,
    schema.SchemaUnanswered,
    schema.ViewBuildFailed,
    UndoFailed,
)


def check_calm(evidence: Evidence) -> Iterator[str]:
    """A calm run completes without a single failure, and loads nothing twice."""
    if not evidence.calm:
        return
    for envelope in evidence.envelopes:
        if isinstance(envelope.event, TROUBLE):
            yield f"record {envelope.seq} of a calm run is {envelope.event}"
    if not isinstance(evidence.envelopes[-1].event, run.RunCompleted):
        yield f"a calm run ended with {type(evidence.envelopes[-1].event).__name__}"
    loaded = [identity for node in evidence.cluster.nodes.values() for identity in node.loaded]
    if len(loaded) != len(set(loaded)):
        yield "a calm run loaded an SSTable twice"
