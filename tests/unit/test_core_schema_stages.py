"""The stages around DATA and REPAIR: what is altered in the schema when, and what is put back at which end."""

import pytest
from tests.support.hosts import hosts
from tests.support.schema_runs import (
    NO,
    TABLES,
    VIEWS,
    WORK,
    a_world,
    altered,
    hanging,
    names,
)
from tests.support.schemas import recorded_table
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    AlterSchema,
    AwaitAgreement,
    AwaitViews,
    Command,
    DownloadBatch,
    LoadSSTables,
    LocateTables,
    ReadSchema,
    RepairTable,
    ResolveTables,
    UndoSchema,
)
from scylla_restore.engine.core.state import Ending, Status
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import (
    AlterationIntended,
    AlterationMade,
    AlterationUndone,
    UndoFailed,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import (
    AbortRequested,
    FailureDeclared,
    PauseRequested,
    RunFailed,
    RunPaused,
    RunResumed,
)
from scylla_restore.events.model.schema import (
    SchemaAgreementAwaited,
    SchemaChangeFailed,
    SchemaReadFailed,
    SchemaRecorded,
    ViewBuildFailed,
)
from scylla_restore.events.model.stages import Stage, StageEntered

ALL_STAGES = list(Stage)


def stages(world: World) -> list[Stage]:
    return [event.stage for event in world.events(StageEntered)]


def refused(command: AlterSchema) -> list[AnyEvent]:
    return [SchemaChangeFailed(id=command.alterations[0][0], failure=NO)]


def not_put_back(command: UndoSchema) -> list[AnyEvent]:
    return [UndoFailed(id=each, failure=NO) for each, _ in command.alterations]


def test_a_restore_goes_through_all_stages_in_scylla_managers_order() -> None:
    world = a_world().start().play()

    assert stages(world) == ALL_STAGES
    assert [names(command) for command in world.commands(AlterSchema)] == [VIEWS, TABLES]
    assert [names(command) for command in world.commands(UndoSchema)] == [TABLES, VIEWS]
    assert [view.name for view in world.commands(AwaitViews)[0].views] == ["v1", "i1", "l1"]
    assert (world.state.status, altered(world)) == (Status.DONE, set())


def test_nothing_is_restored_before_the_schema_is_altered_and_nothing_put_back_before_the_repair() -> None:
    world = a_world().start().play()

    kinds = [type(command) for command in world.sent]
    last_alter = max(index for index, kind in enumerate(kinds) if kind is AlterSchema)
    first_undo = kinds.index(UndoSchema)
    assert last_alter < kinds.index(DownloadBatch)
    assert max(index for index, kind in enumerate(kinds) if kind is RepairTable) < first_undo
    assert kinds.index(AwaitViews) > first_undo


def test_agreement_is_awaited_where_scylla_manager_awaits_it() -> None:
    world = a_world().start().play()

    before = [command.before for command in world.commands(AwaitAgreement)]
    assert before == [Stage.DISABLE_TGC, Stage.DATA, Stage.ENABLE_TGC]


def test_nodes_that_do_not_agree_are_no_reason_to_stop() -> None:
    def disagree(command: AwaitAgreement) -> list[AnyEvent]:
        return [SchemaAgreementAwaited(before=command.before, agreed=False, detail="2 versions")]

    world = a_world().on(AwaitAgreement, disagree).start().play()

    assert world.state.status is Status.DONE


def test_without_cql_the_four_stages_are_passed_by() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().play()

    assert stages(world) == [Stage.INIT, Stage.DATA, Stage.REPAIR, Stage.DONE]
    assert world.commands(ResolveTables)
    assert not world.commands(LocateTables)


def test_with_cql_the_tables_directories_come_from_their_ids() -> None:
    world = a_world().start().play()

    assert world.commands(LocateTables)
    assert not world.commands(ResolveTables)


@pytest.mark.parametrize("before", [None, (("mode", "disabled"),)], ids=["unknown", "disabled already"])
def test_a_table_whose_tombstones_are_kept_already_is_left_as_it_is(
    before: tuple[tuple[str, str], ...] | None,
) -> None:
    schema = SchemaRecorded(offered=True, tables=(recorded_table("t1", before), recorded_table("t2", before)))
    world = a_world(schema).start().play()

    assert stages(world) == ALL_STAGES
    assert not world.commands(AlterSchema)
    assert not world.commands(UndoSchema)


def test_a_schema_that_cannot_be_read_is_refused_before_anything_is_touched() -> None:
    world = a_world().on(ReadSchema, lambda _: (SchemaReadFailed(failure=NO, exit_code=2),)).start().play()

    event = world.log[-1].event
    assert event == RunFailed(failure=NO, resumable=False, exit_code=2)
    assert not world.events(AlterationIntended)


def test_the_schema_is_recorded_once_in_a_run() -> None:
    world = hanging(DownloadBatch).heal().resume().play()

    assert len(world.commands(ReadSchema)) == 1
    assert [command.begun for command in world.commands(LocateTables)] == [False, True, True]
    assert world.state.status is Status.DONE


@pytest.mark.parametrize(
    "kind", [AlterSchema, AwaitAgreement, LoadSSTables, RepairTable, UndoSchema, AwaitViews]
)
def test_a_killed_run_can_be_carried_on_from_any_stage(kind: type[Command]) -> None:
    world = hanging(kind).heal().resume().play()

    assert world.state.status is Status.DONE
    assert altered(world) == set()


def test_what_was_made_is_not_made_again_by_another_engine() -> None:
    world = hanging(DownloadBatch)
    before = len(world.commands(AlterSchema))

    world.heal().resume().play()

    assert len(world.commands(AlterSchema)) == before


def test_an_intent_that_was_never_answered_is_asked_for_again() -> None:
    world = hanging(AlterSchema).heal().resume().play()

    assert names(world.commands(AlterSchema)[0]) == names(world.commands(AlterSchema)[1]) == VIEWS


@pytest.mark.parametrize("kind", [DownloadBatch, RepairTable, UndoSchema])
def test_a_pause_leaves_the_schema_as_the_run_needs_it_and_says_so(kind: type[Command]) -> None:
    world = hanging(kind).heal()
    left = altered(world)
    world.pause()
    if kind is UndoSchema:
        # what is being put back is awaited
        done = world.commands(UndoSchema)[0].alterations
        world.report("supervisor", *(AlterationUndone(id=each) for each, _ in done))
        left = set(VIEWS)
    world.play()

    event = world.log[-1].event
    assert isinstance(event, RunPaused)
    assert altered(world) == left
    assert event.views_dropped == ("ks.i1", "ks.v1")
    assert event.tombstone_gc_disabled == (() if kind is UndoSchema else ("ks.t1", "ks.t2"))


@pytest.mark.parametrize("kind", [AlterSchema, DownloadBatch, RepairTable])
def test_an_abort_has_tombstones_collected_again_and_then_makes_the_views(kind: type[Command]) -> None:
    world = hanging(kind).heal().abort().play()

    assert world.state.status is Status.ABORTED
    assert altered(world) == set()
    undone = [names(command) for command in world.commands(UndoSchema)]
    expected = tuple(reversed(VIEWS)) if kind is AlterSchema else (*reversed(TABLES), *reversed(VIEWS))
    assert undone == [expected]
    assert all(command.gives_up for command in world.commands(UndoSchema))
    assert not world.commands(AwaitViews)


def test_a_change_that_is_refused_fails_the_run_and_can_be_resumed() -> None:
    world = a_world().on(AlterSchema, refused).start().play()

    assert world.log[-1].event == RunFailed(failure=NO, resumable=True, exit_code=1)
    assert altered(world) == set()
    world.heal().resume().play()
    assert names(world.commands(AlterSchema)[1]) == VIEWS
    assert world.state.status is Status.DONE


def test_of_changes_the_first_that_is_refused_is_the_first_that_is_not_left_altered() -> None:
    def second_is_refused(command: AlterSchema) -> list[AnyEvent]:
        (first, _), (second, _) = command.alterations
        return [AlterationMade(id=first), SchemaChangeFailed(id=second, failure=NO)]

    world = a_world().on(AlterSchema, second_is_refused).start().play()

    assert isinstance(event := world.log[-1].event, RunFailed)
    assert [f"view {name}" for name in event.views_dropped] == [VIEWS[0]]
    world.heal().resume(opening=(AbortRequested(requested_by="ann"),)).play()
    assert [names(command) for command in world.commands(UndoSchema)] == [(VIEWS[0],)]


def test_what_is_refused_for_want_of_rights_wants_none_to_be_given_up() -> None:
    world = a_world().on(AlterSchema, refused).on(UndoSchema, not_put_back).start().play()
    world.resume(opening=(AbortRequested(requested_by="ann"),)).play()
    assert world.state.status is Status.ABORTED


def test_what_was_not_answered_may_be_altered_and_is_put_back() -> None:
    away = Failure(cause=Cause.UNREACHABLE, message="CQL does not answer")

    def silent(command: AlterSchema) -> list[AnyEvent]:
        return [SchemaChangeFailed(id=command.alterations[0][0], failure=away)]

    world = a_world().on(AlterSchema, silent).start().play()
    assert isinstance(event := world.log[-1].event, RunFailed)
    assert [f"view {name}" for name in event.views_dropped] == [VIEWS[0]]
    world.heal().resume(opening=(AbortRequested(requested_by="ann"),)).play()
    assert [names(command) for command in world.commands(UndoSchema)] == [(VIEWS[0],)]


def test_what_a_killed_engine_had_asked_for_may_be_altered_although_it_is_refused_now() -> None:
    world = hanging(AlterSchema).heal().on(AlterSchema, refused).resume().play()
    assert isinstance(event := world.log[-1].event, RunFailed)
    assert {f"view {name}" for name in event.views_dropped} == set(VIEWS)


@pytest.mark.parametrize("stage", [Stage.ENABLE_TGC, Stage.RECREATE_VIEWS])
def test_what_cannot_be_put_back_fails_its_stage_and_can_be_resumed(stage: Stage) -> None:
    world = a_world().start().play(lambda state: state.stage is stage)
    world.on(UndoSchema, not_put_back).die().resume().play()

    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert (event.failure, event.resumable) == (NO, True)
    world.heal().resume().play()
    assert (world.state.status, altered(world)) == (Status.DONE, set())


def test_an_abort_that_cannot_put_the_schema_back_is_not_called_one() -> None:
    world = hanging(DownloadBatch).heal().on(UndoSchema, not_put_back).abort().play()

    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert "view ks.v1" in event.failure.message
    assert NO.message in event.failure.message


def test_views_that_come_to_nothing_fail_the_run_and_are_awaited_again() -> None:
    world = a_world().on(AwaitViews, lambda _: (ViewBuildFailed(failure=NO),)).start().play()

    assert isinstance(world.log[-1].event, RunFailed)
    assert altered(world) == set()
    world.heal().resume().play()
    assert world.state.status is Status.DONE
    assert len(world.commands(AwaitViews)) == 2


@pytest.mark.parametrize("kind", [DownloadBatch, RepairTable])
def test_what_somebody_had_put_back_is_altered_again_before_anything_else(kind: type[Command]) -> None:
    world = hanging(kind).heal()
    asked = PauseRequested(requested_by="ann", reason="doctor", puts_all_back=True)
    world.resume(opening=(RunResumed(), asked)).play()
    assert (world.state.status, altered(world)) == (Status.PAUSED, set())

    sent = len(world.sent)
    world.resume().play()

    kinds = [type(command) for command in world.sent[sent:]]
    assert names(world.commands(AlterSchema)[-1]) == (*VIEWS, *TABLES)
    assert kinds.index(AlterSchema) < kinds.index(kind)
    assert world.state.status is Status.DONE


def test_a_late_answer_about_what_is_being_undone_means_nothing() -> None:
    world = hanging(AlterSchema)
    entry = world.commands(AlterSchema)[0].alterations[0][0]
    world.heal().on(UndoSchema, lambda _: ()).abort()

    world.report("supervisor", AlterationMade(id=entry))

    assert world.events(AlterationMade) == []


def test_a_failure_elsewhere_leaves_the_schema_as_it_is() -> None:
    world = hanging(DownloadBatch).heal()
    world.tell(FailureDeclared(failure=NO, resumable=True, exit_code=1))
    world.decide().pass_s(1)
    assert world.state.ending is Ending.FAIL
    assert altered(world) == {*VIEWS, *TABLES}
