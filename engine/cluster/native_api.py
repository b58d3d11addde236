"""What Scylla's REST API has for native restores."""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import NodeClient, Request

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]

_TTL = "/task_manager/user_ttl"


class NativeApi:
    """One method a call."""

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts

    def start(
        self,
        *,
        endpoint: str,
        bucket: str,
        prefix: str,
        keyspace: str,
        table: str,
        sstables: tuple[str, ...],
    ) -> str:
        """POST /storage_service/restore, rows to primary replicas: the task's id. Never repeated by itself."""
        query = (
            ("endpoint", endpoint),
            ("bucket", bucket),
            ("prefix", prefix.strip("/")),
            ("keyspace", keyspace),
            ("table", table),
            ("scope", "all"),
            ("primary_replica_only", "true"),
        )
        body = msgspec.json.encode(sstables)
        return self._call("POST", "/storage_service/restore", _text, query, body=body, repeatable=False)

    def user_ttl(self) -> int:
        """GET /task_manager/user_ttl: seconds."""
        return self._call("GET", _TTL, _number)

    def set_user_ttl(self, seconds: int) -> None:
        """POST /task_manager/user_ttl."""
        self._call("POST", _TTL, _nothing, (("user_ttl", str(seconds)),))

    def _call(
        self,
        method: Literal["GET", "POST"],
        path: str,
        decode: Callable[[bytes], T],
        query: Query = (),
        *,
        body: bytes | None = None,
        repeatable: bool = True,
    ) -> T:
        request = Request(
            method=method,
            path=path,
            query=query,
            body=body,
            repeatable=repeatable,
            timeout_s=self._timeouts.request_s,
        )
        return self._client.send(request, decode)


_text = msgspec.json.Decoder(str).decode
_number = msgspec.json.Decoder(int).decode


def _nothing(body: bytes) -> None:
    """Take an answer of which nothing is wanted: it is what was set before."""
