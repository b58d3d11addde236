"""What Scylla's REST API has for repairs: the ring, the tables' sizes, repairs by vnodes and tablets, and its tasks."""

from http import HTTPStatus
from typing import TypeVar

import msgspec

from scylla_restore.engine.cluster.calls import Calls, Query, decoder, nothing, number, text, texts
from scylla_restore.engine.cluster.http import path_of
from scylla_restore.engine.cluster.port import RingRange, ScyllaTask, TaskStatus
from scylla_restore.engine.errors import NodeRefused

T = TypeVar("T")

_RING_TIMEOUT_S = 300.0
"""A ring of many vnodes takes minutes to describe."""


class _Range(msgspec.Struct, frozen=True):
    start_token: str
    end_token: str
    endpoints: tuple[str, ...]


class _Listed(msgspec.Struct, frozen=True):
    task_id: str
    type: str = ""
    state: str = ""
    keyspace: str = ""
    table: str = ""
    sequence_number: int = 0


class _Status(msgspec.Struct, frozen=True):
    state: str
    error: str = ""
    progress_completed: float = 0.0
    progress_total: float = 0.0


class _Begun(msgspec.Struct, frozen=True):
    tablet_task_id: str


class RepairApi:
    """One method a call."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def tablet_keyspaces(self) -> tuple[str, ...]:
        """GET /storage_service/keyspaces?replication=tablets. A Scylla that has none does not know the question."""
        on_tablets = self._keyspaces_on("tablets")
        others = self._keyspaces_on("vnodes")
        # an older Scylla ignores what it does not know, and names all keyspaces both times
        return () if set(on_tablets) & set(others) else on_tablets

    def ring(self, keyspace: str) -> tuple[RingRange, ...]:
        """GET /storage_service/describe_ring/<keyspace>."""
        path = path_of("storage_service", "describe_ring", keyspace)
        found = self._calls.get(path, _ranges, timeout_s=_RING_TIMEOUT_S)
        return tuple(
            RingRange(start=each.start_token, end=each.end_token, replicas=each.endpoints) for each in found
        )

    def table_size(self, keyspace: str, table: str) -> int:
        """GET /column_family/metrics/total_disk_space_used/<keyspace>:<table>."""
        path = path_of("column_family", "metrics", "total_disk_space_used", f"{keyspace}:{table}")
        return self._calls.get(path, number)

    def start_repair(self, keyspace: str, table: str, ranges: tuple[tuple[str, str], ...]) -> int:
        """POST /storage_service/repair_async/<keyspace>. Never repeated by itself."""
        how = (
            ("ranges", ",".join(f"{start}:{end}" for start, end in ranges))
            if ranges
            else ("small_table_optimization", "true")
        )
        path = path_of("storage_service", "repair_async", keyspace)
        return self._calls.send("POST", path, number, (("columnFamilies", table), how), repeatable=False)

    def repair_state(self, repair: int, *, wait_s: int) -> str:
        """GET /storage_service/repair_status, a long poll."""
        query = (("id", str(repair)), ("timeout", str(wait_s)))
        return self._calls.send(
            "GET",
            "/storage_service/repair_status",
            text,
            query,
            repeatable=False,
            timeout_s=self._calls.timeouts.request_s + wait_s,
        )

    def start_tablet_repair(self, keyspace: str, table: str, *, full: bool) -> str:
        """POST /storage_service/tablets/repair of all tablets in all DCs. Never repeated by itself."""
        mode: Query = (("incremental_mode", "full"),) if full else ()
        query = (("ks", keyspace), ("table", table), ("tokens", "all"), ("await_completion", "false"), *mode)
        return self._calls.send(
            "POST", "/storage_service/tablets/repair", _begun, query, repeatable=False
        ).tablet_task_id

    def task_status(self, task: str, *, wait_s: int) -> TaskStatus:
        """GET /task_manager/wait_task/<id>, and task_status when the wait was over before the task."""
        try:
            status = self._calls.get(
                path_of("task_manager", "wait_task", task),
                _status,
                ("timeout", str(wait_s)),
                timeout_s=self._calls.timeouts.request_s + wait_s,
            )
        except NodeRefused as error:
            if error.status != HTTPStatus.REQUEST_TIMEOUT:
                raise
            status = self._calls.get(path_of("task_manager", "task_status", task), _status)
        return TaskStatus(
            state=status.state if status.state in ("done", "failed") else "running",
            error=status.error,
            completed=status.progress_completed,
            total=status.progress_total,
        )

    def tasks(self, module: str) -> tuple[ScyllaTask, ...]:
        """GET /task_manager/list_module_tasks/<module>."""
        listed = self._calls.get(path_of("task_manager", "list_module_tasks", module), _listed)
        return tuple(
            ScyllaTask(
                id=each.task_id,
                type=each.type,
                state=each.state,
                keyspace=each.keyspace,
                table=each.table,
                sequence=each.sequence_number,
            )
            for each in listed
        )

    def abort_task(self, task: str) -> None:
        """POST /task_manager/abort_task/<id>."""
        self._calls.send("POST", path_of("task_manager", "abort_task", task), nothing)

    def _keyspaces_on(self, what: str) -> tuple[str, ...]:
        query = (("type", "all"), ("replication", what))
        return self._calls.get("/storage_service/keyspaces", texts, *query)


_ranges = decoder(tuple[_Range, ...])
_listed = decoder(tuple[_Listed, ...])
_status = decoder(_Status)
_begun = decoder(_Begun)
