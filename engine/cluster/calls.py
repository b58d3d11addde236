"""Calls of an agent and of Scylla behind it, and what their answers are decoded with."""

from collections.abc import Callable
from typing import Final, Literal, TypeVar

import msgspec

from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import NodeClient, Request

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]


class Calls:
    """Makes calls with what most of them have in common."""

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        self.timeouts: Final = timeouts

    def get(
        self,
        path: str,
        decode: Callable[[bytes], T],
        *query: tuple[str, str],
        timeout_s: float | None = None,
    ) -> T:
        """Ask for something. Errors are those of ``send``."""
        return self.send("GET", path, decode, query, timeout_s=timeout_s)

    def send(
        self,
        method: Literal["GET", "POST", "DELETE"],
        path: str,
        decode: Callable[[bytes], T],
        query: Query = (),
        *,
        body: bytes | None = None,
        repeatable: bool = True,
        timeout_s: float | None = None,
    ) -> T:
        """Make a call and return its answer, decoded. One that may not have its effect twice is not ``repeatable``.

        Raises:
            NodeUnreachable: there is no answer.
            NodeRefused: the answer says no, or ``decode`` does not understand it.
        """
        request = Request(
            method=method,
            path=path,
            query=query,
            body=body,
            repeatable=repeatable,
            timeout_s=timeout_s or self.timeouts.request_s,
        )
        return self._client.send(request, decode)


def decoder(shape: type[T]) -> Callable[[bytes], T]:
    """Return what decodes an answer of this shape."""
    return msgspec.json.Decoder(shape).decode


text: Final = decoder(str)
texts: Final = decoder(tuple[str, ...])
number: Final = decoder(int)
flag: Final = decoder(bool)


def nothing(body: bytes) -> None:
    """Take an answer of which nothing is wanted."""
