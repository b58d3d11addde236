"""The supervisor's lanes beside the log: appending, watching for requests, keeping checkpoints.

An append ends in one of two ways: it is durable, or it was refused and the engine has to stop. While the store cannot
be reached neither is known, and the lane asks again until it is.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from scylla_restore.actors.letters import Reported
from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError, LogUnavailable, UnknownRun
from scylla_restore.events.log.port import Checkpoint, Claim, EventLog, RequestKind
from scylla_restore.events.model.run import AbortRequested, PauseRequested

RETRY_S = 0.2
RETRY_MAX_S = 5.0
POLL_S = 1.0


class Appended(msgspec.Struct, frozen=True):
    """The group that was on its way is durable."""


class AppendRefused(msgspec.Struct, frozen=True):
    """The log will never take anything from this engine again."""

    error: LogError


class LogAway(msgspec.Struct, frozen=True):
    """The store does not answer; ``error`` is what was seen last."""

    error: LogUnavailable


LogLetter = Appended | AppendRefused | LogAway
Tell = Callable[[LogLetter | Reported], None]


async def append_group(log: EventLog, claim: Claim, group: Sequence[Envelope], tell: Tell) -> None:
    """Make a group durable, however long the store is away. The store knows a group that it has already."""
    delay_s = RETRY_S
    while True:
        try:
            await Call(log, lambda store: store.append(claim, group))
        except LogUnavailable as error:
            tell(LogAway(error))
            await Sleep(timedelta(seconds=delay_s))
            delay_s = min(RETRY_MAX_S, 2 * delay_s)
        except LogError as error:
            tell(AppendRefused(error))
            return
        else:
            tell(Appended())
            return


async def watch_requests(log: EventLog, claim: Claim, tell: Tell) -> None:
    """Keep the claim, and look every second for what others ask of this engine, until one has taken the run over."""
    while True:
        await Sleep(timedelta(seconds=POLL_S))
        try:
            await Call(log, lambda store: store.keep(claim))
            requests = await Call(log, lambda store: store.requests(claim.run))
        except (LogUnavailable, UnknownRun):
            continue
        except LogError as error:
            tell(AppendRefused(error))
            return
        for request in requests:
            if request.kind is RequestKind.ABORT:
                tell(Reported("supervisor", AbortRequested(requested_by=request.requested_by)))
            else:
                reason = f"asked for by {request.requested_by}"
                tell(Reported("supervisor", PauseRequested(requested_by=request.requested_by, reason=reason)))


async def forget_requests(log: EventLog, run: str, kinds: frozenset[RequestKind]) -> None:
    """Clear requests that are recorded, and no others; one that stays is asked again, which changes nothing."""
    try:
        await Call(log, lambda store: store.clear_requests(run, kinds=kinds))
    except LogError:
        return


async def keep_checkpoint(log: EventLog, checkpoint: Checkpoint) -> None:
    """Save a checkpoint; it is a cache, so a store that does not take it is no trouble."""
    try:
        await Call(log, lambda store: store.save_checkpoint(checkpoint))
    except LogError:
        return
