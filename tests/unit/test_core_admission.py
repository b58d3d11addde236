"""Which reports still mean something when they arrive: what is dropped never enters the log."""

import pytest
from tests.support.answers import downloaded, failed, node_failed, occupied, started
from tests.support.hosts import LOCATION, Host, directory, hosts, locations_of
from tests.support.world import World

from scylla_restore.engine.core.admission import admits
from scylla_restore.engine.core.commands import (
    DiscoverCluster,
    DownloadBatch,
    IndexLocation,
    JoinNode,
    LoadSSTables,
    MoveIntoUpload,
    OpenLocation,
    ReadNodeSettings,
    ResolveTables,
    Undo,
)
from scylla_restore.engine.core.state import Phase
from scylla_restore.events.model import AnyEvent, alterations, batches, locations, nodes, run
from scylla_restore.events.model.failure import Cause, Failure

WORK = (directory("t1", range(1, 20)),)
NO = Failure(cause=Cause.FAILED, message="no")
FIRST = {"batch": 1, "attempt": 1}


def hanging(kind: type[DownloadBatch | MoveIntoUpload | LoadSSTables], phase: Phase) -> World:
    return World(hosts=hosts("n1"), directories=WORK).hangs(kind).start().until_phase(phase)


def letters(world: World) -> dict[str, AnyEvent]:
    """Every letter about the first batch's first attempt."""
    download = world.commands(DownloadBatch)[0]
    move = MoveIntoUpload(
        **{f: getattr(download, f) for f in MoveIntoUpload.__struct_fields__[:7]}, sstables=()
    )
    return {
        "started": started(download),
        "progressed": batches.DownloadProgressed(batch=1, attempt=1, downloaded=1),
        "downloaded": downloaded(download),
        "download failed": failed(download, Cause.FAILED),
        "occupied": occupied(move)[0],
        "filled": batches.UploadFilled(batch=1, attempt=1),
        "load failed": failed(move, Cause.FAILED),
        "lost": batches.LoadAnswerLost(batch=1, attempt=1, node="n1", failure=NO),
        "loaded": batches.SSTablesLoaded(batch=1, attempt=1),
    }


@pytest.mark.parametrize(
    ("kind", "phase", "meant"),
    [
        (DownloadBatch, Phase.DOWNLOADING, {"progressed", "downloaded", "download failed"}),
        (MoveIntoUpload, Phase.MOVING, {"occupied", "filled", "load failed"}),
        (LoadSSTables, Phase.LOADING, {"lost", "loaded", "load failed"}),
    ],
)
def test_each_phase_has_its_letters(
    kind: type[DownloadBatch | MoveIntoUpload | LoadSSTables], phase: Phase, meant: set[str]
) -> None:
    world = hanging(kind, phase)

    assert {name for name, letter in letters(world).items() if admits(world.state, letter)} == meant


def test_a_requested_download_may_start_or_end() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).on(DownloadBatch, lambda _: ()).start()
    world.until_phase(Phase.REQUESTED)

    admitted = {name for name, letter in letters(world).items() if admits(world.state, letter)}
    assert admitted == {"started", "downloaded", "download failed"}


def test_a_letter_of_an_older_attempt_is_dropped() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).fails(DownloadBatch, Cause.FAILED, times=1).start()
    world.hangs(DownloadBatch).play(lambda s: any(b.attempt == 2 for b in s.in_phase(Phase.DOWNLOADING)))
    records = len(world.log)

    world.report("node/n1", *letters(world).values())

    assert len(world.log) == records


def test_a_letter_about_a_batch_that_is_gone_is_dropped() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start()
    world.play(lambda state: state.restored_sstables > 0)

    assert not any(admits(world.state, letter) for letter in letters(world).values())


def test_events_of_the_supervisors_own_are_nobodys_to_report() -> None:
    world = hanging(LoadSSTables, Phase.LOADING)
    own: list[AnyEvent] = [
        batches.LoadStarted(batch=1, attempt=1),
        batches.BatchReturned(batch=1, attempt=1, reason=""),
        nodes.NodeReadmitted(node="n1"),
        alterations.UndoRequested(ids=()),
    ]

    assert not any(admits(world.state, event) for event in own)


