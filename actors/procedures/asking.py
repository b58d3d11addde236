"""How procedures meet a node: calls on its gateway, patience with its silence, and its errors as failures."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from scylla_restore.actors.procedures.patience import PATIENCE, until_answered
from scylla_restore.actors.procedures.words import is_out_of_space
from scylla_restore.actors.runtime import Call
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.errors import JobUnknown, NodeError, NodeUnreachable
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure

T = TypeVar("T")


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


async def patiently(node: Node, perform: Callable[[NodeGateway], T], *, patience: timedelta = PATIENCE) -> T:
    """Make a repeatable call until there is an answer.

    Raises:
        NodeUnreachable: there was none for as long as ``patience``.
        NodeRefused: the node said no.
    """
    return await until_answered(lambda: node(perform), now=node.now, patience=patience)


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
