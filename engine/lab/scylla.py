"""Scylla's REST API of one node, as far as a restore uses it."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from scylla_restore.engine.lab import scylla_tasks
from scylla_restore.engine.lab.answers import Answer, Request, scylla_error, scylla_json, scylla_void
from scylla_restore.engine.lab.cluster import Cluster
from scylla_restore.engine.lab.faults import FaultKind
from scylla_restore.engine.lab.load import Loader, LoadOptions
from scylla_restore.engine.lab.native_api import PATH as NATIVE_RESTORE
from scylla_restore.engine.lab.native_api import NativeApi, missing_parameter
from scylla_restore.engine.lab.side import ScyllaSide, SideFailure
from scylla_restore.engine.lab.sstables import LoadFailure
from scylla_restore.engine.lab.state import NodeSpec, Table

_NOT_FOUND = scylla_error(HTTPStatus.NOT_FOUND, "Not found")
_SHARD_MEMORY = 1 << 30
Query = Mapping[str, str]


class ScyllaApi:
    """Answers Scylla's paths for one node; one life of the node."""

    def __init__(
        self,
        node: NodeSpec,
        cluster: Cluster,
        *,
        side: ScyllaSide,
        loader: Loader,
        native: NativeApi,
        data: str,
        repair_s: float = 0.0,
    ) -> None:
        self._node = node
        self._cluster = cluster
        self._loader = loader
        self._side = side
        self._tombstone_gc_off: set[str] = set()
        self._toggling = threading.Lock()
        self._native = native
        self._tasks = scylla_tasks.TaskApi(cluster, side, native.restores, node.address, repair_s)
        self._config: dict[str, object] = {
            "listen_address": node.address,
            "rpc_address": node.address,
            "broadcast_rpc_address": node.address,
            "prometheus_address": node.address,
            "prometheus_port": 9180,
            "data_file_directories": [data],
        }
        configured = native.storage.configured()
        if configured is not None:
            self._config["object_storage_endpoints"] = configured

    def answer(self, request: Request, hits: frozenset[FaultKind] = frozenset()) -> Answer:
        """Answer one request; ``hits`` are the faults that it meets."""
        try:
            return self._answer(request, hits)
        except SideFailure as failure:
            return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, str(failure))

    def _answer(self, request: Request, hits: frozenset[FaultKind]) -> Answer:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        path = request.path.rstrip("/")
        fixed = self._fixed(path, query) if request.method == "GET" else None
        if fixed is not None:
            return scylla_json(fixed())
        head, _, name = path.rpartition("/")
        if head == "/storage_service/sstables" and request.method == "POST":
            return self._load(name, query, slow="slow" in hits)
        if path == NATIVE_RESTORE and request.method == "POST":
            return self._restore(query, request.body, hits)
        return (
            self._switches(request.method, head, name, query)
            or (self._told(head, name, query) if request.method == "GET" else None)
            or self._tasks.answer(request.method, path, query, fails="failed-repair" in hits)
            or _NOT_FOUND
        )

    def _switches(self, method: str, head: str, name: str, query: Query) -> Answer | None:
        if head in ("/column_family/autocompaction", "/column_family/tombstone_gc"):
            return self._toggle(head, method, name)
        if head in ("/storage_service/auto_compaction", "/storage_service/tombstone_gc"):
            return self._toggle_keyspace(head, method, name, query)
        return None

    def _fixed(self, path: str, query: Query) -> Callable[[], object] | None:
        cluster, side = self._cluster, self._side
        addresses = [node.address for node in cluster.nodes]
        known = cluster.node(query.get("host", self._node.address)) or self._node
        answers: dict[str, Callable[[], object]] = {
            "/storage_service/cluster_name": lambda: cluster.name,
            "/storage_service/host_id": lambda: [
                {"key": node.address, "value": node.host_id} for node in cluster.nodes
            ],
            "/storage_service/scylla_release_version": lambda: (
                self._node.scylla_version or cluster.scylla_version
            ),
            "/snitch/datacenter": lambda: known.dc,
            "/snitch/rack": lambda: known.rack,
            "/gossiper/endpoint/live": lambda: [
                each for each in addresses if each not in side.membership().down
            ],
            "/gossiper/endpoint/down": lambda: list(side.membership().down),
            "/storage_service/nodes/joining": lambda: list(side.membership().joining),
            "/storage_service/nodes/leaving": lambda: list(side.membership().leaving),
            "/storage_service/nodes/moving": list,
            "/storage_service/keyspaces": lambda: self._keyspaces(query),
            "/column_family/name": lambda: [
                *(f"{table.keyspace}:{table.table}" for table in side.tables()),
                *side.system_tables(),
            ],
        }
        return answers.get(path)

    def _keyspaces(self, query: Query) -> list[str]:
        replication = query.get("replication", "all")
        found = self._side.keyspaces(query.get("type", "all"))
        with_tablets = self._side.tablet_keyspaces()
        if replication == "tablets":
            return [keyspace for keyspace in found if keyspace in with_tablets]
        if replication == "vnodes":
            return [keyspace for keyspace in found if keyspace not in with_tablets]
        return found

    def _told(self, head: str, name: str, query: Query) -> Answer | None:
        told: Answer | None = None
        if head == "/storage_service/tokens":
            told = scylla_json([str(token) for token in self._side.tokens(name)])
        elif head == "/storage_service/describe_ring":
            told = scylla_json(self._side.ring(name, query.get("table", "")))
        elif head == "/column_family/metrics/total_disk_space_used":
            told = scylla_json(self._side.disk_space(*_split(name)))
        elif head == "/v2/config" and name in self._config:
            told = scylla_json(self._config[name])
        elif head == "/v2/config":
            told = scylla_error(HTTPStatus.BAD_REQUEST, f"No such config entry: {name}")
        elif head.startswith("/storage_service/view_build_statuses/"):
            statuses = self._side.view_build(head.rpartition("/")[2], name)
            told = scylla_json([{"key": key, "value": value} for key, value in statuses.items()])
        elif (head, name) == ("", "metrics"):
            told = Answer(body=self._metrics().encode(), content_type="text/plain; version=0.0.4")
        return told

    def _load(self, keyspace: str, query: Query, *, slow: bool) -> Answer:
        if "cf" not in query:
            return scylla_error(HTTPStatus.BAD_REQUEST, "Missing mandatory parameter 'cf'")
        stream = _says_yes(query.get("load_and_stream"))
        scope = query.get("scope", "all")
        if scope != "all" and not stream:
            return scylla_error(HTTPStatus.BAD_REQUEST, "scope takes no effect without load-and-stream")
        table = self._find(keyspace, query["cf"])
        if isinstance(table, Answer):
            return table
        options = LoadOptions(
            stream=stream,
            primary_replica_only=_says_yes(query.get("primary_replica_only")),
            skip_cleanup=query.get("skip_cleanup") in ("true", "1"),
            skip_reshape=query.get("skip_reshape") in ("true", "1"),
            scope=scope,
            slow=slow,
        )
        try:
            self._loader.load(table, options)
        except LoadFailure as failure:
            message = f"Failed to load new sstables: {failure}"
            return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, message)
        return scylla_void()

    def _restore(self, query: Query, body: bytes, hits: frozenset[FaultKind]) -> Answer:
        refused = missing_parameter(query)
        if refused is not None:
            return refused
        table = self._find(query["keyspace"], query["table"])
        if isinstance(table, Answer):
            return table
        return self._native.begin(table, query, body, hits)

    def _find(self, keyspace: str, name: str) -> Table | Answer:
        table = self._side.find(keyspace, name)
        if table is not None:
            return table
        if keyspace not in self._side.keyspaces("user"):
            return scylla_error(HTTPStatus.BAD_REQUEST, f"Keyspace {keyspace} Does not exist")
        return scylla_error(
            HTTPStatus.BAD_REQUEST, f"Can't find a column family {name} in keyspace {keyspace}"
        )

    def _toggle(self, head: str, method: str, name: str) -> Answer:
        if name in self._side.system_tables():
            return scylla_json(True) if method == "GET" else scylla_void()
        found = self._find(*_split(name))
        if isinstance(found, Answer):
            return found
        of_compaction = head.endswith("autocompaction")
        if method == "GET":
            on = self._side.compacts(found) if of_compaction else name not in self._tombstone_gc_off
            return scylla_json(on)
        if not self._toggling.acquire(blocking=False):
            what = "Autocompaction" if of_compaction else "Tombstone GC"
            return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, f"{what} toggle is busy")
        try:
            self._switch(found, of_compaction=of_compaction, on=method != "DELETE")
        finally:
            self._toggling.release()
        return scylla_void()

    def _toggle_keyspace(self, head: str, method: str, keyspace: str, query: Query) -> Answer:
        asked = query["cf"].split(",") if query.get("cf") else None
        with self._toggling:
            for table in self._side.tables():
                if table.keyspace == keyspace and (asked is None or table.table in asked):
                    self._switch(table, of_compaction=head.endswith("auto_compaction"), on=method != "DELETE")
        return scylla_void()

    def _switch(self, table: Table, *, of_compaction: bool, on: bool) -> None:
        name = f"{table.keyspace}:{table.table}"
        if of_compaction:
            self._side.set_compaction(table, on=on)
        else:
            (self._tombstone_gc_off.discard if on else self._tombstone_gc_off.add)(name)

    def _metrics(self) -> str:
        lines: list[str] = []
        for name, kind, value in (
            ("scylla_database_total_writes", "counter", 0),
            ("scylla_memory_total_memory", "gauge", _SHARD_MEMORY),
        ):
            lines += [f"# HELP {name} x", f"# TYPE {name} {kind}"]
            lines += [f'{name}{{shard="{shard}"}} {value}' for shard in range(self._node.shards)]
        return "\n".join(lines) + "\n"


def _split(name: str) -> tuple[str, str]:
    keyspace, _, table = name.partition(":")
    return keyspace, table


def _says_yes(value: str | None) -> bool:
    return (value or "").lower() in ("true", "1")
