"""What makes a restore dangerous is found out before the first alteration, and refused."""

from collections.abc import Sequence

import msgspec
import pytest
from tests.support.hosts import Host, directory, hosts, locations_of, run_started
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    Alter,
    DownloadBatch,
    IndexLocation,
    InspectTables,
    SeekOtherRuns,
)
from scylla_restore.engine.core.state import Status
from scylla_restore.engine.core.versions import is_newer
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.locations import ManifestRead
from scylla_restore.events.model.run import AbortedRun, OtherRunsSought, OwnerChanged, RunFailed
from scylla_restore.events.model.schema import SchemaRecorded

WORK = (directory("t1", (3, 2)),)
OTHER = "ks/t1-0/snapshots/scylla-restore-6f1d2c3b-0000-4000-8000-00000000ffff-1-1"


def refusal(world: World) -> str:
    """Play a run that has to be refused before anything is altered, and return the reason."""
    world.start().play()
    failed = world.log[-1].event
    assert isinstance(failed, RunFailed)
    assert (failed.exit_code, failed.resumable) == (2, False)
    assert not [command for command in world.sent if isinstance(command, Alter | DownloadBatch)]
    assert failed.failure.hint
    return failed.failure.message


def test_tables_that_hold_data_are_refused_with_their_bytes_over_all_nodes() -> None:
    nodes = (Host(address="n1", used={"ks:t1": 4_000}), Host(address="n2", used={"ks:t1": 96}))

    assert refusal(World(hosts=nodes, directories=WORK)) == "a table holds data already: ks.t1 (4,096 bytes)"


def test_tables_that_an_aborted_run_has_left_something_in_name_that_run_and_how_they_are_emptied() -> None:
    world = World(hosts=(Host(address="n1", used={"ks:t1": 4_000, "ks:t2": 5}),), directories=WORK)
    aborted = AbortedRun(run="0aff", snapshot_tag="sm_20260101030405UTC", tables=("ks:t1", "ks:t9"))
    world.on(SeekOtherRuns, lambda _: (OtherRunsSought(aborted=aborted),))

    assert refusal(world) == (
        "2 tables hold data already: ks.t1 (4,000 bytes), ks.t2 (5 bytes). Run 0aff, snapshot sm_20260101030405UTC, "
        "had restored into ks.t1 when it was aborted"
    )
    assert isinstance(failed := world.log[-1].event, RunFailed)
    assert '`TRUNCATE "ks"."t1";`' in (failed.failure.hint or "")
    assert "--allow-non-empty" in (failed.failure.hint or "")


def test_a_run_that_was_aborted_over_other_tables_is_not_to_blame() -> None:
    world = World(hosts=(Host(address="n1", used={"ks:t1": 4_000}),), directories=WORK)
    aborted = AbortedRun(run="0aff", snapshot_tag="sm_20260101030405UTC", tables=("ks:t9",))
    world.on(SeekOtherRuns, lambda _: (OtherRunsSought(aborted=aborted),))

    assert refusal(world) == "a table holds data already: ks.t1 (4,000 bytes)"


def test_rows_that_no_disk_tells_of_are_refused_too() -> None:
    world = World(hosts=(Host(address="n1", used={"ks:t0": 5}),), directories=WORK)
    world.schema = SchemaRecorded(offered=True, filled=("ks:t1",))

    assert refusal(world) == (
        "2 tables hold data already: ks.t0 (5 bytes), ks.t1 (rows that are not on disk yet)"
    )


def test_tables_that_hold_data_are_taken_by_whoever_allows_it() -> None:
    world = World(hosts=(Host(address="n1", used={"ks:t1": 4_000}),), directories=WORK)
    started = run_started(world.where, world.tuning)
    selection = msgspec.structs.replace(started.target.selection, allow_non_empty=True)
    target = msgspec.structs.replace(started.target, selection=selection)
    world.tell(msgspec.structs.replace(started, target=target), OwnerChanged(owner="ann", engine_version="1"))

    assert world.decide().play().state.status is Status.DONE


def test_a_resumed_run_finds_its_own_data_and_goes_on() -> None:
    world = World(hosts=hosts("n1"), directories=WORK).hangs(DownloadBatch, times=1).start().pass_s(60)
    world.hosts["n1"] = Host(address="n1", used={"ks:t1": 4_000})

    assert world.resume().play().state.status is Status.DONE
    assert len(world.commands(InspectTables)) == 1


def test_another_run_at_work_on_the_tables_is_refused_with_where_it_is() -> None:
    reason = refusal(World(hosts=(Host(address="n1", staging=(OTHER,)),), directories=WORK))

    assert reason == f"another run restores into these tables, or has left files there: n1:data:{OTHER}"


@pytest.mark.parametrize(
    ("backup", "cluster", "refused"),
    [
        ("2025.2.2-0.20250807.5ae00a3dabe0", "2025.1.5", True),
        ("2025.1.7", "2025.1.0", False),
        ("5.4.0", "6.0.1", False),
        ("2025.1.0", "6.2.3", True),
        ("2024.2.1", "6.2.3", False),
        ("6.2.3", "2025.1.0", False),
        ("666.development-0.2025", "2025.1.0", False),
        ("", "2025.1.0", False),
    ],
)
def test_a_backup_of_a_later_series_is_newer(backup: str, cluster: str, *, refused: bool) -> None:
    assert is_newer(backup, cluster) is refused


def test_a_backup_that_is_newer_than_one_of_the_nodes_is_refused() -> None:
    def index(command: IndexLocation) -> Sequence[AnyEvent]:
        return [
            msgspec.structs.replace(event, scylla_version="2025.3.1")
            if isinstance(event, ManifestRead)
            else event
            for event in locations_of(command.location, WORK)
        ]

    nodes = (Host(address="n1", scylla_version="2025.3.0"), Host(address="n2", scylla_version="2025.2.9"))
    world = World(hosts=nodes, directories=WORK).on(IndexLocation, index)

    assert refusal(world).startswith("the backup was written by ScyllaDB 2025.3.1, and n2 has 2025.2.9: ")
