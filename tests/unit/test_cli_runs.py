from datetime import timedelta
from pathlib import Path

import pytest
from tests.support import story as told
from tests.support.program import Desk
from tests.support.story import Story, indexed_story

from scylla_restore.engine.cli.context import Clock
from scylla_restore.events.chain import Sealer
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import RunCompleted, RunFailed, RunPaused

OTHER_RUN = "6f1d2c3b-0000-4000-8000-000000000002"
THIRD_RUN = "7aaaaaaa-0000-4000-8000-000000000003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def done_story(run: str = OTHER_RUN) -> Story:
    return Story(run).tell(told.run_started()).pass_s(60).tell(RunCompleted(restored_bytes=0, sstables=0))


def test_runs_are_listed_with_where_they_stand(desk: Desk) -> None:
    desk.record(indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1), done_story())
    listed = desk.call("runs", "--json").json()
    assert [(run["id"], run["state"], run["progress"], run["stage"]) for run in listed] == [
        (told.RUN, "running", 30.0, "DATA"),
        (OTHER_RUN, "done", 100.0, "DONE"),
    ]
    assert set(listed[0]) == {"id", "cluster", "tag", "stage", "state", "progress", "started", "ended"}
    assert (listed[1]["started"], listed[1]["ended"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z")


def test_runs_for_people_are_lines_below_a_header(desk: Desk) -> None:
    desk.record(indexed_story())
    header, line = desk.call("runs").lines
    assert header.split() == ["RUN", "CLUSTER", "TAG", "STAGE", "STATE", "PROGRESS", "STARTED", "ENDED"]
    assert line.startswith(told.RUN)


def test_a_run_that_was_refused_and_one_that_nobody_works_on_are_called_so(desk: Desk) -> None:
    failure = Failure(cause=Cause.REFUSED, message="there is no snapshot")
    refused = (
        Story(OTHER_RUN)
        .tell(told.run_started())
        .tell(RunFailed(failure=failure, resumable=False, exit_code=2))
    )
    desk.record(indexed_story(), refused)
    _, first, second = desk.call("runs").lines
    assert " no engine " in first
    assert " refused " in second


def test_a_log_without_runs_lists_none(desk: Desk) -> None:
    desk.log().close()
    assert desk.call("runs", "--json").json() == []
    answer = desk.call("runs")
    assert (answer.stdout, answer.stderr) == ("", "the log holds no run\n")


def test_looking_for_a_log_that_is_not_there_makes_none(desk: Desk) -> None:
    answer = desk.call("runs")
    assert answer.code == 4
    assert answer.stderr.startswith("error: ")
    assert not desk.log_path.exists()


def test_progress_is_the_document_of_the_newest_run(desk: Desk) -> None:
    desk.record(done_story(THIRD_RUN), indexed_story())
    document = desk.call("progress", "--json").json()
    assert (document["run_id"], document["state"], document["size"]) == (told.RUN, "running", 1000)


def test_a_run_is_named_by_any_unambiguous_beginning_of_its_id(desk: Desk) -> None:
    desk.record(indexed_story(), done_story(THIRD_RUN))
    assert desk.call("progress", "7a", "--json").json()["run_id"] == THIRD_RUN
    assert desk.call("progress", told.RUN.upper(), "--json").json()["run_id"] == told.RUN


def test_an_ambiguous_beginning_is_refused_with_the_candidates(desk: Desk) -> None:
    desk.record(indexed_story(), done_story())
    answer = desk.call("progress", "6f")
    assert answer.code == 2
    assert told.RUN in answer.stderr
    assert OTHER_RUN in answer.stderr


def test_an_unknown_run_is_refused_with_a_hint(desk: Desk) -> None:
    desk.record(indexed_story())
    answer = desk.call("progress", "ffff")
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [
        "error: no run ffff in this log",
        f"hint: `scylla-restore runs --log sqlite:///{desk.log_path}` lists all runs",
    ]


def test_progress_for_people_names_what_is_under_way_and_that_nobody_is_at_work(desk: Desk) -> None:
    desk.record(indexed_story().tell(told.batch_assigned(1, "d1", size=300)).restore(1))
    answer = desk.call("progress")
    assert "no engine at work, DATA, started 2026-01-02 03:04:05Z" in answer.stdout
    assert "300 B of 1000 B restored" in answer.stdout
    assert "a.one 50.0 %" in " ".join(answer.stdout.split())
    assert f"scylla-restore resume {told.RUN}" in answer.stderr


def test_watching_on_a_pipe_is_a_line_for_each_change_until_the_run_ends(desk: Desk) -> None:
    story = indexed_story()
    desk.record(story)
    log = desk.log()
    claim = log.claim(told.RUN, "an engine")
    sealer = Sealer(run=told.RUN, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
    steps: list[AnyEvent] = [
        told.batch_assigned(1, "d1", size=300),
        RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0),
    ]

    def wait(_seconds: float) -> None:
        event = steps.pop(0)
        log.append(claim, (sealer.seal(event, at=story.now + timedelta(seconds=1), actor="supervisor"),))

    desk.clock = Clock(now=lambda: story.now, wait=wait)
    answer = desk.call("progress", "--watch")
    log.close()
    assert [line.split(",")[0] for line in answer.lines] == [
        "6f1d2c3b running DATA 0.0 %",
        "6f1d2c3b paused DATA 0.0 %",
    ]


def test_watching_as_json_is_a_document_a_line(desk: Desk) -> None:
    desk.record(done_story())
    answer = desk.call("progress", "--watch", "--json")
    assert answer.json()["state"] == "done"


def test_watching_on_a_terminal_draws_the_view(desk: Desk) -> None:
    desk.record(done_story())
    answer = desk.call("progress", "--watch", terminal=True)
    assert f"run {OTHER_RUN}" in answer.stdout
    assert "━━━" in answer.stdout
