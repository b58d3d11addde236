"""The schema: altered only where the log said so before, and at every end as the table of ends wants it."""

from collections.abc import Iterator

import msgspec
from tests.simulation.simulator.effects import Effect, EffectKind
from tests.simulation.simulator.evidence import Evidence
from tests.simulation.simulator.schema import SimSchema

from scylla_restore.events.model import alterations
from scylla_restore.events.model.alterations import (
    SchemaAlteration,
    SchemaObjectCreated,
    TombstoneGcDisabled,
    ViewDropped,
)
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused


class _Altered(msgspec.Struct):
    """When a change was announced, and when it was undone: sequences, 0 for never."""

    alteration: SchemaAlteration
    intended: int
    undone: int = 0


def check_schema(evidence: Evidence) -> Iterator[str]:
    """Compare the schema with what it was, and with what the log says of it."""
    schema = evidence.cluster.schema
    if schema is None:
        return
    yield from schema.violations
    ledger = _ledger(evidence)
    yield from _unannounced(evidence, ledger)
    yield from _originals(schema, ledger)
    open_ones = [altered.alteration for altered in ledger if not altered.undone]
    last = evidence.envelopes[-1].event
    if not isinstance(last, RunAborted | RunCompleted | RunFailed | RunPaused):
        return
    if isinstance(last, RunPaused | RunFailed):
        yield from _unnamed(last, open_ones)
    for key, before in schema.plan.tombstone_gc.items():
        known = any(isinstance(a, TombstoneGcDisabled) and _key(a) == key for a in open_ones)
        if not known and schema.tombstone_gc[key] != before:
            yield f"tombstone_gc of {key} was {before}, and is {schema.tombstone_gc[key]}"
    for view in schema.plan.views:
        known = any(isinstance(a, ViewDropped) and a.view == view for a in open_ones)
        if not known and schema.views.get((view.keyspace, view.name)) != view:
            yield f"view {view.name} was there, and is {schema.views.get((view.keyspace, view.name))}"
    if isinstance(last, RunCompleted) and schema.unbuilt():
        yield f"the run is complete, and {schema.unbuilt()} are not built"


def _ledger(evidence: Evidence) -> list[_Altered]:
    found: dict[str, _Altered] = {}
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, alterations.AlterationIntended) and isinstance(
            event.alteration, SchemaAlteration
        ):
            found[event.id] = _Altered(event.alteration, envelope.seq)
        elif isinstance(event, alterations.AlterationUndone) and event.id in found:
            found[event.id].undone = envelope.seq
    return list(found.values())


def _unannounced(evidence: Evidence, ledger: list[_Altered]) -> Iterator[str]:
    for effect in evidence.cluster.effects:
        is_change = effect.kind in (EffectKind.VIEW, EffectKind.TOMBSTONE_GC)
        if not is_change or effect.process.run != evidence.run:
            continue
        if not any(_is_announced(effect, altered) for altered in ledger):
            yield f"{effect.kind.value} {effect.detail} was altered, and no record before {effect.known_seq} says so"


def _is_announced(effect: Effect, altered: _Altered) -> bool:
    match altered.alteration:
        case TombstoneGcDisabled() as alteration:
            name = _key(alteration)
        case ViewDropped() as alteration:
            name = _name(alteration)
        case _:
            return False
    in_time = altered.intended <= effect.known_seq and not 0 < altered.undone <= effect.known_seq
    return name == effect.detail and in_time


def _originals(schema: SimSchema, ledger: list[_Altered]) -> Iterator[str]:
    for altered in ledger:
        match altered.alteration:
            case TombstoneGcDisabled() as alteration:
                if alteration.before != schema.plan.tombstone_gc[_key(alteration)]:
                    yield f"{alteration.before} is recorded as what {_key(alteration)} had before the run"
            case ViewDropped(view=view):
                if view not in schema.plan.views:
                    yield f"{view} is recorded, and never was there"
            case SchemaObjectCreated():
                pass


def _unnamed(last: RunPaused | RunFailed, open_ones: list[SchemaAlteration]) -> Iterator[str]:
    """What stays altered is named at the end."""
    views = tuple(sorted(_name(a) for a in open_ones if isinstance(a, ViewDropped)))
    tables = tuple(sorted(f"{a.keyspace}.{a.table}" for a in open_ones if isinstance(a, TombstoneGcDisabled)))
    if (last.views_dropped, last.tombstone_gc_disabled) != (views, tables):
        yield f"{views} and {tables} stay altered, and the end names {last.views_dropped}, {last.tombstone_gc_disabled}"


def _key(alteration: TombstoneGcDisabled) -> str:
    return f"{alteration.keyspace}:{alteration.table}"


def _name(alteration: ViewDropped) -> str:
    return f"{alteration.view.keyspace}.{alteration.view.name}"
