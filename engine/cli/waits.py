"""What a run waits for, in words: nodes that rest, disks that are full, loads whose answer was lost."""

from typing import Final

from scylla_restore.engine.cli.output import at_text
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import run
from scylla_restore.events.model.batches import BatchReturned, LoadAnswerLost, LoadFailed, SSTablesLoaded
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.projections.words import in_words

MOST_LINES: Final = 6
_MOST_WORDS: Final = 200


class Waits:
    """A fold of what stands in a run's way at the moment. Its lines change only when something else does."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeSuspended | NodeWaitingForSpace] = {}
        self._loads: dict[int, LoadAnswerLost] = {}

    def apply(self, envelope: Envelope) -> None:
        """Take in one event."""
        match envelope.event:
            case NodeSuspended() | NodeWaitingForSpace() as wait:
                self._nodes[wait.node] = wait
            case NodeReadmitted(node=node):
                self._nodes.pop(node, None)
            case LoadAnswerLost() as lost:
                self._loads[lost.batch] = lost
            case SSTablesLoaded(batch=batch) | LoadFailed(batch=batch) | BatchReturned(batch=batch):
                self._loads.pop(batch, None)
            case (
                run.OwnerChanged() | run.RunPaused() | run.RunFailed() | run.RunAborted() | run.RunCompleted()
            ):
                self._nodes.clear()
                self._loads.clear()
            case _:
                pass

    def lines(self) -> tuple[str, ...]:
        """Return a line for each thing that is waited for; of many, the first ones and a count of the others."""
        # Copies: in an engine's process events come from another thread.
        lines = [_node(wait) for wait in dict(self._nodes).values()]
        lines += [_load(lost) for lost in dict(self._loads).values()]
        if len(lines) > MOST_LINES:
            lines[MOST_LINES - 1 :] = [f"… and {len(lines) - MOST_LINES + 1} more to wait for"]
        return tuple(lines)


def _node(wait: NodeSuspended | NodeWaitingForSpace) -> str:
    again = f"asked again at {at_text(wait.until)}"
    if isinstance(wait, NodeWaitingForSpace):
        return f"{wait.node} has no space for its next batch, {again}: {_words(wait.failure)}"
    return f"{wait.node} is suspended, {again}: {_words(wait.failure)}"


def _load(lost: LoadAnswerLost) -> str:
    return (
        f"{lost.node}: no final answer to the load of batch {lost.batch} yet, it is asked for again: "
        f"{_words(lost.failure)}"
    )


def _words(failure: Failure) -> str:
    words = " ".join(in_words(failure).split())
    return words if len(words) <= _MOST_WORDS else words[: _MOST_WORDS - 1] + "…"
