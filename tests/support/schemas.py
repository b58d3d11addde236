"""A recorded schema over the tables ``ks.t1`` and ``ks.t2``, and a cluster whose schema is in memory."""

from collections.abc import Iterable

from tests.support.scripted_node import ScriptedNode, unreachable

from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.schema import (
    RecordedTable,
    RecordedView,
    SchemaAnswered,
    SchemaRecorded,
    SchemaUnanswered,
    TombstoneGc,
    ViewKind,
)

REPAIR: TombstoneGc = (("mode", "repair"), ("propagation_delay_in_seconds", "60"))


def recorded_table(name: str, tombstone_gc: TombstoneGc | None = REPAIR) -> RecordedTable:
    return RecordedTable(keyspace="ks", table=name, id="0" * 32, tombstone_gc=tombstone_gc)


def recorded_view(name: str, kind: ViewKind = ViewKind.MATERIALIZED_VIEW) -> RecordedView:
    return RecordedView(
        keyspace="ks", name=name, base_table="t1", kind=kind, statement=f"CREATE {name}", build_name=name
    )


def outcomes(events: Iterable[AnyEvent]) -> list[AnyEvent]:
    """Return what came of something, without the silences on the way."""
    return [event for event in events if not isinstance(event, SchemaUnanswered | SchemaAnswered)]


SCHEMA = SchemaRecorded(
    offered=True,
    tables=(recorded_table("t1"), recorded_table("t2", ())),
    views=(
        recorded_view("v1"),
        recorded_view("i1", ViewKind.SECONDARY_INDEX),
        recorded_view("l1", ViewKind.ALTERNATOR_LSI),
    ),
)


class FakeCluster:
    """A cluster whose schema is in memory, unless it is not offered, or nobody tells."""

    def __init__(self, gateway: SchemaGateway | SchemaNotOffered) -> None:
        self.gateway_of_schema = gateway
        self.silent = 0

    def contact(self) -> ScriptedNode:
        return ScriptedNode()

    def gateway(self, address: str) -> ScriptedNode:
        raise AssertionError(address)

    def schema(self) -> SchemaGateway | SchemaNotOffered:
        if self.silent:
            self.silent -= 1
            raise unreachable()
        return self.gateway_of_schema
