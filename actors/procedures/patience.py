"""Asking again when there is no answer. A call that was answered, with whatever, is not made again here."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.errors import NodeUnreachable, StorageUnavailable

Port = TypeVar("Port")
T = TypeVar("T")

PATIENCE = timedelta(minutes=1)
"""How long somebody who does not answer is asked again before that counts as a failure."""


def pauses(first_s: float, longest_s: float) -> Iterator[timedelta]:
    """Yield pauses without end, each twice the one before, none longer than ``longest_s`` seconds."""
    seconds = first_s
    while True:
        yield timedelta(seconds=seconds)
        seconds = min(2 * seconds, longest_s)


async def until_answered(
    make: Callable[[], Call[Port, T]], *, now: Callable[[], datetime], patience: timedelta = PATIENCE
) -> T:
    """Make a repeatable call until there is an answer.

    Raises:
        NodeUnreachable, StorageUnavailable: there was none for as long as ``patience``.
        and what else the call raises.
    """
    silent_since: datetime | None = None
    for pause in pauses(1, 15):
        try:
            return await make()
        except (NodeUnreachable, StorageUnavailable) as error:
            silent_since = silent_since or now()
            if not error.retryable or now() + pause > silent_since + patience:
                raise
        await Sleep(pause)
    raise AssertionError("pauses have no end")
