"""Scylla's repairs and its task manager, as far as a restore uses them."""

from collections.abc import Mapping
from http import HTTPStatus

from scylla_restore.engine.lab.answers import Answer, scylla_error, scylla_json, scylla_void
from scylla_restore.engine.lab.cluster import Cluster

_DEFAULT_USER_TTL_S = 3600


class TaskApi:
    """Answers paths of repairs and tasks for one node."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ttl = {"user_ttl": _DEFAULT_USER_TTL_S, "ttl": 0}

    def answer(self, method: str, path: str, query: Mapping[str, str]) -> Answer | None:
        """Answer one request, or return None where the path is none of these."""
        head, _, name = path.rpartition("/")
        if head == "/task_manager":
            return self._own_ttl(method, name, query)
        if head == "/task_manager/list_module_tasks":
            return scylla_json([])
        if head in (
            "/task_manager/wait_task",
            "/task_manager/task_status",
            "/task_manager/task_status_recursive",
        ):
            return self._status(name, many=head.endswith("recursive"))
        if head == "/task_manager/abort_task":
            known = self._cluster.task(name) is not None
            return scylla_void() if known else _unknown_task(name)
        if method == "GET" and path == "/storage_service/repair_status":
            return self._repair_status(query)
        return self._begin(path, query) if method == "POST" else None

    def _begin(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path.startswith("/storage_service/repair_async/"):
            return scylla_json(self._cluster.start_repair())
        if path == "/storage_service/tablets/repair":
            task = self._cluster.start_task("user_repair", query.get("ks", ""), query.get("table", ""))
            return scylla_json({"tablet_task_id": task})
        if path in ("/raft/read_barrier", "/storage_service/tablets/balancing"):
            return scylla_void()
        if path == "/storage_service/force_terminate_repair":
            return scylla_void()
        return None

    def _own_ttl(self, method: str, name: str, query: Mapping[str, str]) -> Answer | None:
        if name not in self._ttl:
            return None
        before = self._ttl[name]
        if method == "POST":
            self._ttl[name] = int(query.get(name, before))
        return scylla_json(before)

    def _status(self, task_id: str, *, many: bool) -> Answer:
        status = self._cluster.task(task_id)
        if status is None:
            return _unknown_task(task_id)
        return scylla_json([status] if many else status)

    def _repair_status(self, query: Mapping[str, str]) -> Answer:
        repair = query.get("id", "")
        if not repair.isdigit() or not self._cluster.knows_repair(int(repair)):
            return scylla_error(HTTPStatus.BAD_REQUEST, f"unknown repair id {repair}")
        return scylla_json("SUCCESSFUL")


def _unknown_task(task_id: str) -> Answer:
    return scylla_error(HTTPStatus.BAD_REQUEST, f"task with id {task_id} not found")
