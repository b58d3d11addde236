"""A restore of the schema: what is asked for before anything is made, one statement after another, and what is dropped again."""

import pytest
from tests.support.hosts import hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    ApplyStatement,
    AwaitAgreement,
    CompareObjects,
    DownloadBatch,
    JoinNode,
    UndoSchema,
)
from scylla_restore.engine.core.schema_alterations import name_of
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import AlterationUndone, UndoFailed
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import (
    PauseRequested,
    RunAborted,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
)
from scylla_restore.events.model.schema import SchemaObject, SchemaReadFailed
from scylla_restore.events.model.schema_restore import (
    SchemaCompared,
    SchemaRolledBack,
    SchemaStatement,
    SchemaStatementApplied,
    SchemaStatementFailed,
    SchemaStatementRequested,
)
from scylla_restore.events.model.stages import Stage, StageEntered


def statement(kind: str, name: str) -> SchemaStatement:
    described = SchemaObject(keyspace="ks", kind=kind, name=name)
    return SchemaStatement(object=described, statement=f"CREATE {kind.upper()} {name}")


STATEMENTS = (
    statement("keyspace", "ks"),
    statement("type", "address"),
    statement("table", "t"),
    statement("view", "v"),
)


def a_world() -> World:
    world = World(hosts=hosts("n1"))
    world.statements = STATEMENTS
    return world


def at_statement(number: int) -> World:
    """A run that never gets an answer to a statement."""
    world = a_world().on(ApplyStatement, lambda c: () if c.number == number else None).start()
    return world.play(lambda state: state.statements.asked == number)


def refused(cause: Cause = Cause.REFUSED, number: int = 2) -> World:
    """A run of which a statement comes to nothing."""
    failure = Failure(cause=cause, message="unknown type")

    def answer(command: ApplyStatement) -> list[AnyEvent] | None:
        wanted = command.number == number
        return [SchemaStatementFailed(number=number, failure=failure)] if wanted else None

    return a_world().on(ApplyStatement, answer).start().play()


def applied(world: World) -> list[int]:
    return [event.number for event in world.events(SchemaStatementApplied)]


def dropped(world: World) -> list[tuple[str, ...]]:
    return [tuple(name_of(a) for _, a in command.alterations) for command in world.commands(UndoSchema)]


def test_a_schema_is_made_statement_by_statement_between_two_agreements() -> None:
    world = a_world().start().play()

    assert [event.stage for event in world.events(StageEntered)] == [Stage.INIT, Stage.DATA, Stage.DONE]
    assert applied(world) == [0, 1, 2, 3]
    assert [command.before for command in world.commands(AwaitAgreement)] == [Stage.DATA, Stage.DONE]
    assert world.state.status is Status.DONE
    assert not world.state.ledger.entries
    assert not world.commands(UndoSchema)


def test_nothing_is_asked_of_nodes() -> None:
    world = a_world().start().play()
    assert not world.commands(JoinNode)
    assert not world.commands(DownloadBatch)


def test_one_statement_is_under_way_at_a_time() -> None:
    world = at_statement(1).pass_s(600)
    assert [command.number for command in world.commands(ApplyStatement)] == [0, 1]


def test_objects_that_exist_are_named_and_nothing_is_made() -> None:
    existing = (STATEMENTS[0].object, STATEMENTS[2].object)
    world = a_world().on(CompareObjects, lambda _: (SchemaCompared(existing=existing),)).start().play()

    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert (event.resumable, event.exit_code) == (False, 2)
    assert event.failure.message == "2 objects of the backup's schema exist already: keyspace ks, table ks.t"
    assert not world.commands(ApplyStatement)


def test_a_cluster_without_cql_refuses_a_schema() -> None:
    failure = Failure(cause=Cause.REFUSED, message="no CQL")
    world = (
        a_world()
        .on(CompareObjects, lambda _: (SchemaReadFailed(failure=failure, exit_code=2),))
        .start()
        .play()
    )
    assert world.log[-1].event == RunFailed(failure=failure, resumable=False, exit_code=2)


