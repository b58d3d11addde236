"""`progress` begins with what an engine has put away."""

from datetime import timedelta

import pytest
from tests.support.histories import Appender, troubled_history
from tests.support.story import RUN, START, batch_assigned, indexed_story

from scylla_restore.engine.api import Run
from scylla_restore.engine.cli.following import Follower
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.batches import DownloadProgressed, DownloadRequested, DownloadStarted
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeSuspended
from scylla_restore.events.projections.progress_state import ProgressState

SUSPENDED = NodeSuspended(
    node="10.0.0.1", until=START, failures=1, failure=Failure(cause=Cause.UNREACHABLE, message="no answer")
)


@pytest.mark.parametrize("put_away", [0, 10, 30, 1000])
def test_progress_and_waits_are_the_same_wherever_the_folds_were_put_away(put_away: int) -> None:
    story = troubled_history().tell(SUSPENDED)
    log = MemoryLog()
    appender = Appender(log)
    appender.append(story.envelopes[:put_away])
    run = Run(RUN, ProgressState(), request=lambda _abort, _by: None, abandon=lambda: None)
    run.recorded(story.envelopes[:put_away] or story.envelopes[:1])
    checkpoint = run.put_away()
    assert checkpoint is not None
    if put_away:
        log.save_checkpoint(checkpoint)
    appender.append(story.envelopes[put_away:])
    plain = MemoryLog()
    story.write_to(plain)
    begun, whole = Follower(log, RUN), Follower(plain, RUN)
    assert begun.catch_up()
    assert whole.catch_up()
    assert not begun.catch_up()
    assert begun.state == whole.state
    assert begun.notices() == whole.notices() != ()


def test_the_clocks_of_a_run_that_is_left_alone_stand_still() -> None:
    story = indexed_story().tell(batch_assigned(1, "d1", size=100))
    story.tell(DownloadRequested(batch=1, attempt=1))
    story.tell(DownloadStarted(batch=1, attempt=1, jobs=(1,), started_at=("0001",)))
    story.pass_s(2).tell(DownloadProgressed(batch=1, attempt=1, downloaded=50))
    log = MemoryLog()
    story.write_to(log)
    follower = Follower(log, RUN)
    follower.catch_up()
    assert follower.is_left_alone
    late = follower.document(story.now + timedelta(hours=1))
    assert late == follower.document(story.now)
    claim = log.claim(RUN, "an engine")
    assert follower.document(story.now + timedelta(hours=1)) != late
    log.release(claim)
