"""Scylla's REST API, through the agent. Only what a restore needs."""

import re
from typing import Literal, TypeVar

import msgspec

from scylla_restore.engine.cluster.calls import Calls, decoder, flag, nothing, text, texts
from scylla_restore.engine.cluster.http import path_of

T = TypeVar("T")

_WRITES_OF_SHARD = re.compile(
    rb'^scylla_database_total_writes\{(?:[^}\n]*,)?shard="(\d+)"', flags=re.MULTILINE
)

_BARRIER_TIMEOUT_S = 70.0
"""Scylla itself gives up after 60 seconds."""


class _Pair(msgspec.Struct, frozen=True):
    key: str
    value: str


class ScyllaApi:
    """One method a call."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def cluster_name(self) -> str:
        """GET /storage_service/cluster_name."""
        return self._calls.get("/storage_service/cluster_name", text)

    def release_version(self) -> str:
        """GET /storage_service/scylla_release_version."""
        return self._calls.get("/storage_service/scylla_release_version", text)

    def host_ids(self) -> dict[str, str]:
        """GET /storage_service/host_id: the host id of each member's address."""
        return {pair.key: pair.value for pair in self._calls.get("/storage_service/host_id", _pairs)}

    def datacenter(self, address: str) -> str:
        """GET /snitch/datacenter of a member."""
        return self._calls.get("/snitch/datacenter", text, ("host", address))

    def rack(self, address: str) -> str:
        """GET /snitch/rack of a member."""
        return self._calls.get("/snitch/rack", text, ("host", address))

    def live(self) -> tuple[str, ...]:
        """GET /gossiper/endpoint/live/: addresses that this node believes to be up."""
        return self._calls.get("/gossiper/endpoint/live/", texts)

    def joining(self) -> tuple[str, ...]:
        """GET /storage_service/nodes/joining: addresses."""
        return self._calls.get("/storage_service/nodes/joining", texts)

    def leaving(self) -> tuple[str, ...]:
        """GET /storage_service/nodes/leaving: addresses."""
        return self._calls.get("/storage_service/nodes/leaving", texts)

    def keyspaces(self, kind: Literal["all", "user", "non_local_strategy"]) -> tuple[str, ...]:
        """GET /storage_service/keyspaces of one type, vnode and tablet keyspaces alike."""
        return self._calls.get("/storage_service/keyspaces", texts, ("type", kind))

    def tables(self) -> tuple[str, ...]:
        """GET /column_family/name: all tables and views as ``<keyspace>:<table>``."""
        return self._calls.get("/column_family/name", texts)

    def shards(self) -> int:
        """GET /metrics?name=database_total_writes: the shards that count their writes.

        Raises:
            NodeRefused: there are none.
        """
        return self._calls.get("/metrics", _shards, ("name", "database_total_writes"))

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        """GET /column_family/autocompaction/<keyspace>:<table>."""
        return self._calls.get(path_of("column_family", "autocompaction", f"{keyspace}:{table}"), flag)

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        """POST or DELETE /column_family/autocompaction/<keyspace>:<table>: switch it on or off."""
        self._calls.send(
            "POST" if enabled else "DELETE",
            path_of("column_family", "autocompaction", f"{keyspace}:{table}"),
            nothing,
        )

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        """GET /storage_service/view_build_statuses/<keyspace>/<view>: a node's status by its address."""
        pairs = self._calls.get(path_of("storage_service", "view_build_statuses", keyspace, view), _pairs)
        return {pair.key: pair.value for pair in pairs}

    def read_barrier(self) -> None:
        """POST /raft/read_barrier, of the group that keeps the schema."""
        self._calls.send("POST", "/raft/read_barrier", nothing, timeout_s=_BARRIER_TIMEOUT_S)

    def load_and_stream(self, keyspace: str, table: str) -> None:
        """POST /storage_service/sstables/<keyspace>: load ``upload``, rows to primary replicas. Blocks; never repeated.

        Raises:
            LoadBusy: another load of this coordinator shard is running.
        """
        self._calls.send(
            "POST",
            path_of("storage_service", "sstables", keyspace),
            nothing,
            (("cf", table), ("load_and_stream", "true"), ("primary_replica_only", "true")),
            repeatable=False,
            timeout_s=self._calls.timeouts.load_s,
        )


_pairs = decoder(tuple[_Pair, ...])


def _shards(metrics: bytes) -> int:
    shards = set(_WRITES_OF_SHARD.findall(metrics))
    if not shards:
        raise ValueError("the metrics name no shards")
    return len(shards)
