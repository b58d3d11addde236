"""Whole restores through the console script, into lab nodes of another process."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.console import (
    COPY_PATH,
    DEADLINE_S,
    LOAD_PATH,
    LOCATION,
    LabProcess,
    lab_process,
    script,
    wait_until,
)

from scylla_restore.events.model.batches import BatchAssigned, DownloadRequested, SSTablesLoaded
from scylla_restore.events.model.run import OwnerChanged, RunCompleted

SPEEDS = ("--download-mbps", "4", "--load-mbps", "1.6")
"""So that there is a middle to stop in: a second, or ten where it is ``in_the_middle``."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path) as lab:
        yield lab


@pytest.fixture
def slow_lab(tmp_path: Path) -> Iterator[LabProcess]:
    with lab_process(tmp_path, *SPEEDS) as lab:
        lab.back_up(sstables=30, sstable_bytes=40_000)
        yield lab


def test_a_backup_is_restored(lab: LabProcess) -> None:
    words = ("lab", "backup", "--dir", str(lab.files.root), "-L", LOCATION, "--keyspaces", "2", "--json")
    (backup,) = lab.call(*words, configured=False).documents()
    lab.tag = backup["snapshot_tag"]
    said = lab.call(*lab.run_words("--json"))
    assert said.code == 0, said.stderr
    begun, progress = said.documents()
    assert begun == {"run_id": progress["run_id"]}
    assert (progress["state"], progress["stage"]) == ("done", "DONE")
    assert progress["cluster_id"] == backup["cluster_id"]
    assert (progress["size"], progress["restored"]) == (backup["bytes"], backup["bytes"])
    assert lab.loaded_sstables() == progress["sstables_restored"] == backup["sstables"]
    assert lab.left_behind() == []


def test_a_table_is_restored_under_another_name(lab: LabProcess) -> None:
    lab.back_up(sstables=6)
    lab.files.create_table("elsewhere", "copy")
    words = ("--keyspace", "ks1.t1", "--rename", "ks1.t1=elsewhere.copy", "--dc-mapping", "dc1=dc1")
    said = lab.call(*lab.run_words(*words))
    assert said.code == 0, said.stderr
    assert len(list(lab.files.root.glob("*/loaded/elsewhere/copy/*-TOC.txt"))) == lab.loaded_sstables() == 6


def test_what_is_told_on_a_pipe_is_lines(lab: LabProcess) -> None:
    backup = lab.back_up()
    said = lab.call(*lab.run_words())
    assert said.code == 0, said.stderr
    # The lab has no CQL.
    assert {line.partition(":")[0] for line in said.stderr.splitlines()} <= {"warning"}
    *lines, last = said.stdout.splitlines()
    assert re.fullmatch(
        rf"done: {backup.sstables} SSTables, [\d.]+ KiB, are in cluster lab in \d+s \(run .{{36}}\)", last
    )
    assert [line.split()[1] for line in lines][-1] == "done"
    assert "\x1b" not in said.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_run_is_paused_and_resumed_to_its_end(slow_lab: LabProcess, number: signal.Signals) -> None:
    with slow_lab.in_the_middle(*slow_lab.run_words("--json")) as process:
        process.send(number)
        paused = process.end()
    assert paused.code == 3, paused.stderr
    run = paused.documents()[0]["run_id"]
    assert paused.documents()[-1]["state"] == "paused"
    assert "stopping" in paused.stderr
    assert f"`scylla-restore resume {run} --config {slow_lab.files.config}` carries on" in paused.stderr
    resumed = slow_lab.call("resume", "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.documents()[0] == {"run_id": run}
    loads = [event.batch for event in slow_lab.events(SSTablesLoaded)]
    assert len(loads) == len(set(loads))
    assert slow_lab.loaded_sstables() == resumed.documents()[-1]["sstables"]
    assert slow_lab.left_behind() == []


def test_a_second_signal_stops_at_once_and_the_run_can_still_be_resumed(slow_lab: LabProcess) -> None:
    with slow_lab.in_the_middle(*slow_lab.run_words()) as process:
        slow_lab.fault("timeout", on="/agent/rclone/*")
        process.send(signal.SIGINT)
        wait_until(lambda: "stopping" in process.stderr, "the first signal is heard")
        process.send(signal.SIGINT)
        stopped = process.end()
    assert stopped.code == 3, stopped.stderr
    assert stopped.stderr.splitlines()[1].startswith("stopped at once")
    assert slow_lab.call("resume").code == 0
    assert slow_lab.loaded_sstables() == 120


def test_two_engines_do_not_work_on_one_run_nor_two_runs_on_one_cluster(slow_lab: LabProcess) -> None:
    with slow_lab.in_the_middle(*slow_lab.run_words()) as process, slow_lab.stopped(process):
        second = slow_lab.call("resume")
        another = slow_lab.call(*slow_lab.run_words())
    assert second.code == 4
    assert re.match(r"error: run .{36} is owned by .*, which is alive\nhint: .*--take-over", second.stderr)
    assert another.code == 2
    assert re.search(r"has an unfinished run: .*\nhint: `scylla-restore resume", another.stderr)
    assert process.end().code == 0


def test_a_run_is_taken_over_from_a_living_engine_which_falls_silent(slow_lab: LabProcess) -> None:
    with slow_lab.in_the_middle(*slow_lab.run_words()) as first:
        # No load is answered any more, so that the first engine is at a standstill when the second one comes.
        slow_lab.fault("reset", on=f"{LOAD_PATH}*")
        second = slow_lab.start("resume", "--take-over")
        wait_until(lambda: "taking the run over from " in second.stderr, "the second engine takes over")
        fenced = first.end()
    assert fenced.code == 4
    assert re.search(r"error: run .{36} was taken over by ", fenced.stderr)
    resumed = second.end()
    assert resumed.code == 0, resumed.stderr
    assert len(slow_lab.events(OwnerChanged)) == 2
    attempts = [(event.batch, event.attempt) for event in slow_lab.events(DownloadRequested)]
    assert len(slow_lab.requests(COPY_PATH)) == len(attempts) == len(set(attempts))
    loads = [event.batch for event in slow_lab.events(SSTablesLoaded)]
    assert sorted(loads) == sorted({event.batch for event in slow_lab.events(BatchAssigned)})
    assert slow_lab.left_behind() == []


def test_tuning_may_change_when_a_run_is_resumed_but_what_it_restores_may_not(slow_lab: LabProcess) -> None:
    with slow_lab.in_the_middle(*slow_lab.run_words()) as process:
        process.send(signal.SIGINT)
        assert process.end().code == 3
    refused = slow_lab.call("resume", "--keyspace", "ks1")
    assert (refused.code, refused.stdout) == (2, "")
    assert "--keyspace" in refused.stderr
    resumed = slow_lab.call("resume", "--parallel", "1", "--json")
    assert resumed.code == 0, resumed.stderr


def test_whoever_stops_reading_does_not_stop_the_restore(lab: LabProcess) -> None:
    lab.back_up(sstables=30)
    words = [script(), *lab.run_words(), "--config", str(lab.files.config)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=dict(lab.environment)) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(DEADLINE_S)
    assert isinstance(lab.record()[-1].event, RunCompleted)