def test_a_statement_that_is_refused_takes_with_it_what_the_run_has_made_and_no_more() -> None:
    world = refused()

    assert dropped(world) == [("type ks.address", "keyspace ks")]
    assert world.events(SchemaRolledBack) == [SchemaRolledBack(statements=2)]
    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert (event.failure.message, event.resumable, event.exit_code) == ("unknown type", True, 1)


def test_a_table_that_somebody_else_has_made_meanwhile_is_theirs_and_stays() -> None:
    world = refused(number=2)
    dropped_names = {name for names in dropped(world) for name in names}
    assert "table ks.t" not in dropped_names
    world.heal().resume().play()
    assert world.state.status is Status.DONE


def test_a_schema_that_was_dropped_again_is_made_from_the_start() -> None:
    world = refused().heal().resume().play()

    assert world.state.status is Status.DONE
    assert applied(world) == [0, 1, 0, 1, 2, 3]


def test_a_cluster_that_does_not_answer_keeps_what_was_made() -> None:
    world = refused(Cause.UNREACHABLE)
    assert not dropped(world)

    world.heal().resume().play()

    assert applied(world) == [0, 1, 2, 3]
    assert world.state.status is Status.DONE


def test_a_pause_keeps_what_was_made_and_a_resume_goes_on() -> None:
    world = at_statement(2).pause().play()
    assert isinstance(world.log[-1].event, RunPaused)

    world.heal().resume().play()

    assert applied(world) == [0, 1, 2, 3]
    assert not dropped(world)
    assert isinstance(world.log[-1].event, RunCompleted)


@pytest.mark.parametrize("number", range(len(STATEMENTS)))
def test_a_statement_that_nobody_knows_of_is_asked_for_again_with_a_word_of_it(number: int) -> None:
    world = at_statement(number).heal().resume().play()

    asked = [(c.number, c.recovering) for c in world.commands(ApplyStatement)]
    assert asked[number : number + 2] == [(number, False), (number, True)]
    requested = [event.number for event in world.events(SchemaStatementRequested)]
    assert requested.count(number) == 2
    assert world.state.status is Status.DONE


def test_an_abort_drops_what_was_made_newest_first() -> None:
    world = at_statement(2).heal().abort().play()

    assert dropped(world) == [("table ks.t", "type ks.address", "keyspace ks")]
    assert isinstance(world.log[-1].event, RunAborted)
    assert SchemaRolledBack(statements=2) in world.events(SchemaRolledBack)


def test_what_cannot_be_dropped_again_stays_in_the_ledger() -> None:
    no = Failure(cause=Cause.UNREACHABLE, message="no answer")
    world = at_statement(2).heal()
    world.on(UndoSchema, lambda c: [UndoFailed(id=each, failure=no) for each, _ in c.alterations])
    world.abort().play()

    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert "keyspace ks" in event.failure.message
    assert len(world.state.ledger.entries) == 3


def test_who_has_all_put_back_can_go_on_later() -> None:
    world = at_statement(2).heal()
    asked = PauseRequested(requested_by="ann", reason="doctor", puts_all_back=True)
    world.resume(opening=(RunResumed(), asked)).play()
    assert not world.state.ledger.entries

    world.resume().play()

    assert applied(world)[-4:] == [0, 1, 2, 3]
    assert world.state.status is Status.DONE


def test_an_answer_about_what_is_being_dropped_means_nothing() -> None:
    world = at_statement(2).heal().on(UndoSchema, lambda _: ()).abort()
    world.report("supervisor", SchemaStatementApplied(number=2))
    assert applied(world) == [0, 1]


def test_an_abort_of_a_schema_of_which_nothing_was_made_undoes_nothing() -> None:
    world = a_world().on(CompareObjects, lambda _: ()).start().abort().play()
    assert isinstance(world.log[-1].event, RunAborted)
    assert not world.events(AlterationUndone)