def test_nothing_is_admitted_when_the_run_is_over() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().play()

    assert not admits(world.state, run.ActorFailed(actor="node/n1", error="late"))
    assert not admits(world.state, run.AbortRequested(requested_by="ann"))


def test_an_alteration_is_made_once_and_undone_only_when_asked_for() -> None:
    world = hanging(LoadSSTables, Phase.LOADING)
    entry = next(e for e in world.state.ledger.entries if e.startswith("auto_compaction"))

    assert not admits(world.state, alterations.AlterationMade(id=entry))
    assert not admits(world.state, alterations.AlterationUndone(id=entry))
    assert not admits(world.state, alterations.UndoFailed(id=entry, failure=NO))
    assert not admits(world.state, alterations.AlterationMade(id="nobody's"))
    world.on(Undo, lambda _: ()).pause().pass_s(5)
    assert admits(world.state, alterations.AlterationUndone(id=entry))
    assert admits(world.state, alterations.UndoFailed(id=entry, failure=NO))


def test_nodes_answer_what_they_were_asked_once() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(JoinNode).start().pass_s(20)
    host = Host(address="n1")
    join, settings = host.joined((LOCATION.key,)), host.settings(("ks:t1",))

    assert admits(world.state, join)
    world.heal().report("node/n1", join).play(lambda state: state.nodes["n1"].settings is not None)
    assert not admits(world.state, join)
    assert not admits(world.state, settings)
    assert not admits(world.state, Host(address="n9").joined(()))
    assert not admits(world.state, Host(address="n9").settings(()))


def test_one_failure_of_a_node_is_enough_until_it_is_settled() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(ReadNodeSettings).start().pass_s(20)
    (failure,) = node_failed(world.commands(ReadNodeSettings)[0])
    assert admits(world.state, failure)

    world.tell(failure)

    assert not admits(world.state, failure)


def test_the_cluster_is_told_of_until_it_is_known() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(DiscoverCluster).start()
    found, tables = world._answer(DiscoverCluster())[0], world._answer(ResolveTables(tables=("ks:t1",)))[0]
    refused = nodes.DiscoveryFailed(failure=NO)
    assert admits(world.state, found)
    assert admits(world.state, refused)
    assert admits(world.state, tables)

    world.heal().report("supervisor", found).play(lambda state: state.prepared and state.resolved)

    assert not admits(world.state, found)
    assert not admits(world.state, refused)
    assert not admits(world.state, tables)


def test_a_location_is_told_of_until_it_is_known() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(OpenLocation).hangs(IndexLocation).start()
    opened = locations.LocationOpened(location=LOCATION.key, manifests=("manifest",))
    lost = locations.LocationFailed(location=LOCATION.key, failure=NO)
    of_the_index = list(locations_of(LOCATION.key, WORK))
    assert admits(world.state, opened)
    assert not admits(world.state, locations.LocationOpened(location="s3:other", manifests=()))

    world.pass_s(5).report("location", opened).pass_s(5)
    assert not admits(world.state, opened)
    assert admits(world.state, lost)
    assert all(admits(world.state, event) for event in of_the_index)
    world.report("location", *of_the_index)
    assert not any(admits(world.state, event) for event in (*of_the_index, lost))


def test_a_location_is_verified_once_by_each_engine() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).start().until_phase(Phase.STAGED)
    verified = locations.LocationVerified(location=LOCATION.key)
    assert not admits(world.state, verified)

    world.resume()

    assert admits(world.state, verified)


def test_who_wants_a_pause_is_heard_unless_the_end_is_near() -> None:
    world = hanging(LoadSSTables, Phase.LOADING)
    pause = run.PauseRequested(requested_by="ann", reason="")
    abort = run.AbortRequested(requested_by="ann")
    assert admits(world.state, pause)
    assert admits(world.state, abort)

    world.abort()

    assert not admits(world.state, pause)
    assert not admits(world.state, abort)
    assert admits(world.state, run.OwnerChanged(owner="bob", engine_version="1"))
