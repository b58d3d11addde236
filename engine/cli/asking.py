"""Asking a run's owner, an engine in another process, to end it."""

from datetime import datetime

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.engines import identity
from scylla_restore.engine.cli.following import Follower
from scylla_restore.engine.cli.watching import watch, written
from scylla_restore.events.log.port import EventLog, Request, RequestKind
from scylla_restore.events.projections.progress_document import ProgressDocument


class _Asked:
    """A run to look at until it is over, or nobody is there any more to end it."""

    def __init__(self, log: EventLog, follower: Follower) -> None:
        self._log = log
        self._follower = follower
        self.is_left_alone = False

    @property
    def is_over(self) -> bool:
        return self._follower.is_over or self.is_left_alone

    def catch_up(self) -> bool:
        # In this order: whoever writes the last event owns the run at that moment.
        is_left_alone = not self._log.is_owned(self._follower.state.run)
        is_news = self._follower.catch_up()
        self.is_left_alone = is_left_alone
        return is_news

    def document(self, now: datetime) -> ProgressDocument:
        return self._follower.document(now)

    def elapsed_s(self, now: datetime) -> float | None:
        return self._follower.elapsed_s(now)

    def notices(self) -> tuple[str, ...]:
        return self._follower.notices()


def ask_owner(log: EventLog, follower: Follower, kind: RequestKind, context: Context) -> bool:
    """Leave a request and wait, telling how the run goes on until then; return whether it is over now.

    If not, nobody is there any more to hear the request.
    """
    run = follower.state.run
    log.post_request(Request(run=run, kind=kind, requested_by=identity()))
    context.output.note(
        f"asked the engine of run {run} ({log.head(run).owner}) to {kind.value}; waiting for it"
    )
    watch(_Asked(log, follower), context, written(context, context.output.note))
    return follower.is_over
