"""What goes wrong on nodes while the console script restores: it is told, waited out, and nothing is lost."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.console import LOAD_PATH, LabProcess, lab_process, wait_until

from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchReturned,
    DownloadRequested,
    LoadAnswerLost,
    SSTablesLoaded,
)
from scylla_restore.events.model.nodes import NodeWaitingForSpace

NODE = "127.0.0.11"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--download-mbps", "2", "--load-mbps", "1") as lab:
        lab.back_up(sstables=18, sstable_bytes=30_000)
        yield lab


def test_a_node_without_space_waits_while_the_others_carry_on(lab: LabProcess) -> None:
    words = ("lab", "fault", "--dir", str(lab.files.root), "--kind", "disk-full", "--node", NODE)
    assert lab.call(*words, configured=False).code == 0
    said = lab.call(*lab.run_words())
    assert said.code == 0, said.stderr
    assert f"{NODE} has no space for its next batch, asked again at " in said.stdout
    assert {event.node for event in lab.events(NodeWaitingForSpace)} == {NODE}
    assert lab.loaded_sstables() == 72
    assert not list(lab.files.loaded(NODE).rglob("*TOC.txt"))
    assert lab.left_behind() == []


def test_where_no_node_has_space_the_run_pauses_and_can_be_resumed(lab: LabProcess) -> None:
    lab.fault("disk-full")
    said = lab.call(*lab.run_words())
    assert said.code == 3
    assert said.stderr.startswith("paused: no node has enough free disk space for its next batch\n")
    words = ("lab", "fault", "--dir", str(lab.files.root), "--clear")
    assert lab.call(*words, configured=False).stderr == "faults ended: 1\n"
    assert lab.call("resume").code == 0
    assert lab.loaded_sstables() == 72


def test_objects_that_vanish_fail_the_run_which_names_one_and_can_be_resumed(lab: LabProcess) -> None:
    objects = {path: path.read_bytes() for path in lab.files.buckets.rglob("*-Data.db")}
    with lab.in_the_middle(*lab.run_words("--json")) as process:
        for path in objects:
            path.unlink()
    said = process.end()
    assert said.code == 1
    progress = said.documents()[-1]
    assert progress["state"] == "failed"
    assert "-big-Data.db" in progress["error"]
    error, *_, last = said.stderr.partition("error: ")[2].splitlines()
    assert re.match(r"run .{36} failed: .*-big-Data\.db", error)
    assert f"`scylla-restore resume {progress['run_id']} " in last
    for path, content in objects.items():
        path.write_bytes(content)
    assert lab.call("resume").code == 0
    assert lab.loaded_sstables() == 72


def test_a_backup_that_is_not_whole_is_refused_before_anything_is_touched(lab: LabProcess) -> None:
    missing = next(lab.files.buckets.rglob("*-Data.db"))
    missing.unlink()
    said = lab.call(*lab.run_words())
    assert said.code == 2
    assert f"{missing.name} is missing" in said.stderr
    assert "resume" not in said.stderr
    assert not lab.requests("/sync/copypaths")
    assert lab.call("resume").code == 2


def test_an_agent_that_forgets_its_jobs_is_given_new_ones(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process:
        lab.fault("lost-job", node=NODE, on="/agent/rclone/job/progress*")
    said = process.end()
    assert said.code == 0, said.stderr
    assert lab.loaded_sstables() == 72
    loads = [event.batch for event in lab.events(SSTablesLoaded)]
    assert sorted(loads) == sorted({event.batch for event in lab.events(BatchAssigned)})
    assert lab.left_behind() == []


def test_a_load_whose_answer_was_lost_is_asked_for_again_and_nothing_is_deleted(lab: LabProcess) -> None:
    lab.fault("reset", node=NODE, on=f"{LOAD_PATH}*", times=1)
    said = lab.call(*lab.run_words())
    assert said.code == 0, said.stderr
    (lost,) = lab.events(LoadAnswerLost)
    assert lost.node == NODE
    assert (
        f"{NODE}: no final answer to the load of batch {lost.batch} yet, it is asked for again" in said.stdout
    )
    assert len(lab.requests(LOAD_PATH)) == len(lab.events(SSTablesLoaded)) + 1
    assert len(lab.events(DownloadRequested)) == len(lab.events(SSTablesLoaded))
    assert not lab.events(BatchReturned)
    removed = [str(request.body) for request in lab.requests("/operations/purge") + lab.requests("/delete")]
    assert not [body for body in removed if "upload" in body]
    assert lab.loaded_sstables() == 72


def test_a_log_that_does_not_answer_holds_the_run_up_and_is_named(lab: LabProcess) -> None:
    with (
        lab.in_the_middle(*lab.run_words()) as process,
        closing(sqlite3.connect(lab.files.root / "log.db", isolation_level=None)) as another,
    ):
        another.execute("BEGIN IMMEDIATE")
        wait_until(lambda: "the log does not answer" in process.stdout, "the log is missed")
    said = process.end()
    assert said.code == 0, said.stderr
    assert lab.loaded_sstables() == 72
