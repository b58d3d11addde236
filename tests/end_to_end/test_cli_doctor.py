"""`doctor` through the console script: what a killed engine left altered is shown, and put right."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LabProcess, lab_process

from scylla_restore.events.model.alterations import AutoCompactionDisabled
from scylla_restore.events.model.batches import SSTablesLoaded

SPEEDS = ("--download-mbps", "4", "--load-mbps", "1.6")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *SPEEDS) as lab:
        lab.back_up(sstables=30, sstable_bytes=40_000)
        yield lab


def killed(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process:
        process.kill()


def test_what_a_killed_engine_left_altered_is_shown_and_put_right(lab: LabProcess) -> None:
    killed(lab)
    shown = lab.call("doctor")
    assert shown.code == 1
    assert "automatic compaction off for ks1:t1" in shown.stdout
    assert "--fix" in shown.stderr
    fixed = lab.call("doctor", "--fix", "--json")
    assert fixed.code == 0, fixed.stderr
    (checkup,) = fixed.documents()[-1]
    assert checkup["state"] == "paused"
    assert {each["kind"] for each in checkup["altered"]} <= {"staging_directory"}
    kind = type(AutoCompactionDisabled(node="", tables=())).__struct_config__.tag
    assert kind not in {each["kind"] for each in checkup["altered"]}


def test_a_run_that_was_put_right_can_be_resumed(lab: LabProcess) -> None:
    killed(lab)
    assert lab.call("doctor", "--fix").code == 0
    resumed = lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    loads = [event.batch for event in lab.events(SSTablesLoaded)]
    assert len(loads) == len(set(loads))
    healthy = lab.call("doctor")
    assert (healthy.code, healthy.stdout) == (0, "nothing is left altered\n")


def test_an_engine_at_work_is_left_alone(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process, lab.stopped(process):
        shown = lab.call("doctor", "--fix", "--json")
    assert shown.code == 0, shown.stderr
    assert {each["why"] for each in shown.documents()[-1][0]["altered"]} == {"at_work"}
    assert process.end().code == 0
