"""Comparing a backup's schema with a cluster's, and carrying its statements out, in memory."""

import pytest
from tests.support.schema_fake import FakeSchema, Fault
from tests.support.schema_world import SchemaWorld
from tests.support.schemas import FakeCluster, outcomes
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.schema import Schema, undo_schema
from scylla_restore.actors.procedures.statements import apply_statement, compare_objects
from scylla_restore.engine.core.commands import ApplyStatement, CompareObjects, UndoSchema
from scylla_restore.engine.errors import SchemaRefused
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import AlterationUndone, SchemaObjectCreated, UndoFailed
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.schema import SchemaObject, SchemaReadFailed
from scylla_restore.events.model.schema_restore import (
    SchemaCompared,
    SchemaStatementApplied,
    SchemaStatementFailed,
)

KEYSPACE = SchemaObject(keyspace="ks", kind="keyspace", name="ks")
TABLE = SchemaObject(keyspace="ks", kind="table", name="t")
CREATE = "CREATE TABLE ks.t (k int PRIMARY KEY)"


@pytest.fixture
def world() -> SchemaWorld:
    world = SchemaWorld()
    world.execute("CREATE KEYSPACE ks WITH replication = {}")
    return world


@pytest.fixture
def gateway(world: SchemaWorld) -> FakeSchema:
    return FakeSchema(world)


class Told:
    """What a procedure reports."""

    def __init__(self, gateway: SchemaGateway | SchemaNotOffered) -> None:
        self.events: list[AnyEvent] = []
        self.runtime = SteppingRuntime()
        self.schema = Schema(FakeCluster(gateway), now=self.runtime.now, report=self.events.append)


def compared(
    gateway: SchemaGateway | SchemaNotOffered, *objects: SchemaObject, needs_alternator: bool = False
) -> AnyEvent:
    told = Told(gateway)
    command = CompareObjects(objects=objects, needs_alternator=needs_alternator)
    told.runtime.drive(compare_objects(told.schema, command))
    (event,) = told.events
    return event


def applied(
    gateway: FakeSchema, statement: str = CREATE, *, recovering: bool = False, required: bool = True
) -> AnyEvent:
    told = Told(gateway)
    command = ApplyStatement(
        number=3, object=TABLE, statement=statement, recovering=recovering, required=required
    )
    told.runtime.drive(apply_statement(told.schema, command))
    (event,) = outcomes(told.events)
    return event


def dropped(gateway: FakeSchema, *objects: SchemaObject) -> list[AnyEvent]:
    told = Told(gateway)
    entries = tuple((f"statement/{n}", SchemaObjectCreated(object=each)) for n, each in enumerate(objects))
    told.runtime.drive(undo_schema(told.schema, UndoSchema(alterations=entries, gives_up=True)))
    return told.events


def test_only_objects_that_are_there_are_told(gateway: FakeSchema) -> None:
    assert compared(gateway, KEYSPACE, TABLE) == SchemaCompared(existing=(KEYSPACE,))


@pytest.mark.parametrize("needs_alternator", [False, True])
def test_what_a_schema_needs_and_the_nodes_do_not_offer_refuses_it(
    gateway: FakeSchema, needs_alternator: bool
) -> None:
    offered = gateway if needs_alternator else SchemaNotOffered(reason="no port for CQL is open")
    event = compared(offered, KEYSPACE, needs_alternator=needs_alternator)
    assert isinstance(event, SchemaReadFailed)
    assert event.exit_code == 2
    assert ("Alternator" if needs_alternator else "no port") in event.failure.message


def test_a_statement_is_carried_out(gateway: FakeSchema, world: SchemaWorld) -> None:
    assert applied(gateway) == SchemaStatementApplied(number=3)
    assert ("ks", "t") in world.tables


def test_a_statement_whose_answer_was_lost_is_asked_for_again(
    gateway: FakeSchema, world: SchemaWorld
) -> None:
    gateway.faults.append(Fault(on="apply*", done=True, times=1))
    assert applied(gateway) == SchemaStatementApplied(number=3)
    assert ("ks", "t") in world.tables


def test_what_an_engine_before_may_have_made_is_no_error(gateway: FakeSchema, world: SchemaWorld) -> None:
    world.execute(CREATE)
    assert applied(gateway, recovering=True) == SchemaStatementApplied(number=3)


def test_what_somebody_else_made_meanwhile_is_an_error(gateway: FakeSchema, world: SchemaWorld) -> None:
    world.execute(CREATE)
    event = applied(gateway)
    assert isinstance(event, SchemaStatementFailed)
    assert event.failure.message.startswith("table ks.t could not be created: ")
    assert event.failure.cause is Cause.REFUSED


def test_a_change_of_a_table_that_an_engine_before_may_have_made_is_no_error(gateway: FakeSchema) -> None:
    gateway.faults.append(Fault(on="apply*", error=SchemaRefused))
    event = applied(gateway, "ALTER TABLE ks.t DROP v", recovering=True)
    assert event == SchemaStatementApplied(number=3)


def test_what_is_not_required_is_left_out_with_the_reason(gateway: FakeSchema) -> None:
    gateway.faults.append(Fault(on="apply*", error=SchemaRefused))
    event = applied(gateway, required=False)
    assert isinstance(event, SchemaStatementApplied)
    assert "fails as arranged" in event.left_out


def test_a_cluster_that_is_away_for_too_long_fails_the_statement(gateway: FakeSchema) -> None:
    gateway.faults.append(Fault(on="apply*", times=10_000))
    event = applied(gateway)
    assert isinstance(event, SchemaStatementFailed)
    assert event.failure.cause is Cause.UNREACHABLE


def test_a_keyspace_goes_with_all_that_is_in_it(gateway: FakeSchema, world: SchemaWorld) -> None:
    world.execute(CREATE)
    gateway.calls.clear()

    events = dropped(gateway, TABLE, KEYSPACE)

    assert events == [AlterationUndone(id="statement/1"), AlterationUndone(id="statement/0")]
    assert gateway.calls == ["drop keyspace ks.ks"]
    assert not world.tables


def test_what_cannot_be_dropped_is_told_and_the_rest_is_dropped(
    gateway: FakeSchema, world: SchemaWorld
) -> None:
    world.execute(CREATE)
    gateway.faults.append(Fault(on="drop keyspace*", error=SchemaRefused))

    events = dropped(gateway, TABLE, KEYSPACE)

    assert [type(event) for event in events] == [UndoFailed, AlterationUndone]
    assert not world.tables
