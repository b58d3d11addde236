"""Scylla's REST API of one node, as far as a restore uses it."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from scylla_restore.engine.lab import scylla_tasks
from scylla_restore.engine.lab.answers import Answer, Request, scylla_error, scylla_json, scylla_void
from scylla_restore.engine.lab.cluster import REPLICATED_SYSTEM_KEYSPACES, SYSTEM_KEYSPACES, Cluster
from scylla_restore.engine.lab.faults import FaultKind
from scylla_restore.engine.lab.load import Loader, LoadOptions
from scylla_restore.engine.lab.loaded import LoadedFiles
from scylla_restore.engine.lab.native_api import PATH as NATIVE_RESTORE
from scylla_restore.engine.lab.native_api import NativeApi, missing_parameter
from scylla_restore.engine.lab.ring import describe_ring, tokens
from scylla_restore.engine.lab.sstables import LoadFailure
from scylla_restore.engine.lab.state import SYSTEM_TABLES, NodeSpec, Table

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
        loader: Loader,
        loaded: LoadedFiles,
        native: NativeApi,
        data: str,
        repair_s: float = 0.0,
    ) -> None:
        self._node = node
        self._cluster = cluster
        self._loader = loader
        self._loaded = loaded
        self._compaction_off: set[str] = set()
        self._tombstone_gc_off: set[str] = set()
        self._toggling = threading.Lock()
        self._native = native
        self._tasks = scylla_tasks.TaskApi(cluster, native.restores, node.address, repair_s)
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
            or (self._told(head, name) if request.method == "GET" else None)
            or self._tasks.answer(request.method, path, query, fails="failed-repair" in hits)
            or _NOT_FOUND
        )

    def _switches(self, method: str, head: str, name: str, query: Query) -> Answer | None:
        if head == "/column_family/autocompaction":
            return self._toggle(self._compaction_off, method, name, "Autocompaction toggle is busy")
        if head == "/column_family/tombstone_gc":
            return self._toggle(self._tombstone_gc_off, method, name, "Tombstone GC toggle is busy")
        if head in ("/storage_service/auto_compaction", "/storage_service/tombstone_gc"):
            return self._toggle_keyspace(head, method, name, query)
        return None

    def _fixed(self, path: str, query: Query) -> Callable[[], object] | None:
        cluster = self._cluster
        membership = cluster.membership
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
            "/gossiper/endpoint/live": lambda: [each for each in addresses if each not in membership.down],
            "/gossiper/endpoint/down": lambda: list(membership.down),
            "/storage_service/nodes/joining": lambda: list(membership.joining),
            "/storage_service/nodes/leaving": lambda: list(membership.leaving),
            "/storage_service/nodes/moving": list,
            "/storage_service/keyspaces": lambda: self._keyspaces(query),
            "/column_family/name": lambda: [
                *(f"{table.keyspace}:{table.table}" for table in cluster.tables),
                *SYSTEM_TABLES,
            ],
        }
        return answers.get(path)

    def _keyspaces(self, query: Query) -> list[str]:
        kind, replication = query.get("type", "all"), query.get("replication", "all")
        tables = self._cluster.tables
        with_tablets = {table.keyspace for table in tables if table.tablets}
        user = list(self._cluster.schema().keyspaces)
        system = {"user": (), "non_local_strategy": REPLICATED_SYSTEM_KEYSPACES}.get(kind, SYSTEM_KEYSPACES)
        found = [*user, *system]
        if replication == "tablets":
            return [keyspace for keyspace in found if keyspace in with_tablets]
        if replication == "vnodes":
            return [keyspace for keyspace in found if keyspace not in with_tablets]
        return found

    def _told(self, head: str, name: str) -> Answer | None:
        told: Answer | None = None
        if head == "/storage_service/tokens":
            node = self._cluster.node(name)
            told = scylla_json([str(token) for token in tokens(node)] if node else [])
        elif head == "/storage_service/describe_ring":
            told = scylla_json(describe_ring(self._cluster.nodes))
        elif head == "/column_family/metrics/total_disk_space_used":
            told = scylla_json(self._loaded.size(*_split(name)))
        elif head == "/v2/config" and name in self._config:
            told = scylla_json(self._config[name])
        elif head == "/v2/config":
            told = scylla_error(HTTPStatus.BAD_REQUEST, f"No such config entry: {name}")
        elif head.startswith("/storage_service/view_build_statuses/"):
            told = self._view_build(head.rpartition("/")[2], name)
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
        schema = self._cluster.schema()
        table = schema.find(keyspace, name)
        if table is not None:
            return table
        if keyspace not in schema.keyspaces:
            return scylla_error(HTTPStatus.BAD_REQUEST, f"Keyspace {keyspace} Does not exist")
        return scylla_error(
            HTTPStatus.BAD_REQUEST, f"Can't find a column family {name} in keyspace {keyspace}"
        )

    def _toggle(self, switched_off: set[str], method: str, name: str, busy: str) -> Answer:
        found = self._find(*_split(name))
        if isinstance(found, Answer) and name not in SYSTEM_TABLES:
            return found
        if method == "GET":
            return scylla_json(name not in switched_off)
        if not self._toggling.acquire(blocking=False):
            return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, busy)
        try:
            (switched_off.add if method == "DELETE" else switched_off.discard)(name)
        finally:
            self._toggling.release()
        return scylla_void()

    def _toggle_keyspace(self, head: str, method: str, keyspace: str, query: Query) -> Answer:
        switched_off = self._compaction_off if head.endswith("auto_compaction") else self._tombstone_gc_off
        asked = query["cf"].split(",") if query.get("cf") else None
        for table in self._cluster.tables:
            if table.keyspace == keyspace and (asked is None or table.table in asked):
                self._toggle(switched_off, method, f"{keyspace}:{table.table}", "busy")
        return scylla_void()

    def _view_build(self, keyspace: str, view: str) -> Answer:
        table = self._cluster.schema().find(keyspace, view)
        if table is None or not table.view_of:
            return scylla_json([])
        return scylla_json([{"key": node.address, "value": "SUCCESS"} for node in self._cluster.nodes])

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
