"""The repair after the data, through the console script: it is waited for, stopped, resumed, and told of when it fails."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LOAD_PATH, LabProcess, lab_process, wait_until

from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.repairs import RepairStarted

REPAIR_PATH = "/storage_service/repair_async/"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path) as lab:
        lab.back_up()
        yield lab


@pytest.fixture
def slow_lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--repair-seconds", "6") as lab:
        lab.back_up()
        yield lab


def begun_repairs(lab: LabProcess) -> list[str]:
    """Keyspace and table of each repair that nodes were asked for."""
    return [f"{r.path.removeprefix(REPAIR_PATH)} {r.query}" for r in lab.requests(REPAIR_PATH)]


def test_all_restored_tables_are_repaired_after_the_last_load(lab: LabProcess) -> None:
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    repair = said.documents()[-1]["repair"]
    assert (repair["tables"], repair["tables_repaired"], repair["percent"]) == (4, 4, 100.0)
    assert len(set(begun_repairs(lab))) == len(begun_repairs(lab)) == 4
    served = [r.path for r in lab.requests("/storage_service/") if r.method == "POST"]
    last_load = max(number for number, path in enumerate(served) if path.startswith(LOAD_PATH))
    assert last_load < min(number for number, path in enumerate(served) if path.startswith(REPAIR_PATH))
    assert lab.left_behind() == []


def test_tables_on_tablets_are_repaired_by_tablets(tmp_path: Path) -> None:
    with lab_process(tmp_path, "--tablets", "ks1") as lab:
        lab.back_up()
        said = lab.call(*lab.run_words("--json"))
        assert said.code == 0, said.stderr
        by_tablets = [r.query for r in lab.requests("/storage_service/tablets/repair")]
        assert [re.findall(r"(?:ks|table)=(\w+)", query) for query in by_tablets] == [
            ["ks1", "t1"],
            ["ks1", "t2"],
        ]
        assert {words.split()[0] for words in begun_repairs(lab)} == {"ks2"}


def test_a_repair_is_stopped_by_a_pause_and_asked_for_again(slow_lab: LabProcess) -> None:
    process = slow_lab.start(*slow_lab.run_words("--json", "-K", "ks1.t1"))
    wait_until(lambda: slow_lab.events(RepairStarted), "a repair runs")
    process.send(signal.SIGINT)
    paused = process.end()
    assert paused.code == 3, paused.stderr
    last = paused.documents()[-1]
    assert (last["state"], last["stage"], last["restored"]) == ("paused", "REPAIR", last["size"])
    assert last["repair"]["percent"] < 100
    assert len(slow_lab.requests("/task_manager/abort_task/")) == 1
    assert slow_lab.left_behind() == []
    resumed = slow_lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.documents()[-1]["repair"]["tables_repaired"] == 1


def test_a_run_killed_while_it_repairs_goes_on_with_the_repair(slow_lab: LabProcess) -> None:
    process = slow_lab.start(*slow_lab.run_words("-K", "ks1.t1"))
    wait_until(lambda: slow_lab.events(RepairStarted), "a repair runs")
    process.kill()
    loads = len(slow_lab.events(SSTablesLoaded))
    shown = slow_lab.call("progress")
    assert "100.0 %  0 of" not in shown.stdout
    assert "99.9 %" in shown.stdout
    resumed = slow_lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    assert len(slow_lab.events(SSTablesLoaded)) == loads
    assert resumed.documents()[-1]["repair"]["percent"] == 100.0


def test_a_repair_that_fails_ends_the_run_in_words_and_is_resumed(lab: LabProcess) -> None:
    lab.fault("failed-repair")
    failed = lab.call(*lab.run_words())
    assert failed.code == 1
    assert re.search(r"the repair of ks\d.t\d failed 3 times, the last time on 127\.", failed.stderr)
    assert "hint: all data is loaded" in failed.stderr
    lab.end_faults()
    resumed = lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.documents()[-1]["state"] == "done"
