"""A run in which nothing goes wrong."""

from tests.support.hosts import directory, hosts
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Alter,
    DownloadBatch,
    LoadSSTables,
    MoveIntoUpload,
    Undo,
)
from scylla_restore.engine.core.decide import decide
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.state import Phase, Status
from scylla_restore.events.model.batches import (
    BatchAssigned,
    DownloadProgressed,
    DownloadRequested,
    SSTablesLoaded,
)
from scylla_restore.events.model.run import RunCompleted
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered


def a_world() -> World:
    return World(
        hosts=hosts("n1", "n2"), directories=(directory("t1", range(1, 40)), directory("t2", (5, 5)))
    )


def test_a_run_ends_with_everything_in_the_cluster() -> None:
    world = a_world().start().play()

    assert world.log[-1].event == RunCompleted(restored_bytes=sum(range(1, 40)) + 10, sstables=41)
    assert world.state.status is Status.DONE
    assert world.state.workload.left == world.state.workload.left_bytes == 0
    assert not world.state.batches


def test_every_sstable_is_assigned_once_and_loaded_once() -> None:
    world = a_world().start().play()

    assigned = world.events(BatchAssigned)
    names = [f"{a.directory}/{i}" for a in assigned for i in a.sstables]
    assert len(names) == len(set(names)) == 41
    assert [a.batch for a in assigned] == list(range(1, len(assigned) + 1))
    assert sorted(e.batch for e in world.events(SSTablesLoaded)) == [a.batch for a in assigned]


def test_both_nodes_work_with_both_lanes_at_a_time() -> None:
    world = a_world().start()
    world.took_s = lambda command: 10.0 if isinstance(command, LoadSSTables) else 1.0

    world.play(lambda state: sum(bool(n.download and n.load) for n in state.nodes.values()) == 2)

    assert {batch.node for batch in world.state.in_phase(Phase.LOADING, Phase.MOVING)} == {"n1", "n2"}


def test_the_stages_follow_one_another() -> None:
    world = a_world().start().play()

    assert [e.stage for e in world.events(StageEntered)] == [Stage.INIT, Stage.DATA, Stage.REPAIR, Stage.DONE]
    assert [e.stage for e in world.events(StageCompleted)] == [Stage.INIT, Stage.DATA, Stage.REPAIR]
    assert world.state.completed == {Stage.INIT, Stage.DATA, Stage.REPAIR}


def test_nothing_is_altered_before_all_is_known_and_all_is_put_back_at_the_end() -> None:
    world = a_world().start().play(lambda state: state.stage is Stage.DATA)

    seen = [type(command) for command in world.sent]
    assert seen.count(Alter) == 2
    assert DownloadBatch not in seen[: seen.index(Alter)]
    world.play()
    assert sorted(command.node for command in world.commands(Undo)) == ["n1", "n2"]
    assert not world.state.ledger.entries


def test_an_attempt_has_a_directory_of_its_own() -> None:
    world = a_world().start().play()

    downloads, moves = world.commands(DownloadBatch), world.commands(MoveIntoUpload)
    assert len({command.staging for command in downloads}) == len(downloads)
    first = downloads[0]
    assert first.staging == f"ks/t1-{'0' * 32}/snapshots/scylla-restore-{world.state.run}-1-1"
    assert moves[0].upload == f"ks/t1-{'0' * 32}/upload"


def test_a_download_names_the_files_and_how_to_copy_them() -> None:
    world = World(
        hosts=hosts("n1"),
        directories=(directory("t1", (7,), ids=("3",), suffixes={"3": {"Data.db": "sm_20260101000000UTC"}}),),
    )
    first = world.start().play().commands(DownloadBatch)[0]

    (sstable,) = first.sstables
    assert (sstable.id, sstable.size) == ("3", 7)
    assert [(file.name, file.object) for file in sstable.files] == [
        ("me-3-big-Data.db", "me-3-big-Data.db.sm_20260101000000UTC"),
        ("me-3-big-TOC.txt", "me-3-big-TOC.txt"),
    ]
    assert (first.location, first.source, first.size) == ("s3:backups", "backup/sst/t1", 7)
    assert (first.transfers, first.bandwidth_rate, first.min_free_percent) == (4, "0M", 10)


def test_progress_of_a_download_changes_nothing_that_is_decided_on() -> None:
    world = a_world().start().hangs(DownloadBatch).until_phase(Phase.DOWNLOADING)
    records, (batch, *_) = len(world.log), world.state.in_phase(Phase.DOWNLOADING)

    world.report("node/n1", DownloadProgressed(batch=batch.id, attempt=1, downloaded=1))

    assert len(world.log) == records + 1
    assert batch.phase is Phase.DOWNLOADING


def test_every_command_about_a_batch_follows_its_intent() -> None:
    world = a_world().start().play()

    requested = [(e.batch, e.attempt) for e in world.events(DownloadRequested)]
    assert [(c.batch, c.attempt) for c in world.commands(DownloadBatch)] == requested


def test_what_is_over_needs_nothing_more() -> None:
    world = a_world().start().play()

    assert decide(world.state, world.now) == Decision()
