"""Scylla's repairs, native restores and task manager, as far as a restore uses them."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from scylla_restore.engine.lab.answers import Answer, scylla_error, scylla_json, scylla_void
from scylla_restore.engine.lab.cluster import Cluster
from scylla_restore.engine.lab.native import MODULE, NativeRestores
from scylla_restore.engine.lab.repairs import RepairTask, RunningRepair, Work
from scylla_restore.engine.lab.side import ScyllaSide
from scylla_restore.engine.lab.tasks import Task, TaskStatus

_BARRIER_TIMEOUT_S = 60.0
_STATES = {"running": "RUNNING", "done": "SUCCESSFUL", "failed": "FAILED"}

Query = Mapping[str, str]


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a list, with fewer fields than when it is asked for."""

    task_id: str
    state: str
    type: str
    kind: str
    scope: str
    keyspace: str
    table: str
    entity: str
    sequence_number: int
    shard: int
    start_time: str
    end_time: str


class TaskApi:
    """Answers paths of repairs and tasks for the node at ``address``; repairs take ``repair_s`` seconds."""

    def __init__(
        self,
        cluster: Cluster,
        side: ScyllaSide,
        natives: NativeRestores,
        address: str = "",
        repair_s: float = 0.0,
    ) -> None:
        self._cluster = cluster
        self._side = side
        self._natives = natives
        self._address = address
        self._repair_s = repair_s
        self._ttl_s = 0

    def answer(self, method: str, path: str, query: Query, *, fails: bool = False) -> Answer | None:
        """Answer one request, or return None where the path is none of these; ``fails`` is a fault."""
        head, _, name = path.rpartition("/")
        if head == "/task_manager":
            return self._own_ttl(method, name, query)
        if head == "/task_manager/list_module_tasks":
            return self._list(name)
        if head in (
            "/task_manager/wait_task",
            "/task_manager/task_status",
            "/task_manager/task_status_recursive",
        ):
            return self._status(head, name, query)
        if head == "/task_manager/abort_task":
            return self._abort(name)
        if method == "GET" and path == "/storage_service/repair_status":
            return self._repair_status(query)
        return self._begin(path, query, fails=fails) if method == "POST" else None

    def _begin(self, path: str, query: Query, *, fails: bool) -> Answer | None:
        head, _, name = path.rpartition("/")
        if head == "/storage_service/repair_async":
            real = self._side.repair(name, query.get("columnFamilies", ""), query.get("ranges", ""))
            return scylla_json(self._start(name, query.get("columnFamilies", ""), real, fails=fails).number)
        if path == "/storage_service/tablets/repair":
            return self._begin_tablets(query.get("ks", ""), query.get("table", ""), fails=fails)
        if path == "/raft/read_barrier":
            self._side.wait_for_schema(_seconds(query) or _BARRIER_TIMEOUT_S)
            return scylla_void()
        if path == "/storage_service/tablets/balancing":
            return scylla_void()
        if path == "/storage_service/force_terminate_repair":
            for work in self._cluster.repairs.running(node=self._address):
                self._cluster.repairs.abort(work)
            return scylla_void()
        return None

    def _begin_tablets(self, keyspace: str, table: str, *, fails: bool) -> Answer:
        for running in self._cluster.repairs.running(node=None):
            if (running.keyspace, running.table) == (keyspace, table):
                message = f"Tablets of {keyspace}.{table} are under repair by task {running.id}"
                return scylla_error(HTTPStatus.INTERNAL_SERVER_ERROR, message)
        real = self._side.repair(keyspace, table, "")
        work = self._start(keyspace, table, real, fails=fails, tablets=True)
        return scylla_json({"tablet_task_id": work.id})

    def _start(
        self, keyspace: str, table: str, real: RunningRepair | None, *, fails: bool, tablets: bool = False
    ) -> Work:
        return self._cluster.repairs.begin(
            node=self._address,
            keyspace=keyspace,
            table=table,
            tablets=tablets,
            seconds=self._repair_s,
            fails=fails,
            real=real,
        )

    def _list(self, module: str) -> Answer:
        repairs = self._cluster.repairs
        if module == MODULE:
            return scylla_json([_listed(status) for status in self._natives.tasks()])
        if module not in ("repair", "tablets"):
            return scylla_json([])
        running = repairs.running(node=self._address if module == "repair" else None)
        return scylla_json([_listed(repairs.status(work)) for work in running])

    def _own_ttl(self, method: str, name: str, query: Query) -> Answer | None:
        if name not in ("user_ttl", "ttl"):
            return None
        before = self._natives.user_ttl_s if name == "user_ttl" else self._ttl_s
        if method == "POST":
            seconds = int(query.get(name, before))
            if name == "user_ttl":
                self._natives.user_ttl_s = seconds
            else:
                self._ttl_s = seconds
        return scylla_json(before)

    def _status(self, head: str, task_id: str, query: Query) -> Answer:
        task = self._task(task_id)
        if task is None:
            return _unknown_task(task_id)
        if head.endswith("wait_task") and not task.wait(_seconds(query)):
            return scylla_error(HTTPStatus.REQUEST_TIMEOUT, f"task {task_id} has not ended in time")
        if self._natives.is_dead:
            return Answer(status=HTTPStatus.BAD_GATEWAY)
        status = task.status()
        return scylla_json([status] if head.endswith("recursive") else status)

    def _abort(self, task_id: str) -> Answer:
        task = self._task(task_id)
        if task is None:
            return _unknown_task(task_id)
        task.abort()
        return scylla_void()

    def _task(self, task_id: str) -> Task | None:
        work = self._cluster.repairs.work(task_id)
        return self._natives.task(task_id) if work is None else RepairTask(self._cluster.repairs, work)

    def _repair_status(self, query: Query) -> Answer:
        number = query.get("id", "")
        repairs = self._cluster.repairs
        work = repairs.numbered(self._address, int(number)) if number.isdigit() else None
        if work is None:
            return scylla_error(HTTPStatus.BAD_REQUEST, f"unknown repair id {number}")
        repairs.wait(work, _seconds(query))
        return scylla_json(_STATES[repairs.state(work)])


def _seconds(query: Query) -> float | None:
    return float(query["timeout"]) if query.get("timeout", "").isdigit() else None


def _listed(status: TaskStatus) -> _Listed:
    fields = msgspec.structs.asdict(status)
    return _Listed(task_id=status.id, **{name: fields[name] for name in _Listed.__struct_fields__[1:]})


def _unknown_task(task_id: str) -> Answer:
    return scylla_error(HTTPStatus.BAD_REQUEST, f"task with id {task_id} not found")
