"""What a run waits for, in words: nodes that rest, disks that are full, answers that do not come."""

from typing import Final

from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.units import count_text
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.batches import LoadAnswerLost
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.projections import waits
from scylla_restore.events.projections.waits import Rest, WaitsState
from scylla_restore.events.projections.words import in_words

MOST_LINES: Final = 6
_MOST_WORDS: Final = 200


class Waits:
    """What stands in a run's way at the moment, from ``state`` on. Its lines change only when something else does."""

    def __init__(self, state: WaitsState | None = None) -> None:
        self._state = state or WaitsState()

    def apply(self, envelope: Envelope) -> None:
        """Take in one event."""
        waits.apply(self._state, envelope)

    def lines(self) -> tuple[str, ...]:
        """Return a line for each thing that is waited for; of many, the first ones and a count of the others."""
        # Copies: in an engine's process events come from another thread.
        lines = [_node(rest) for rest in dict(self._state.rests).values()]
        lines += [_load(lost) for lost in dict(self._state.loads).values()]
        lines += [_location(*each) for each in dict(self._state.locations).items()]
        if (failure := self._state.schema) is not None:
            lines.append(f"nobody answers for the schema, it is asked again and again: {_words(failure)}")
        if len(lines) > MOST_LINES:
            lines[MOST_LINES - 1 :] = [f"… and {len(lines) - MOST_LINES + 1} more to wait for"]
        return tuple(lines)


def _node(rest: Rest) -> str:
    again = f"asked again at {at_text(rest.until)}"
    if rest.is_full:
        return f"{rest.node} has no space for its next batch, {again}: {_words(rest.failure)}"
    return f"{rest.node} is suspended, {again}: {_words(rest.failure)}"


def _location(location: str, retries: int) -> str:
    again = "had to be made again so far"
    return f"{location} is busy, or does not answer at times: {count_text(retries, 'request')} {again}"


def _load(lost: LoadAnswerLost) -> str:
    return (
        f"{lost.node}: no final answer to the load of batch {lost.batch} yet, it is asked for again: "
        f"{_words(lost.failure)}"
    )


def _words(failure: Failure) -> str:
    words = " ".join(in_words(failure).split())
    return words if len(words) <= _MOST_WORDS else words[: _MOST_WORDS - 1] + "…"
