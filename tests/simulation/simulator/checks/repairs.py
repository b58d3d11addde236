"""What was loaded onto one replica has to be on all of them before a run calls itself complete."""

from collections.abc import Iterator

from tests.simulation.simulator.effects import EffectKind
from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.repairs import SimRepair, ring_of

from scylla_restore.events.model import repairs
from scylla_restore.events.model.nodes import ClusterDiscovered
from scylla_restore.events.model.run import RunCompleted, RunPaused
from scylla_restore.events.model.stages import Stage, StageCompleted

FIRST, LAST = -(2**63) + 1, 2**63 - 1


def check_repairs(evidence: Evidence) -> Iterator[str]:
    """Each restored table was repaired, all of it, after all of it was loaded; and every repair was announced."""
    yield from _announced(evidence)
    last = evidence.envelopes[-1].event
    if isinstance(last, RunCompleted):
        for table in sorted({truth.keyspace + ":" + truth.table for truth in evidence.backup.truth.values()}):
            yield from _repaired(evidence, table)
    if isinstance(last, RunCompleted | RunPaused):
        yield from _numbers(evidence)


def _announced(evidence: Evidence) -> Iterator[str]:
    announced: dict[tuple[str, str], int] = {}
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, repairs.RepairRequested):
            announced.setdefault((event.node, f"{event.keyspace}:{event.table}"), envelope.seq)
    for effect in evidence.cluster.effects:
        if effect.kind is EffectKind.REPAIR and effect.process.run == evidence.run:
            seq = announced.get((effect.node, effect.detail))
            if seq is None or seq > effect.known_seq:
                yield f"{effect.node} repairs {effect.detail}, and no record before {effect.known_seq} says so"


def _repaired(evidence: Evidence, table: str) -> Iterator[str]:
    cluster = evidence.cluster
    if len(_members_then(evidence)) == 1:
        return
    loaded_us = max(
        node.first_load_us[identity]
        for node in cluster.nodes.values()
        for identity in node.first_load_us
        if table == _table_of(evidence, identity)
        and _is_first(evidence, identity, node.first_load_us[identity])
    )
    sound = [
        r for r in cluster.repairs.all if r.state == "done" and r.begin_us >= loaded_us and _is_of(r, table)
    ]
    if any(not repair.ranges for repair in sound):
        return
    covered = {piece for repair in sound for piece in repair.ranges}
    for each in ring_of(_members_then(evidence)):
        start, end = int(each.start), int(each.end)
        pieces = [(start, end)] if start < end else [(start, LAST), (FIRST, end)]
        for piece in pieces:
            if (str(piece[0]), str(piece[1])) not in covered:
                yield f"{table} was restored, and its range {piece} never repaired afterwards"


def _members_then(evidence: Evidence) -> list[str]:
    """The nodes that the cluster had when the repair was over: who joins later is given what was repaired."""
    members: list[str] = []
    for envelope in evidence.envelopes:
        match envelope.event:
            case ClusterDiscovered() as event:
                members = [node.address for node in event.nodes]
            case StageCompleted(stage=Stage.REPAIR):
                return members
            case _:
                pass
    return members


def _is_of(repair: SimRepair, table: str) -> bool:
    return f"{repair.keyspace}:{repair.table}" == table


def _table_of(evidence: Evidence, identity: tuple[str, str, str]) -> str:
    truth = evidence.backup.truth[identity]
    return f"{truth.keyspace}:{truth.table}"


def _is_first(evidence: Evidence, identity: tuple[str, str, str], at_us: int) -> bool:
    """Whether no other node had loaded it before."""
    return at_us == min(
        node.first_load_us[identity]
        for node in evidence.cluster.nodes.values()
        if identity in node.first_load_us
    )


def _numbers(evidence: Evidence) -> Iterator[str]:
    """A unit is completed once, and none is left in a run that is complete."""
    completed: set[int] = set()
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, repairs.RepairCompleted):
            if event.repair in completed:
                yield f"record {envelope.seq}: repair {event.repair} is completed twice"
            completed.add(event.repair)
