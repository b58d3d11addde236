"""Histories of runs in which everything happens that tables have to cope with."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
from tests.support import story as told
from tests.support.story import RUN, Story, indexed_story

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import Claim, EventLog
from scylla_restore.events.model import batches
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import RunCompleted, RunPaused, RunResumed
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.model.target import Method

STOPPED = Failure(cause=Cause.STOPPED, message="stopped")


class Appender:
    """Whoever appends a story bit by bit: with one claim for each epoch, which are counted from 1."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._claim: Claim | None = None

    def append(self, envelopes: Sequence[Envelope]) -> None:
        """Append some more."""
        for epoch, group in groupby(envelopes, key=lambda envelope: envelope.epoch):
            if self._claim is None or self._claim.epoch != epoch:
                self._claim = self._log.claim(RUN, "an engine", take_over=True)
            self._log.append(self._claim, tuple(group))


def calm_history() -> Story:
    """Two batches, one after the other, and the end."""
    story = indexed_story()
    story.tell(told.batch_assigned(1, "d1", size=600, sstables=2)).restore(1)
    story.tell(told.batch_assigned(2, "d2", size=400, node="10.0.0.2")).restore(2)
    return story.tell(RunCompleted(restored_bytes=1000, sstables=4))


def troubled_history() -> Story:
    """Retries on the same and on another node, a pause, a dead engine, an agent that begins its ids again."""
    story = indexed_story()
    story.tell(told.batch_assigned(1, "d1", size=300, sstables=1))
    _download(story, 1, jobs=(701,))
    story.pass_s(1).tell(told.load_failed(1), batches.BatchReturned(batch=1, attempt=1, reason="failed"))
    story.tell(told.batch_assigned(2, "d1", size=300, node="10.0.0.2"))
    _download(story, 2, jobs=(801, 802), versioned=100)
    story.tell(told.batch_assigned(1, "d1", size=300, attempt=2)).restore(1, attempt=2)
    story.tell(told.batch_assigned(3, "d2", size=200)).tell(
        batches.DownloadStarted(batch=3, attempt=1, jobs=(702,), started_at=("t",)),
        batches.DownloadProgressed(batch=3, attempt=1, downloaded=50),
        batches.DownloadFailed(batch=3, attempt=1, node="10.0.0.1", failure=STOPPED, staging_left=False),
        batches.BatchReturned(batch=3, attempt=1, reason="stopped"),
        RunPaused(reason="asked to", staged_batches=1, staged_bytes=300, loads_running=0),
    )
    story.die(for_s=60).tell(RunResumed(), batches.LoadStarted(batch=2, attempt=1)).pass_s(1.25)
    story.tell(batches.SSTablesLoaded(batch=2, attempt=1))
    story.tell(told.batch_assigned(3, "d2", size=200, attempt=2))
    _download(story, 3, attempt=2, jobs=(701,))
    story.die(for_s=5).tell(RunResumed()).tell(batches.SSTablesLoaded(batch=3, attempt=2))
    story.tell(told.batch_assigned(4, "d2", size=200)).tell(
        batches.DownloadStarted(batch=4, attempt=1, jobs=(703,), started_at=("t",))
    )
    return story.tell(StageEntered(stage=Stage.REPAIR))


def native_history() -> Story:
    """Scylla fetches the batches itself: one is restored, one fails and is restored by the agent, one is under way."""
    story = indexed_story()
    for batch in (1, 2, 3):
        assigned = told.batch_assigned(batch, "d1", size=100 * batch)
        story.tell(msgspec.structs.replace(assigned, method=Method.NATIVE))
        story.pass_s(0.5).tell(
            batches.NativeRestoreRequested(batch=batch, attempt=1),
            batches.NativeRestoreStarted(batch=batch, attempt=1, task=f"task-{batch}"),
        )
    story.pass_s(2).tell(batches.NativeRestoreProgressed(batch=3, attempt=1, restored=120))
    story.tell(batches.SSTablesLoaded(batch=1, attempt=1), told.load_failed(2))
    story.tell(batches.BatchReturned(batch=2, attempt=1, reason="failed"))
    return story.tell(told.batch_assigned(2, "d1", size=200, attempt=2)).restore(2, attempt=2)


def _download(
    story: Story, batch: int, *, jobs: tuple[int, ...], attempt: int = 1, versioned: int = 0
) -> None:
    story.tell(
        batches.DownloadRequested(batch=batch, attempt=attempt),
        batches.DownloadStarted(batch=batch, attempt=attempt, jobs=jobs, started_at=("t",) * len(jobs)),
        batches.DownloadProgressed(batch=batch, attempt=attempt, downloaded=10),
    )
    story.pass_s(1).tell(
        batches.BatchDownloaded(
            batch=batch, attempt=attempt, downloaded=200 - versioned, versioned=versioned
        ),
        batches.LoadRequested(batch=batch, attempt=attempt),
        batches.UploadFilled(batch=batch, attempt=attempt),
        batches.LoadStarted(batch=batch, attempt=attempt),
    )


HISTORIES = {"calm": calm_history, "troubled": troubled_history, "native": native_history}
