"""What Scylla's REST API has for native restores."""

from typing import TypeVar

import msgspec

from scylla_restore.engine.cluster.calls import Calls, nothing, number, text

T = TypeVar("T")

_TTL = "/task_manager/user_ttl"


class NativeApi:
    """One method a call."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

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
        return self._calls.send("POST", "/storage_service/restore", text, query, body=body, repeatable=False)

    def user_ttl(self) -> int:
        """GET /task_manager/user_ttl: seconds."""
        return self._calls.get(_TTL, number)

    def set_user_ttl(self, seconds: int) -> None:
        """POST /task_manager/user_ttl."""
        self._calls.send("POST", _TTL, nothing, (("user_ttl", str(seconds)),))
