"""A restore of the schema: all of it is there in the end, or nothing that the ledger does not know of."""

from collections.abc import Iterator

import msgspec
from tests.simulation.simulator.effects import Effect, EffectKind
from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.schema import statement_of

from scylla_restore.events.model import alterations, schema_restore
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.model.schema import SchemaObject


class _Made(msgspec.Struct):
    """When a statement was announced, and what it made dropped: sequences, 0 for never."""

    object: SchemaObject
    requested: int
    dropped: int = 0


def check_statements(evidence: Evidence) -> Iterator[str]:
    """Compare what was made with what the log says of it."""
    schema = evidence.cluster.schema
    if schema is None or not schema.plan.backed_up:
        return
    made = _made(evidence)
    yield from _unannounced(evidence, made)
    last = evidence.envelopes[-1].event
    known = {each.object for each in made.values() if not each.dropped}
    if isinstance(last, RunCompleted) and schema.made != set(schema.plan.backed_up):
        yield f"the schema is complete without {set(schema.plan.backed_up) - schema.made}"
    if isinstance(last, RunAborted) and schema.made:
        yield f"the run was aborted, and {schema.made} are there"
    if isinstance(last, RunFailed | RunPaused) and not schema.made <= known:
        yield f"{schema.made - known} were left, which are in no ledger"


def _made(evidence: Evidence) -> dict[str, _Made]:
    found: dict[str, _Made] = {}
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, schema_restore.SchemaStatementRequested):
            entry = f"statement/{event.number}"
            if entry not in found or found[entry].dropped:
                found[entry] = _Made(event.object, envelope.seq)
        elif isinstance(event, alterations.AlterationUndone) and event.id in found:
            found[event.id].dropped = envelope.seq
    return found


def _unannounced(evidence: Evidence, made: dict[str, _Made]) -> Iterator[str]:
    announced: dict[str, int] = {}
    undone: dict[str, int] = {}
    for envelope in evidence.envelopes:
        match envelope.event:
            case schema_restore.SchemaStatementRequested() as event:
                announced.setdefault(statement_of(event.object), envelope.seq)
            case alterations.UndoRequested() as event:
                for entry in event.ids:
                    undone.setdefault(statement_of(made[entry].object), envelope.seq)
            case _:
                pass
    for effect in evidence.cluster.effects:
        if effect.process.run != evidence.run:
            continue
        if effect.kind is EffectKind.STATEMENT and not _in_time(effect, announced):
            yield f"{effect.detail} was carried out, and no record before {effect.known_seq} says so"
        if effect.kind is EffectKind.DROP and not _in_time(effect, undone):
            yield f"what {effect.detail} had made was dropped, and no record before {effect.known_seq} says so"


def _in_time(effect: Effect, announced: dict[str, int]) -> bool:
    return 0 < announced.get(effect.detail, 0) <= effect.known_seq
