"""`plan` through the console script: it tells what `run` does, and touches nothing."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.console import LOCATION, LabProcess, Said, lab_process, wait_until
from tests.support.plan_warnings import but_for_cql
from tests.support.reads import reads_only

from scylla_restore.engine.lab.request_log import read_requests
from scylla_restore.events.model.batches import SSTablesLoaded

UNKNOWN_TAG = "sm_20010203040506UTC"
UNKNOWN_RUN = "6f1d2c3b-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabProcess]:
    """A lab into which nothing is restored."""
    with lab_process(tmp_path_factory.mktemp("plans")) as lab:
        lab.back_up()
        yield lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--load-mbps", "0.2") as lab:
        lab.back_up()
        yield lab


def call_plan(lab: LabProcess, *more: str) -> Said:
    return lab.call("plan", "-L", LOCATION, "-T", lab.tag, "--restore-tables", *more)


def planned(lab: LabProcess, *more: str) -> Any:  # noqa: ANN401 - what JSON holds is for the test to say
    said = call_plan(lab, "--json", *more)
    assert said.code == 0, said.stderr
    (document,) = said.documents()
    return document


def files_of(lab: LabProcess) -> list[Path]:
    return sorted(path for path in lab.files.root.rglob("*") if path != lab.files.requests)


def test_a_plan_tells_what_a_run_then_does(lab: LabProcess) -> None:
    plan = planned(lab)
    assert [(unit["keyspace"], unit["sstables"], len(unit["tables"])) for unit in plan["units"]] == [
        ("ks1", 24, 2),
        ("ks2", 24, 2),
    ]
    assert plan["bytes"] == sum(unit["size"] for unit in plan["units"])
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    done = said.documents()[-1]
    assert (plan["bytes"], plan["sstables"]) == (done["restored"], done["sstables_restored"])
    assert [node["host"] for node in plan["nodes"]] == sorted(host["host"] for host in done["hosts"])
    assert sum(node["sstables"] for node in plan["nodes"]) == plan["sstables"]


def test_a_plan_touches_nothing(looked_at: LabProcess) -> None:
    before = files_of(looked_at)
    assert call_plan(looked_at).code == 0
    asked = read_requests(looked_at.files.requests)
    assert len(asked) > 20
    assert [request for request in asked if not reads_only(request)] == []
    assert files_of(looked_at) == before


def test_a_dry_run_is_a_plan(looked_at: LabProcess) -> None:
    plan, dry = (
        call_plan(looked_at, "--show-tables"),
        looked_at.call(*looked_at.run_words("--dry-run", "--show-tables")),
    )
    assert (plan.code, plan.stdout) == (dry.code, dry.stdout)
    assert "ks2.t2" in plan.stdout
    assert looked_at.record() == []
    assert looked_at.call(*looked_at.run_words("--show-tables")).code == 2


def test_a_plan_goes_by_what_an_earlier_run_has_seen_and_names_one_that_is_unfinished(
    lab: LabProcess,
) -> None:
    assert planned(lab)["estimate"].startswith("no earlier run tells")
    process = lab.start(*lab.run_words())
    wait_until(lambda: lab.events(SSTablesLoaded), "the first batch is loaded")
    process.send(signal.SIGINT)
    assert process.end().code == 3
    plan = planned(lab)
    run = lab.record()[0].run
    assert plan["estimate"].startswith(f"as fast as run {run} was seen to be on ")
    (warning,) = but_for_cql(plan["warnings"])
    assert warning.startswith(f"cluster lab has an unfinished run, and no other can be started: {run}, ")


def test_what_another_engine_has_left_on_a_node_is_told(looked_at: LabProcess) -> None:
    (table,) = (looked_at.files.root / "127.0.0.12" / "data" / "ks1").glob("t2-*")
    staging = table / "snapshots" / f"scylla-restore-{UNKNOWN_RUN}-7-1"
    staging.mkdir(parents=True)
    (warning,) = but_for_cql(planned(looked_at)["warnings"])
    assert warning.startswith(
        "another run restores into these tables, or has left files there: 127.0.0.12:data:ks1/t2-"
    )
    staging.rmdir()


def test_a_run_leaves_alone_what_another_engine_is_at_work_on(lab: LabProcess) -> None:
    (table,) = (lab.files.root / "127.0.0.12" / "data" / "ks1").glob("t2-*")
    staging = table / "snapshots" / f"scylla-restore-{UNKNOWN_RUN}-7-1"
    staging.mkdir(parents=True)
    refused = lab.call(*lab.run_words())
    assert (refused.code, UNKNOWN_RUN in refused.stderr, "hint: " in refused.stderr) == (2, True, True)
    assert lab.left_behind() == [str(staging)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"-T": UNKNOWN_TAG}, f"there is no snapshot {UNKNOWN_TAG} in localstorage:backups"),
        ({"-K": "nothing"}, "no data in the backup matches the keyspace patterns 'nothing'"),
        ({"-L": "localstorage:elsewhere"}, "localstorage:elsewhere: there is no directory"),
    ],
)
def test_what_cannot_be_is_refused_as_a_run_refuses_it(
    looked_at: LabProcess, given: dict[str, str], words: str
) -> None:
    flags = {"-L": LOCATION, "-T": looked_at.tag, **given}
    said = looked_at.call("plan", *(word for pair in flags.items() for word in pair), "--restore-tables")
    assert (said.code, said.stdout) == (2, "")
    assert words in said.stderr
    assert "\nhint: " in said.stderr


def test_a_plan_shows_where_a_renamed_table_goes(looked_at: LabProcess) -> None:
    (unit,) = planned(looked_at, "--keyspace", "ks1.t1", "--rename", "ks1.t1=ks2.t2")["units"]
    assert (unit["keyspace"], [(table["table"], table["source"]) for table in unit["tables"]]) == (
        "ks2",
        [("t2", "ks1.t1")],
    )
