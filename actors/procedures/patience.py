"""Asking again when there is no answer. A call that was answered, with whatever, is not made again here."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.errors import NodeUnreachable, SchemaUnavailable, StorageUnavailable

Port = TypeVar("Port")
T = TypeVar("T")

PATIENCE = timedelta(minutes=1)
"""How long somebody who does not answer is asked again before that counts as a failure."""
SILENCE_MAX = timedelta(minutes=15)
"""How long a node at work may give no answer at all before that counts as a failure."""


def pauses(first_s: float, longest_s: float) -> Iterator[timedelta]:
    """Yield pauses without end, each twice the one before, none longer than ``longest_s`` seconds."""
    seconds = first_s
    while True:
        yield timedelta(seconds=seconds)
        seconds = min(2 * seconds, longest_s)


async def until_answered(
    make: Callable[[], Call[Port, T]],
    *,
    now: Callable[[], datetime],
    patience: timedelta = PATIENCE,
    on_silence: Callable[[NodeUnreachable | StorageUnavailable | SchemaUnavailable], None] | None = None,
) -> T:
    """Make a repeatable call until there is an answer; ``on_silence`` is told whenever there is none.

    The time that a call waits in vain counts: one that took longer than ``patience`` is not made again.

    Raises:
        NodeUnreachable, StorageUnavailable, SchemaUnavailable: there was none for as long as ``patience``.
        and what else the call raises.
    """
    began = now()
    for pause in pauses(1, 15):
        try:
            return await make()
        except (NodeUnreachable, StorageUnavailable, SchemaUnavailable) as error:
            if not error.retryable or now() + pause > began + patience:
                raise
            if on_silence is not None:
                on_silence(error)
        await Sleep(pause)
    raise AssertionError("pauses have no end")


class Silence:
    """A node's silence while something runs there: bounded, however often it is asked."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.end()

    def end(self) -> None:
        """It has answered."""
        self._since: datetime | None = None
        self._pauses = pauses(1, 15)

    async def wait(self, error: NodeUnreachable) -> None:
        """Let some time pass after ``error``, or raise it when there was no answer for too long."""
        now = self._now()
        self._since = self._since or now
        if not error.retryable or now >= self._since + SILENCE_MAX:
            raise error
        await Sleep(next(self._pauses))
