"""Scylla's REST API, through the agent. Only what a restore needs."""

import re
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import NodeClient, Request, path_of

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

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts

    def cluster_name(self) -> str:
        """GET /storage_service/cluster_name."""
        return self._get("/storage_service/cluster_name", _text)

    def release_version(self) -> str:
        """GET /storage_service/scylla_release_version."""
        return self._get("/storage_service/scylla_release_version", _text)

    def host_ids(self) -> dict[str, str]:
        """GET /storage_service/host_id: the host id of each member's address."""
        return {pair.key: pair.value for pair in self._get("/storage_service/host_id", _pairs)}

    def datacenter(self, address: str) -> str:
        """GET /snitch/datacenter of a member."""
        return self._get("/snitch/datacenter", _text, ("host", address))

    def rack(self, address: str) -> str:
        """GET /snitch/rack of a member."""
        return self._get("/snitch/rack", _text, ("host", address))

    def live(self) -> tuple[str, ...]:
        """GET /gossiper/endpoint/live/: addresses that this node believes to be up."""
        return self._get("/gossiper/endpoint/live/", _texts)

    def joining(self) -> tuple[str, ...]:
        """GET /storage_service/nodes/joining: addresses."""
        return self._get("/storage_service/nodes/joining", _texts)

    def leaving(self) -> tuple[str, ...]:
        """GET /storage_service/nodes/leaving: addresses."""
        return self._get("/storage_service/nodes/leaving", _texts)

    def keyspaces(self, kind: Literal["all", "user", "non_local_strategy"]) -> tuple[str, ...]:
        """GET /storage_service/keyspaces of one type, vnode and tablet keyspaces alike."""
        return self._get("/storage_service/keyspaces", _texts, ("type", kind))

    def tables(self) -> tuple[str, ...]:
        """GET /column_family/name: all tables and views as ``<keyspace>:<table>``."""
        return self._get("/column_family/name", _texts)

    def shards(self) -> int:
        """GET /metrics?name=database_total_writes: the shards that count their writes.

        Raises:
            NodeRefused: there are none.
        """
        return self._get("/metrics", _shards, ("name", "database_total_writes"))

    def auto_compaction(self, keyspace: str, table: str) -> bool:
        """GET /column_family/autocompaction/<keyspace>:<table>."""
        return self._get(path_of("column_family", "autocompaction", f"{keyspace}:{table}"), _flag)

    def set_auto_compaction(self, keyspace: str, table: str, *, enabled: bool) -> None:
        """POST or DELETE /column_family/autocompaction/<keyspace>:<table>: switch it on or off."""
        self._client.send(
            Request(
                method="POST" if enabled else "DELETE",
                path=path_of("column_family", "autocompaction", f"{keyspace}:{table}"),
                repeatable=True,
                timeout_s=self._timeouts.request_s,
            ),
            _nothing,
        )

    def view_builds(self, keyspace: str, view: str) -> dict[str, str]:
        """GET /storage_service/view_build_statuses/<keyspace>/<view>: a node's status by its address."""
        pairs = self._get(path_of("storage_service", "view_build_statuses", keyspace, view), _pairs)
        return {pair.key: pair.value for pair in pairs}

    def read_barrier(self) -> None:
        """POST /raft/read_barrier, of the group that keeps the schema."""
        request = Request(
            method="POST", path="/raft/read_barrier", repeatable=True, timeout_s=_BARRIER_TIMEOUT_S
        )
        self._client.send(request, _nothing)

    def load_and_stream(self, keyspace: str, table: str) -> None:
        """POST /storage_service/sstables/<keyspace>: load ``upload``, rows to primary replicas. Blocks; never repeated.

        Raises:
            LoadBusy: another load of this coordinator shard is running.
        """
        self._client.send(
            Request(
                method="POST",
                path=path_of("storage_service", "sstables", keyspace),
                query=(("cf", table), ("load_and_stream", "true"), ("primary_replica_only", "true")),
                timeout_s=self._timeouts.load_s,
            ),
            _nothing,
        )

    def _get(self, path: str, decode: Callable[[bytes], T], *query: tuple[str, str]) -> T:
        return self._client.send(
            Request(
                method="GET", path=path, query=query, repeatable=True, timeout_s=self._timeouts.request_s
            ),
            decode,
        )


_text = msgspec.json.Decoder(str).decode
_texts = msgspec.json.Decoder(tuple[str, ...]).decode
_flag = msgspec.json.Decoder(bool).decode
_pairs = msgspec.json.Decoder(tuple[_Pair, ...]).decode


def _nothing(body: bytes) -> None:
    """Take an answer without content."""


def _shards(metrics: bytes) -> int:
    shards = set(_WRITES_OF_SHARD.findall(metrics))
    if not shards:
        raise ValueError("the metrics name no shards")
    return len(shards)
