"""Tables that are not what they were, and a schema that somebody has put back: what is refused, and what waits for what."""

from uuid import UUID

import pytest
from tests.support.schema_runs import (
    TABLES,
    VIEWS,
    a_world,
    altered,
    hanging,
    names,
)

from scylla_restore.engine.core.commands import (
    AlterSchema,
    AwaitAgreement,
    AwaitViews,
    Command,
    DownloadBatch,
    LoadSSTables,
    LocateTables,
    RepairTable,
    UndoSchema,
    VerifyLocation,
)
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model import AnyEvent, nodes
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.run import (
    PauseRequested,
    RunFailed,
    RunResumed,
)
from scylla_restore.events.model.stages import Stage


def made_again(command: LocateTables) -> list[AnyEvent]:
    tables = [
        nodes.TableDirectory(keyspace="ks", table=name, directory=f"{name}-{'1' * 32}")
        for name in ("t1", "t2")
    ]
    return [nodes.TablesResolved(tables=tuple(tables))] if command.tables else []


def test_a_table_that_was_made_again_and_has_lost_what_was_restored_is_refused() -> None:
    world = hanging(LoadSSTables).heal().on(LocateTables, made_again).resume().play()

    event = world.log[-1].event
    assert isinstance(event, RunFailed)
    assert "table ks.t1 is not the one that the run began with" in event.failure.message
    assert event.resumable


def test_a_table_that_was_made_again_before_anything_was_restored_is_altered_again() -> None:
    world = hanging(AwaitAgreement).heal()
    world.play(lambda state: state.stage is Stage.DISABLE_TGC)
    world.on(LocateTables, made_again).resume().play()

    assert names(world.commands(AlterSchema)[0]) == VIEWS
    assert set(VIEWS) <= {name for command in world.commands(AlterSchema)[1:] for name in names(command)}
    assert world.state.status is Status.DONE


@pytest.mark.parametrize("kind", [RepairTable, AwaitViews])
def test_a_table_that_was_made_again_when_all_was_loaded_is_refused_however_often_it_is_resumed(
    kind: type[Command],
) -> None:
    world = hanging(kind).heal().on(LocateTables, made_again)
    for _ in range(2):
        world.resume().play()
        assert isinstance(event := world.log[-1].event, RunFailed)
        assert (event.failure.cause, event.resumable) == (Cause.REFUSED, True)
        assert "ks.t1 is not the one that the run began with" in event.failure.message
        assert world.state.schema.recorded is not None
        assert str(UUID(world.state.schema.recorded.tables[0].id)) in (event.failure.hint or "")
    world.heal().resume().play()
    assert world.state.status is Status.DONE


def test_a_table_that_is_made_again_while_data_comes_is_found_before_anything_is_repaired() -> None:
    world = a_world().start().play(lambda state: state.stage is Stage.DATA)
    world.on(LocateTables, made_again).play()
    assert isinstance(event := world.log[-1].event, RunFailed)
    assert "dropped and made again" in event.failure.message
    assert not world.commands(RepairTable)
    assert altered(world) == {*VIEWS, *TABLES}


def test_nothing_is_put_back_or_repaired_while_nobody_knows_whether_the_tables_are_still_the_same() -> None:
    world = a_world().on(LocateTables, lambda command: () if command.begun else None).start()
    with pytest.raises(AssertionError, match="stuck"):
        world.play()
    assert world.state.stage is Stage.REPAIR
    assert not world.commands(RepairTable)
    assert not world.commands(UndoSchema)


DOCTOR = (RunResumed(), PauseRequested(requested_by="ann", reason="doctor", puts_all_back=True))


def test_the_schema_is_not_put_back_under_a_load_that_runs_whoever_asks_for_it() -> None:
    world = hanging(LoadSSTables).resume(opening=DOCTOR).pass_s(600)
    assert not world.commands(UndoSchema)

    world.heal().resume(opening=DOCTOR).play()

    assert (world.state.status, altered(world)) == (Status.PAUSED, set())


def test_only_who_gives_up_takes_a_table_that_is_gone_for_put_back() -> None:
    world = hanging(DownloadBatch).heal().resume(opening=DOCTOR).play()
    assert not any(command.gives_up for command in world.commands(UndoSchema))


def test_a_schema_that_was_put_back_is_not_altered_again_before_the_backup_is_seen_to_be_the_same() -> None:
    world = hanging(DownloadBatch).heal().resume(opening=DOCTOR).play()
    sent = len(world.sent)
    world.hangs(VerifyLocation).resume().pass_s(600)
    assert not [command for command in world.sent[sent:] if isinstance(command, AlterSchema)]
