"""Asking a run's owner, an engine in another process, to end it."""

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.engines import identity
from scylla_restore.engine.cli.following import Follower
from scylla_restore.events.log.port import EventLog, Request, RequestKind

_POLL_S = 0.2


def ask_owner(log: EventLog, follower: Follower, kind: RequestKind, context: Context) -> bool:
    """Leave a request and wait; return whether the run is over, or nobody is there any more to hear it."""
    run = follower.state.run
    log.post_request(Request(run=run, kind=kind, requested_by=identity()))
    context.output.note(
        f"asked the engine of run {run} ({log.head(run).owner}) to {kind.value}; waiting for it"
    )
    told: tuple[str, ...] = ()
    while True:
        # In this order: whoever writes the last event owns the run at that moment.
        is_left_alone = not log.is_owned(run)
        follower.catch_up()
        if follower.is_over:
            return True
        if is_left_alone:
            return False
        if (notices := follower.notices()) != told:
            told = notices
            for notice in notices:
                context.output.note(notice)
        context.clock.wait(_POLL_S)
