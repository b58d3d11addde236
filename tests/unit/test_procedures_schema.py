"""Reading and altering a cluster's schema, in memory: what is reported, what is asked for again, what is refused."""

from collections.abc import Callable, Iterable

import pytest
from tests.support.schema_fake import FakeSchema, Fault
from tests.support.schema_world import SchemaWorld
from tests.support.schemas import FakeCluster, outcomes
from tests.support.stepping import START, SteppingRuntime

from scylla_restore.actors.procedures.schema import (
    AGREEMENT_MAX,
    Schema,
    alter_schema,
    await_agreement,
    locate_tables,
    read_schema,
    undo_schema,
)
from scylla_restore.actors.runtime import Procedure
from scylla_restore.engine.core.commands import (
    AlterSchema,
    AwaitAgreement,
    LocateTables,
    ReadSchema,
    UndoSchema,
)
from scylla_restore.engine.errors import SchemaDenied, SchemaObjectMissing, SchemaRefused, SchemaUnavailable
from scylla_restore.engine.schema.port import SchemaGateway, SchemaNotOffered
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import (
    AlterationMade,
    AlterationUndone,
    SchemaAlteration,
    TombstoneGcDisabled,
    UndoFailed,
    ViewDropped,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import TablesResolved
from scylla_restore.events.model.schema import (
    RecordedView,
    SchemaAgreementAwaited,
    SchemaAnswered,
    SchemaChangeFailed,
    SchemaReadFailed,
    SchemaRecorded,
    SchemaUnanswered,
)
from scylla_restore.events.model.stages import Stage

REPAIR = (("mode", "repair"),)
TABLES = ("ks:t", "ks:u")


@pytest.fixture
def world() -> SchemaWorld:
    world = SchemaWorld()
    world.execute(
        "CREATE KEYSPACE ks WITH replication = {};"
        "CREATE TABLE ks.t (k int PRIMARY KEY, v int) WITH tombstone_gc = {'mode': 'repair'};"
        "CREATE TABLE ks.u (k int PRIMARY KEY);"
        "CREATE TABLE ks.other (k int PRIMARY KEY);"
        "CREATE MATERIALIZED VIEW ks.by_v AS SELECT k, v FROM ks.t WHERE v IS NOT NULL PRIMARY KEY (v, k);"
        "CREATE INDEX on_v ON ks.t (v);"
        "CREATE MATERIALIZED VIEW ks.of_other AS SELECT k FROM ks.other PRIMARY KEY (k)"
    )
    return world


@pytest.fixture
def gateway(world: SchemaWorld) -> FakeSchema:
    return FakeSchema(world)


def run(
    gateway: SchemaGateway | SchemaNotOffered, procedure: Callable[[Schema], Procedure], *, silent: int = 0
) -> list[AnyEvent]:
    runtime = SteppingRuntime()
    reported: list[AnyEvent] = []
    cluster = FakeCluster(gateway)
    cluster.silent = silent
    schema = Schema(cluster, now=runtime.now, report=reported.append)
    runtime.drive(procedure(schema))
    return outcomes(reported)


def recorded(gateway: FakeSchema) -> SchemaRecorded:
    (event,) = run(gateway, lambda schema: read_schema(schema, ReadSchema(tables=TABLES)))
    assert isinstance(event, SchemaRecorded)
    return event


def alterations_of(gateway: FakeSchema) -> tuple[tuple[str, SchemaAlteration], ...]:
    views: list[SchemaAlteration] = [ViewDropped(view=view) for view in recorded(gateway).views]
    table = TombstoneGcDisabled(keyspace="ks", table="t", before=REPAIR)
    return tuple((f"a{number}", each) for number, each in enumerate([*views, table]))


def altered(gateway: FakeSchema, alterations: Iterable[tuple[str, SchemaAlteration]]) -> list[AnyEvent]:
    command = AlterSchema(alterations=tuple(alterations))
    return run(gateway, lambda schema: alter_schema(schema, command))


def put_back(
    gateway: FakeSchema, alterations: Iterable[tuple[str, SchemaAlteration]], *, gives_up: bool = False
) -> list[AnyEvent]:
    command = UndoSchema(alterations=tuple(alterations), gives_up=gives_up)
    return run(gateway, lambda schema: undo_schema(schema, command))


def test_restored_tables_are_recorded_with_the_views_over_them(gateway: FakeSchema) -> None:
    event = recorded(gateway)

    assert [(table.table, table.tombstone_gc) for table in event.tables] == [("t", REPAIR), ("u", ())]
    assert {view.name for view in event.views} == {"by_v", "on_v"}


def test_tables_in_which_a_row_is_found_are_told(gateway: FakeSchema, world: SchemaWorld) -> None:
    world.tables["ks", "u"].rows = 1

    assert recorded(gateway).filled == ("ks:u",)


def test_a_role_that_may_not_read_keeps_nobody_from_restoring(
    gateway: FakeSchema, world: SchemaWorld
) -> None:
    world.tables["ks", "u"].rows = 1
    gateway.faults.append(Fault(on="has_rows*", error=SchemaDenied, times=1000))

    assert recorded(gateway).filled == ()


def test_a_cluster_without_cql_is_recorded_as_such() -> None:
    offer = SchemaNotOffered(reason="native_transport_port is 0")
    events = run(offer, lambda schema: read_schema(schema, ReadSchema(tables=TABLES)))
    assert events == [SchemaRecorded(offered=False, reason="native_transport_port is 0")]


def test_a_table_that_is_missing_is_named(gateway: FakeSchema) -> None:
    (event,) = run(gateway, lambda schema: read_schema(schema, ReadSchema(tables=("ks:t", "ks:gone"))))
    assert isinstance(event, SchemaReadFailed)
    assert (event.exit_code, event.failure.message) == (2, "ks.gone of the backup is missing in the cluster")


@pytest.mark.parametrize("error", [SchemaDenied, SchemaUnavailable])
def test_cql_that_is_offered_and_cannot_be_had_refuses_the_run(
    gateway: FakeSchema, error: type[SchemaDenied | SchemaUnavailable]
) -> None:
    gateway.faults.append(Fault(on="tables*", error=error, times=1000))
    (event,) = run(gateway, lambda schema: read_schema(schema, ReadSchema(tables=TABLES)))
    assert isinstance(event, SchemaReadFailed)
    assert event.exit_code == 2


def test_nodes_that_do_not_tell_where_cql_is_are_asked_again(gateway: FakeSchema) -> None:
    events = run(gateway, lambda schema: read_schema(schema, ReadSchema(tables=TABLES)), silent=3)
    assert [type(event) for event in events] == [SchemaRecorded]


def test_tables_are_found_by_their_ids(gateway: FakeSchema, world: SchemaWorld) -> None:
    (event,) = run(gateway, lambda schema: locate_tables(schema, LocateTables(tables=TABLES)))
    assert isinstance(event, TablesResolved)
    assert [table.directory for table in event.tables] == [
        f"{name}-{world.tables['ks', name].id}" for name in ("t", "u")
    ]


def test_a_table_that_is_gone_since_the_run_began_is_told_as_dropped(gateway: FakeSchema) -> None:
    command = LocateTables(tables=(*TABLES, "ks:gone"), begun=True)
    (event,) = run(gateway, lambda schema: locate_tables(schema, command))
    assert isinstance(event, SchemaReadFailed)
    assert "since the run began table ks.gone was dropped" in event.failure.message
    assert "scylla-restore abort" in (event.failure.hint or "")


def test_what_is_altered_is_put_back_with_all_its_options(gateway: FakeSchema, world: SchemaWorld) -> None:
    before, alterations = recorded(gateway), alterations_of(gateway)

    assert altered(gateway, alterations) == [AlterationMade(id=each) for each, _ in alterations]
    assert not [name for name in (*world.views, *world.indexes) if name != ("ks", "of_other")]
    assert world.tables["ks", "t"].tombstone_gc == (("mode", "disabled"),)

    assert put_back(gateway, alterations) == [AlterationUndone(id=each) for each, _ in alterations]
    assert recorded(gateway) == before


def test_a_change_whose_answer_was_lost_is_made_again(gateway: FakeSchema) -> None:
    alterations = alterations_of(gateway)
    gateway.faults.append(Fault(on="drop_view*", done=True, times=2))
    assert [type(event) for event in altered(gateway, alterations)] == [AlterationMade] * 3
    gateway.faults.append(Fault(on="create_view*", done=True, times=2))
    assert [type(event) for event in put_back(gateway, alterations)] == [AlterationUndone] * 3


def test_a_silence_is_told_once_and_so_is_its_end(gateway: FakeSchema) -> None:
    runtime = SteppingRuntime()
    reported: list[AnyEvent] = []
    alterations = alterations_of(gateway)
    gateway.faults.append(Fault(on="drop_view*", times=3))

    schema = Schema(FakeCluster(gateway), now=runtime.now, report=reported.append)
    runtime.drive(alter_schema(schema, AlterSchema(alterations=alterations)))

    kinds = [type(event) for event in reported]
    assert kinds == [SchemaUnanswered, SchemaAnswered, *[AlterationMade] * 3]


def test_the_first_change_that_is_refused_is_the_last(gateway: FakeSchema) -> None:
    alterations = alterations_of(gateway)
    gateway.faults.append(Fault(on="drop_view*", error=SchemaDenied, after=1))

    events = altered(gateway, alterations)

    assert [type(event) for event in events] == [AlterationMade, SchemaChangeFailed]
    assert isinstance(events[1], SchemaChangeFailed)
    assert "could not be altered" in events[1].failure.message
    assert events[1].failure.hint is not None


def test_a_cluster_that_is_away_for_too_long_fails_the_change(gateway: FakeSchema) -> None:
    alterations = alterations_of(gateway)
    gateway.faults.append(Fault(on="drop_view*", times=10_000))
    (event,) = altered(gateway, alterations)
    assert isinstance(event, SchemaChangeFailed)
    assert event.failure.cause is Cause.UNREACHABLE


def test_one_view_that_cannot_be_made_again_does_not_keep_the_others(gateway: FakeSchema) -> None:
    alterations = alterations_of(gateway)
    altered(gateway, alterations)
    gateway.faults.append(Fault(on="create_view ks.by_v", error=SchemaRefused))

    events = put_back(gateway, alterations)

    assert sorted(type(event).__name__ for event in events) == [
        "AlterationUndone",
        "AlterationUndone",
        "UndoFailed",
    ]
    failed = next(event for event in events if isinstance(event, UndoFailed))
    assert "view ks.by_v could not be put back" in failed.failure.message


def test_a_cluster_that_is_away_is_waited_for_once_and_not_once_for_each(gateway: FakeSchema) -> None:
    alterations = alterations_of(gateway)
    altered(gateway, alterations)
    gateway.calls.clear()
    gateway.faults.append(Fault(on="*", times=10_000))

    events = put_back(gateway, alterations)

    assert [type(event) for event in events] == [UndoFailed] * 3
    assert len(set(gateway.calls)) == 1


@pytest.mark.parametrize("gives_up", [True, False])
def test_of_a_table_that_is_gone_there_is_nothing_to_put_back_only_for_who_gives_up(
    gateway: FakeSchema, world: SchemaWorld, gives_up: bool
) -> None:
    alterations = alterations_of(gateway)
    altered(gateway, alterations)
    world.execute("DROP TABLE ks.t")

    events = put_back(gateway, alterations, gives_up=gives_up)

    assert [type(event) for event in events] == [AlterationUndone if gives_up else UndoFailed] * 3


def test_what_a_table_lacks_that_is_there_is_not_given_up_with_it(gateway: FakeSchema) -> None:
    (view, *_) = alterations_of(gateway)
    altered(gateway, [view])

    def missing_type(view: RecordedView) -> None:
        raise SchemaObjectMissing("unknown type ks.place", statement=view.statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gateway, "create_view", missing_type)
        (event,) = put_back(gateway, [view], gives_up=True)

    assert isinstance(event, UndoFailed)
    assert "unknown type ks.place" in event.failure.message
    assert not [found for found in gateway.views(frozenset({"ks"})) if found.name == "by_v"]


def test_agreement_is_awaited_until_there_is_one_version(gateway: FakeSchema, world: SchemaWorld) -> None:
    runtime = SteppingRuntime()
    reported: list[AnyEvent] = []
    world.lagging.add("an old version")
    schema = Schema(FakeCluster(gateway), now=runtime.now, report=reported.append)
    asked = len(gateway.calls)

    def agree_in_the_end(*_: object) -> None:
        if len(gateway.calls) - asked > 3:
            world.lagging.clear()

    gateway._before = agree_in_the_end
    runtime.drive(await_agreement(schema, AwaitAgreement(before=Stage.DATA)))

    assert reported == [SchemaAgreementAwaited(before=Stage.DATA, agreed=True)]


def test_agreement_is_not_awaited_for_ever(gateway: FakeSchema, world: SchemaWorld) -> None:
    runtime = SteppingRuntime()
    reported: list[AnyEvent] = []
    world.lagging.add("an old version")
    schema = Schema(FakeCluster(gateway), now=runtime.now, report=reported.append)

    runtime.drive(await_agreement(schema, AwaitAgreement(before=Stage.DATA)))

    (event,) = reported
    assert isinstance(event, SchemaAgreementAwaited)
    assert not event.agreed
    assert "2 versions" in event.detail
    assert runtime.now() <= START + AGREEMENT_MAX


def test_a_cluster_that_does_not_tell_its_versions_is_no_reason_to_stop(gateway: FakeSchema) -> None:
    gateway.faults.append(Fault(on="schema_versions*", error=SchemaRefused))
    (event,) = run(gateway, lambda schema: await_agreement(schema, AwaitAgreement(before=Stage.DATA)))
    assert isinstance(event, SchemaAgreementAwaited)
    assert not event.agreed
