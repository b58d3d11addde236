"""How a run ended, as a person and as a program are told."""

import io
import json
from dataclasses import dataclass

import pytest
from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.engine.api import Run
from scylla_restore.engine.cli.context import Clock, Context
from scylla_restore.engine.cli.ends import tell_end
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.foreground import Events, ForegroundRun
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.signals import StopSignals
from scylla_restore.engine.config import ConfigFile
from scylla_restore.events.errors import LogError, LogUnavailable, StaleOwner
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.model.schema import SchemaRecorded
from scylla_restore.events.projections.progress_state import ProgressState


class IdleEngine:
    """Notes that it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Stage:
    """A run in the foreground, whose supervisor is the test."""

    run: Run
    foreground: ForegroundRun
    context: Context
    signals: StopSignals
    engine: IdleEngine
    asked: list[tuple[bool, str]]
    story: Story

    def tell(self, *events: AnyEvent) -> None:
        known = len(self.story.envelopes)
        self.run.recorded(self.story.tell(*events).envelopes[known:])

    def end(self, *events: AnyEvent, error: LogError | None = None) -> tuple[int, str, str]:
        if events:
            self.tell(*events)
        self.run.ended(error)
        self.foreground.pass_time(0)
        return self.say()

    def say(self) -> tuple[int, str, str]:
        code = tell_end(self.foreground, self.context)
        stdout = self.context.output.stdout
        assert isinstance(stdout, io.StringIO)
        return code, stdout.getvalue(), stderr_of(self)


def stderr_of(stage: Stage) -> str:
    stderr = stage.context.output.stderr
    assert isinstance(stderr, io.StringIO)
    return stderr.getvalue()


def make_stage(*, json_wanted: bool = False) -> Stage:
    asked: list[tuple[bool, str]] = []
    story = indexed_story()
    events = Events()
    run = Run(
        told.RUN,
        ProgressState(),
        request=lambda abort, by: asked.append((abort, by)),
        abandon=lambda: None,
    )
    run.subscribe(events)
    output = Output(stdout=io.StringIO(), stderr=io.StringIO())
    output.is_json = json_wanted
    clock = Clock(now=lambda: story.now)
    context = Context(flags=GlobalFlags(), file=ConfigFile(), output=output, environment={}, clock=clock)
    signals, engine = StopSignals(), IdleEngine()
    foreground = ForegroundRun(run, engine, events, context, signals)
    run.recorded(story.envelopes)
    return Stage(run, foreground, context, signals, engine, asked, story)


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def test_a_run_that_is_done_says_what_is_where(stage: Stage) -> None:
    stage.story.pass_s(61)
    code, stdout, stderr = stage.end(RunCompleted(restored_bytes=0, sstables=0))
    assert (code, stderr) == (0, "")
    assert stdout == f"done: 0 SSTables, 0 B, are in cluster prod in 1m 01s (run {told.RUN})\n"


def test_a_pause_names_what_stays_and_what_to_type(stage: Stage) -> None:
    paused = RunPaused(reason="asked to", staged_batches=2, staged_bytes=4096, loads_running=1)
    code, stdout, stderr = stage.end(paused)
    assert (code, stdout) == (3, "")
    assert stderr.splitlines()[:2] == [
        "paused: asked to",
        "2 downloaded batches stay on the nodes (4.0 KiB), to be loaded then; 1 load goes on in Scylla until it is done",
    ]
    assert f"`scylla-restore resume {told.RUN}` carries on" in stderr


def test_a_failure_is_an_error_with_its_hint_and_the_ways_on(stage: Stage) -> None:
    failure = Failure(cause=Cause.REFUSED, message="no", node="10.0.0.1", call="load", hint="say please")
    code, stdout, stderr = stage.end(RunFailed(failure=failure, resumable=True, exit_code=1))
    assert (code, stdout) == (1, "")
    assert stderr.splitlines()[:2] == [
        f"error: run {told.RUN} failed: 10.0.0.1: load: no",
        "hint: say please",
    ]
    assert "`scylla-restore resume" in stderr.splitlines()[2]


def test_what_stays_altered_in_the_schema_is_named(stage: Stage) -> None:
    paused = RunPaused(
        reason="asked to",
        staged_batches=0,
        staged_bytes=0,
        loads_running=0,
        views_dropped=("ks.v1",),
        tombstone_gc_disabled=tuple(f"ks.t{number}" for number in range(1, 8)),
    )
    _, _, stderr = stage.end(paused)
    assert (
        "stays so until `resume` or `abort`: 1 view (ks.v1) dropped; tombstone_gc disabled for "
        "7 tables (ks.t1, ks.t2, ks.t3, ks.t4, ks.t5 and 2 more)"
    ) in stderr


def test_a_failed_run_names_what_stays_altered_in_the_schema(stage: Stage) -> None:
    failure = Failure(cause=Cause.REFUSED, message="no")
    failed = RunFailed(failure=failure, resumable=True, exit_code=1, tombstone_gc_disabled=("ks.t",))
    _, _, stderr = stage.end(failed)
    assert "tombstone_gc disabled for 1 table (ks.t)" in stderr


def test_a_run_that_left_views_alone_says_why(stage: Stage) -> None:
    stage.tell(SchemaRecorded(offered=False, reason="no node offers CQL"))
    _, _, stderr = stage.end(RunCompleted(restored_bytes=0, sstables=0))
    assert stderr == "warning: views and tombstone_gc were left as they are: no node offers CQL\n"


def test_a_refusal_before_anything_was_touched_is_nothing_to_resume(stage: Stage) -> None:
    failure = Failure(cause=Cause.REFUSED, message="no such snapshot")
    code, _, stderr = stage.end(RunFailed(failure=failure, resumable=False, exit_code=2))
    assert (code, stderr) == (2, "error: no such snapshot\n")


def test_a_run_that_somebody_aborted_says_what_the_tables_hold(stage: Stage) -> None:
    code, _, stderr = stage.end(RunAborted(restored_bytes=0))
    assert code == 1
    assert stderr.startswith(f"error: run {told.RUN} was aborted")
    assert "hint: truncate the tables" in stderr


def test_an_engine_that_was_fenced_off_says_by_whom(stage: Stage) -> None:
    code, _, stderr = stage.end(error=StaleOwner(told.RUN, 1, 2, "bob@elsewhere"))
    assert code == 4
    assert "was taken over by bob@elsewhere" in stderr


def test_a_program_is_told_the_run_first_and_the_document_last() -> None:
    stage = make_stage(json_wanted=True)
    stage.foreground.catch_up()
    code, stdout, stderr = stage.end(RunCompleted(restored_bytes=0, sstables=0))
    first, last = (json.loads(line) for line in stdout.splitlines())
    assert (code, first, last["state"]) == (0, {"run_id": told.RUN}, "done")
    assert stderr.startswith("done: ")


def test_the_first_signal_asks_for_a_pause_and_says_so(stage: Stage) -> None:
    stage.signals.count, stage.signals.name = 1, "SIGTERM"
    stage.foreground.pass_time(0)
    stage.foreground.pass_time(0)
    ((is_abort, by),) = stage.asked
    assert not is_abort
    assert by.startswith("SIGTERM to ")
    assert stderr_of(stage).count("stopping (") == 1
    assert not stage.foreground.is_over


def test_signals_that_come_at_one_time_are_one(stage: Stage) -> None:
    stage.signals.count = 2  # to the process, and to its group
    stage.foreground.pass_time(0)
    stage.foreground.pass_time(0)
    assert (len(stage.asked), stage.engine.is_closed) == (1, False)
    stage.signals.count = 3
    stage.foreground.pass_time(0)
    assert stage.engine.is_closed


def test_the_second_signal_stops_at_once(stage: Stage) -> None:
    stage.signals.count = 1
    stage.foreground.pass_time(0)
    was_closed = stage.engine.is_closed
    stage.signals.count = 2
    stage.foreground.pass_time(0)
    assert (was_closed, stage.engine.is_closed) == (False, True)
    assert stage.foreground.is_left_alone
    code, _, stderr = stage.say()
    assert code == 3
    assert "stopped at once" in stderr


def test_signals_that_come_before_the_first_is_answered_are_one(stage: Stage) -> None:
    stage.signals.count = 2
    stage.foreground.pass_time(0)
    was_closed = stage.engine.is_closed
    stage.signals.count = 3
    stage.foreground.pass_time(0)
    assert (len(stage.asked), was_closed, stage.engine.is_closed) == (1, False, True)


def test_a_log_that_is_away_is_a_notice(stage: Stage) -> None:
    stage.run.log_went_away(LogUnavailable("the disk does not answer"))
    (notice,) = stage.foreground.notices()
    assert notice == (
        "the log does not answer, nothing new is started until it does: the disk does not answer"
    )


def test_tables_that_are_behind_are_told_while_they_are(stage: Stage) -> None:
    stage.run.tables_changed(LogUnavailable("the disk is full"))
    assert stage.foreground.notices() == (
        "the run goes on, but its tables are behind the log: the disk is full",
    )
    stage.run.tables_changed(None)
    assert stage.foreground.notices() == ()
