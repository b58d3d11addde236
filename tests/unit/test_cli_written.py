"""What is written to a pipe while a run goes on."""

import io
from datetime import datetime

import pytest
from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.engine.cli.context import Clock, Context
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.output import Output
from scylla_restore.engine.cli.watching import LINE_EVERY_S, Display, written
from scylla_restore.engine.config import ConfigFile
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.model.run import RunCompleted, RunFailed
from scylla_restore.events.model.stages import Stage, StageEntered


class Pipe:
    """A story that is told to a pipe as it goes on."""

    def __init__(self, story: Story | None = None) -> None:
        self.story = story or indexed_story()
        self.lines: list[str] = []
        self._log = MemoryLog()
        self._claim = self._log.claim(told.RUN, "an engine")
        self._seq = 0
        self._follower = Follower(self._log, told.RUN)
        self._display = self._open()

    def _open(self) -> Display:
        def now() -> datetime:
            return self.story.now

        output = Output(stdout=io.StringIO(), stderr=io.StringIO())
        context = Context(
            flags=GlobalFlags(), file=ConfigFile(), output=output, environment={}, clock=Clock(now=now)
        )
        return written(context, self.lines.append)

    def look(self, *, is_last: bool = False) -> list[str]:
        """Return the lines that a look leads to."""
        new = self.story.envelopes[self._seq :]
        self._log.append(self._claim, tuple(new))
        self._seq += len(new)
        self._follower.catch_up()
        self.lines.clear()
        self._display(self._follower, is_news=bool(new), is_last=is_last)
        return list(self.lines)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


def restored(story: Story, batch: int) -> Story:
    return story.tell(told.batch_assigned(batch, "d1", size=100)).restore(batch, download_s=1, load_s=1)


def test_the_first_look_is_a_line_and_a_second_one_without_news_is_none(pipe: Pipe) -> None:
    assert [line.split(",")[0] for line in pipe.look()] == ["6f1d2c3b running DATA 0.0 %"]
    assert pipe.look() == []


def test_progress_is_a_line_only_now_and_then(pipe: Pipe) -> None:
    pipe.look()
    restored(pipe.story, 1)
    assert pipe.look() == []
    pipe.story.pass_s(LINE_EVERY_S)
    assert [line.split(",")[0] for line in pipe.look()] == ["6f1d2c3b running DATA 10.0 %"]


def test_another_state_is_a_line_at_once_and_so_is_the_end(pipe: Pipe) -> None:
    pipe.look()
    pipe.story.tell(RunCompleted(restored_bytes=0, sstables=0))
    assert [line.split(",")[0] for line in pipe.look(is_last=True)] == ["6f1d2c3b done DONE 100.0 %"]


def test_what_is_waited_for_is_said_once(pipe: Pipe) -> None:
    pipe.look()
    failure = Failure(cause=Cause.UNREACHABLE, message="no answer")
    pipe.story.tell(NodeSuspended(node="10.0.0.1", until=pipe.story.now, failures=1, failure=failure))
    assert pipe.look() == ["10.0.0.1 is suspended, asked again at 2026-01-02 03:04:05Z: no answer"]
    assert pipe.look() == []


def test_of_a_run_that_is_refused_nothing_is_told_but_the_error() -> None:
    story = Story().tell(told.run_started(), StageEntered(stage=Stage.INIT))
    pipe = Pipe(story)
    pipe.look()
    story.tell(
        RunFailed(
            failure=Failure(cause=Cause.REFUSED, message="tables hold data"), resumable=False, exit_code=2
        )
    )
    assert pipe.look(is_last=True) == []


def test_a_run_that_fails_later_has_a_last_line(pipe: Pipe) -> None:
    pipe.look()
    pipe.story.tell(
        RunFailed(failure=Failure(cause=Cause.REFUSED, message="no more"), resumable=True, exit_code=1)
    )
    assert [line.split(",")[0] for line in pipe.look(is_last=True)] == ["6f1d2c3b failed DATA 0.0 %"]
