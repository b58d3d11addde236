"""`pause` and `abort` through the console script: what they ask for happens, and nothing is left behind."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import LabProcess, lab_process, wait_until

from scylla_restore.events.model.run import AbortRequested, PauseRequested


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, "--download-mbps", "4", "--load-mbps", "1.6") as lab:
        lab.back_up(sstables=24, sstable_bytes=40_000)
        yield lab


def run_of(lab: LabProcess) -> str:
    return lab.record()[0].run


def test_a_running_engine_is_asked_to_pause(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process, lab.stopped(process):
        pausing = lab.start("pause", run_of(lab)[:8])
        wait_until(lambda: "asked the engine of run" in pausing.stderr, "the request is left")
    said = pausing.end()
    assert said.code == 0, said.stderr
    assert f"{run_of(lab)[:8]} running DATA " in said.stderr
    assert f"scylla-restore resume {run_of(lab)}" in said.stderr
    paused = process.end()
    assert paused.code == 3
    assert paused.stderr.startswith("paused: asked for by ")
    assert len(lab.events(PauseRequested)) == 1
    again = lab.call("pause", run_of(lab))
    assert (again.code, again.stderr.startswith("paused: `scylla-restore resume ")) == (0, True)
    assert lab.call("abort", run_of(lab)).code == 0
    over = lab.call("pause", run_of(lab))
    assert (over.code, over.stderr) == (2, f"error: run {run_of(lab)} does not go on: it is aborted\n")


def test_a_running_engine_is_asked_to_abort(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process, lab.stopped(process):
        aborting = lab.start("abort", run_of(lab), "--json")
        wait_until(lambda: "asked the engine of run" in aborting.stderr, "the request is left")
    said = aborting.end()
    assert said.code == 0, said.stderr
    (progress,) = said.documents()
    assert (progress["state"], progress["completed_at"]) == ("aborted", None)
    assert "warning: the tables hold" in said.stderr
    aborted = process.end()
    assert aborted.code == 1
    assert re.search(r"error: run .{36} was aborted: ", aborted.stderr)
    assert lab.left_behind() == []


def test_a_paused_run_is_aborted_and_then_another_may_begin(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process:
        process.send(signal.SIGINT)
        assert process.end().code == 3
    run = run_of(lab)
    said = lab.call("abort", run)
    assert said.code == 0, said.stderr
    assert said.stdout.splitlines()[-1] == f"aborted: everything that run {run} altered is undone"
    assert lab.left_behind() == []
    over = lab.call("resume", run)
    assert (over.code, over.stdout) == (2, "")
    assert "is over: aborted" in over.stderr
    assert lab.call("resume").stderr.startswith("error: the log holds no run that could be resumed")
    *_, keyspace, table, _ = next(lab.files.root.glob("*/loaded/*/*/*-TOC.txt")).parts
    refused = lab.call(*lab.run_words("--keyspace", f"{keyspace}.{table}"))
    assert refused.code == 2
    assert re.match(
        rf"error: a table holds data already: {keyspace}\.{table} \(.* bytes\)\. Run {run}, .* was aborted\n"
        rf'hint: .*`TRUNCATE "{keyspace}"\."{table}";`.*--allow-non-empty',
        refused.stderr,
    )
    assert lab.call(*lab.run_words("--keyspace", f"{keyspace}.{table}", "--allow-non-empty")).code == 0


def test_what_a_killed_engine_left_is_put_right_by_abort(lab: LabProcess) -> None:
    with lab.in_the_middle(*lab.run_words()) as process:
        process.kill()
    said = lab.call("pause", run_of(lab))
    assert said.code == 2
    assert re.match(r"error: no engine is at work on run .*\nhint: `scylla-restore resume ", said.stderr)
    assert lab.call("abort", run_of(lab)).code == 0
    assert len(lab.events(AbortRequested)) == 1
    assert lab.left_behind() == []
