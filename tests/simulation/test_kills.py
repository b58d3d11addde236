"""The matrix of kills: one restore, and an engine that dies, or is paused or given up, at each of its moments in turn."""

import pytest
from tests.simulation.simulator.backup import TAG, BackupPlan, SourceTable
from tests.simulation.simulator.faults import FaultPlan
from tests.simulation.simulator.matrix import Matrix
from tests.simulation.simulator.node import NodePlan
from tests.simulation.simulator.scenario import Scenario
from tests.simulation.simulator.schema import SchemaPlan
from tests.simulation.simulator.simulation import Simulation

from scylla_restore.events.model.schema import RecordedView, ViewKind
from scylla_restore.events.model.target import BackupLocation, RestoreKind, RestoreTarget, Selection, Tuning

PARTS = 8
TABLES = ("ks1:t1", "ks1:t2", "ks2:t3")
LOCATION = "s3:bucket-0"


def node(number: int) -> NodePlan:
    return NodePlan(
        address=f"10.0.0.{number}",
        host_id=f"00000000-0000-0000-0000-{number:012d}",
        dc="dc1",
        rack=f"rack{number}",
        shards=2,
        download_bytes_per_s=20_000_000,
        load_bytes_per_s=10_000_000,
        disk_total=10**11,
        locations=(LOCATION,),
        transfers=2,
        bandwidth_rate="100M",
        compaction={table: table != "ks2:t3" for table in TABLES},
        foreign_files=dict.fromkeys(TABLES, 1) if number == 2 else {},
    )


def view(name: str, kind: ViewKind) -> RecordedView:
    return RecordedView(
        keyspace="ks1", name=name, base_table="t1", kind=kind, statement=f"CREATE {name}", build_name=name
    )


SCENARIO = Scenario(
    seed="matrix-8",
    backup=BackupPlan(
        locations=(LOCATION,),
        source_nodes=((LOCATION, "dc1", "node-0"), (LOCATION, "dc1", "node-1")),
        tables=tuple(SourceTable(key[:3], key[4:], restored=True) for key in TABLES),
        sstables=12,
        versioned=True,
        full_components=False,
    ),
    nodes=(node(1), node(2), node(3)),
    tables={table: f"{table.split(':')[1]}-{'0' * 32}" for table in TABLES},
    target=RestoreTarget(
        selection=Selection(
            kind=RestoreKind.TABLES,
            locations=(BackupLocation(provider="s3", bucket="bucket-0"),),
            snapshot_tag=TAG,
        ),
        tuning=Tuning(batch_size=1, unpin_agent_cpu=True),
    ),
    faults=FaultPlan(load_failures=0.3, corruption=0.05),
    interruptions=(),
    changes=(),
    skews_us=(0,),
    schema=SchemaPlan(
        tombstone_gc={
            "ks1:t1": (("mode", "repair"), ("propagation_delay_in_seconds", "60")),
            "ks1:t2": (("mode", "disabled"),),
            "ks2:t3": (),
        },
        views=(
            view("t1_by_day", ViewKind.MATERIALIZED_VIEW),
            view("t1_by_note", ViewKind.SECONDARY_INDEX),
            view("t1_local", ViewKind.ALTERNATOR_LSI),
        ),
    ),
)


MATRIX = Matrix(SCENARIO, parts=PARTS)


def test_the_restore_of_the_matrix_meets_all_that_it_is_meant_to_meet() -> None:
    evidence = Simulation(SCENARIO).play()
    met = {type(envelope.event).__name__ for envelope in evidence.envelopes}
    assert {"UploadOccupied", "LoadFailed", "DownloadFailed", "NodeSuspended", "RunCompleted"} <= met
    assert {"SchemaRecorded", "SchemaAgreementAwaited", "ViewBuildProgressed"} <= met


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("place", ["before append", "after append", "after call"])
def test_an_engine_may_be_killed_at_any_moment(place: str, part: int) -> None:
    assert MATRIX.broken_by("kill", place, part) == ""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_that_takes_up_a_killed_ones_run_may_be_killed_too(part: int) -> None:
    assert MATRIX.broken_by_two_kills(part) == ""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("what", ["pause", "abort", "take_over"])
def test_a_run_may_be_paused_given_up_or_taken_over_at_any_moment(what: str, part: int) -> None:
    assert MATRIX.broken_by(what, "after append", part) == ""
