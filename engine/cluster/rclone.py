"""Calls of the rclone inside an agent: how they are made, whatever they ask for."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec

from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import MIB, NodeClient, Request
from scylla_restore.engine.cluster.paths import checked, checked_below_table
from scylla_restore.engine.errors import NodeRefused

T = TypeVar("T")
JsonValue = str | int | bool | tuple[str, ...] | Mapping[str, bool]

_LONGEST_BODY_BYTES: Final = MIB
"""The agent cuts longer ones and then fails to read them."""
_CLIENT_ERROR: Final = 400
_encoder: Final = msgspec.json.Encoder()


class Rclone:
    """Makes calls, which are named as rclone names them: ``operations/purge``."""

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        self.timeouts: Final = timeouts

    @property
    def node(self) -> str:
        """The node's address, as errors name it."""
        return self._client.node

    def call(
        self,
        name: str,
        parameters: Mapping[str, JsonValue],
        decode: Callable[[bytes], T],
        *,
        repeatable: bool = False,
        asynchronous: bool = False,
        wait_s: int = 0,
    ) -> T:
        """Make a call and return its answer, decoded; ``wait_s`` is for how long the agent may hold it back.

        Raises:
            NodeRefused: the agent says no, or could not read so many parameters.
            NodeUnreachable: there is no answer.
        """
        body = encoded(parameters)
        request = Request(
            method="POST",
            path=path_of_call(name),
            query=(("_async", "true"),) if asynchronous else (),
            body=body,
            repeatable=repeatable,
            timeout_s=self.timeouts.request_s + wait_s,
        )
        if len(body) > _LONGEST_BODY_BYTES:
            raise NodeRefused(
                f"node {self.node} was not asked for {request.name}: "
                f"{len(body)} bytes of names are more than an agent reads",
                node=self.node,
                call=request.name,
                status=_CLIENT_ERROR,
            )
        return self._client.send(request, decode)

    def checked(self, path: str, *, call: str) -> str:
        """Return a path that a call may be given.

        Raises:
            NodeRefused: it leads elsewhere; nothing was sent.
        """
        return checked(path, node=self.node, call=f"POST {path_of_call(call)}")

    def checked_below_table(self, path: str, *, call: str) -> str:
        """Return a path that a call may be given which alters what is there.

        Raises:
            NodeRefused: it leads elsewhere, or is not below a table's directory; nothing was sent.
        """
        return checked_below_table(path, node=self.node, call=f"POST {path_of_call(call)}")

    def send(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Make a call that has limits of its own."""
        return self._client.send(request, decode)


def path_of_call(name: str) -> str:
    """Return the path of a call of rclone's."""
    return f"/agent/rclone/{name}"


def encoded(parameters: Mapping[str, JsonValue]) -> bytes:
    """Return parameters as the body of a request."""
    return _encoder.encode(parameters)
