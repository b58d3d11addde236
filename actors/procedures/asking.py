"""How procedures meet a node: calls on its gateway, patience with its silence, and its errors as failures."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from scylla_restore.actors.procedures.words import is_out_of_space
from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.errors import JobUnknown, NodeError, NodeUnreachable
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure

T = TypeVar("T")

PATIENCE = timedelta(minutes=1)
"""How long a node that does not answer is asked again before that counts as a failure."""


class Node:
    """A node, to procedures: ``await node(lambda gateway: gateway.info())`` is one call.

    ``now`` is the runtime's time, ``report`` tells the supervisor.
    """

    def __init__(
        self,
        gateway: NodeGateway,
        *,
        address: str,
        now: Callable[[], datetime],
        report: Callable[[AnyEvent], None],
    ) -> None:
        self._gateway = gateway
        self.address = address
        self.now = now
        self.report = report

    def __call__(self, perform: Callable[[NodeGateway], T]) -> Call[NodeGateway, T]:
        """Return one call on the gateway, to be awaited."""
        return Call(self._gateway, perform)


def pauses(first_s: float, longest_s: float) -> Iterator[timedelta]:
    """Yield pauses without end, each twice the one before, none longer than ``longest_s`` seconds."""
    seconds = first_s
    while True:
        yield timedelta(seconds=seconds)
        seconds = min(2 * seconds, longest_s)


async def patiently(node: Node, perform: Callable[[NodeGateway], T], *, patience: timedelta = PATIENCE) -> T:
    """Make a repeatable call until there is an answer.

    Raises:
        NodeUnreachable: there was none for as long as ``patience``.
        NodeRefused: the node said no.
    """
    silent_since: datetime | None = None
    for pause in pauses(1, 15):
        try:
            return await node(perform)
        except NodeUnreachable as error:
            silent_since = silent_since or node.now()
            if not error.retryable or node.now() + pause > silent_since + patience:
                raise
        await Sleep(pause)
    raise AssertionError("pauses have no end")


def failure_of(error: NodeError) -> Failure:
    """Return a node's error as a failure in the node's own words."""
    match error:
        case NodeUnreachable():
            cause = Cause.UNREACHABLE
        case JobUnknown():
            cause = Cause.AGENT_RESTARTED
        case _ if is_out_of_space(error.message):
            cause = Cause.NO_SPACE
        case _:
            cause = Cause.REFUSED
    return Failure(cause=cause, message=error.message, node=error.node, call=error.call, hint=error.hint)
