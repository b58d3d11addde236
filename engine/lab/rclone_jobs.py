"""The agent's ``job/*`` and ``core/*`` calls."""

import time
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from scylla_restore.engine.lab.jobs import ZERO_TIME, Job, Stats, Transfer, go_time
from scylla_restore.engine.lab.pace import bandwidth_text, parse_bandwidth
from scylla_restore.engine.lab.rclone_call import Call, Implementation
from scylla_restore.engine.lab.refusals import job_not_found

# A stopped job goes on for a moment after the answer, as on a real node.
_STOP_TAKES_S = 0.03


class TransferredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a job, in the order of the agent's JSON."""

    error: str
    name: str
    size: int
    bytes: int
    checked: bool
    started_at: str
    completed_at: str
    group: str


def _progress(call: Call) -> object:
    job_id = call.params.required_integer("jobid")
    wait = call.params.integer("wait") or 0
    job = call.agent.jobs.find(job_id)
    if job is None:
        raise job_not_found(HTTPStatus.NOT_FOUND if wait > 0 else HTTPStatus.INTERNAL_SERVER_ERROR)
    if wait > 0:
        job.finished.wait(wait)
    stats = job.stats
    return {
        "status": job.status,
        "started_at": go_time(job.started_ns),
        "completed_at": _completed_at(job),
        "error": job.error,
        "uploaded": stats.uploaded,
        "skipped": stats.skipped,
        "failed": stats.failed,
    }


def _info(call: Call) -> object:
    job = call.agent.jobs.find(call.params.required_integer("jobid"))
    if job is None:
        return {"job": None, "stats": None, "transferred": None}
    if wait := call.params.integer("wait") or 0:
        job.finished.wait(wait)
    finished = job.completed_ns is not None
    duration_ns = (job.completed_ns or 0) - job.started_ns if finished else 0
    description = {
        "id": job.id,
        "group": job.group,
        "startTime": go_time(job.started_ns),
        "endTime": _completed_at(job),
        "error": job.error,
        "finished": finished,
        "success": finished and not job.error,
        "duration": duration_ns / 1e9,
        "output": job.output if finished else None,
    }
    return {
        "job": description,
        "stats": _stats(job.stats, job.group),
        "transferred": [_transferred(transfer, job.group) for transfer in job.stats.transferred],
    }


def _stop(call: Call) -> object:
    job = call.agent.jobs.find(call.params.required_integer("jobid"))
    if job is None:
        raise job_not_found(HTTPStatus.INTERNAL_SERVER_ERROR)
    if not job.finished.is_set():
        job.interrupt_after(_STOP_TAKES_S)
    return {}


def _stats_delete(call: Call) -> object:
    group = call.params.text("group")
    _reset(call, group)
    return {}


def _stats_reset(call: Call) -> object:
    _reset(call, call.params.text("group", ""))
    return {}


def _reset(call: Call, group: str) -> None:
    kind, _, number = group.partition("/")
    if group and (kind != "job" or not number.isdigit()):
        return
    found = [call.agent.jobs.find(int(number))] if group else call.agent.jobs.all()
    for job in found:
        if job is not None:
            job.stats = Stats()


def _bwlimit(call: Call) -> object:
    if rate := call.params.text("rate", ""):
        call.agent.pace.bandwidth = parse_bandwidth(rate)
    limit = call.agent.pace.bandwidth
    shown = limit if limit > 0 else -1
    return {
        "bytesPerSecond": shown,
        "bytesPerSecondTx": shown,
        "bytesPerSecondRx": shown,
        "rate": bandwidth_text(limit),
    }


def _transfers(call: Call) -> object:
    transfers = call.params.integer("transfers")
    if transfers is not None:
        call.agent.set_transfers(transfers)
    return {"transfers": call.agent.transfers}


def _completed_at(job: Job) -> str:
    return ZERO_TIME if job.completed_ns is None else go_time(job.completed_ns)


def _stats(stats: Stats, group: str) -> object:
    elapsed_s = time.monotonic() - stats.began_s
    described: dict[str, object] = {
        "bytes": stats.uploaded,
        "checks": 0,
        "deletedDirs": 0,
        "deletes": 0,
        "elapsedTime": elapsed_s,
        "errors": stats.errors,
        "fatalError": False,
        "renames": 0,
        "retryError": False,
        "speed": stats.uploaded / elapsed_s if elapsed_s else 0.0,
        "transferTime": elapsed_s,
        "transfers": stats.transfers,
    }
    under_way = list(stats.under_way.values())
    if under_way:
        described["transferring"] = [_under_way(transfer, group, elapsed_s) for transfer in under_way]
    return described


def _transferred(transfer: Transfer, group: str) -> TransferredFile:
    return TransferredFile(
        error=transfer.error,
        name=transfer.name,
        size=transfer.size,
        bytes=transfer.bytes,
        checked=transfer.checked,
        started_at=go_time(transfer.started_ns),
        completed_at=go_time(transfer.completed_ns),
        group=group,
    )


def _under_way(transfer: Transfer, group: str, elapsed_s: float) -> object:
    speed = transfer.bytes / elapsed_s if elapsed_s else 0.0
    return {
        "name": transfer.name,
        "group": group,
        "size": transfer.size,
        "bytes": transfer.bytes,
        "percentage": 100 * transfer.bytes // transfer.size if transfer.size else 100,
        "speed": speed,
        "speedAvg": speed,
        "eta": int((transfer.size - transfer.bytes) / speed) if speed else None,
    }


CALLS: Mapping[str, Implementation] = {
    "job/progress": _progress,
    "job/info": _info,
    "job/stop": _stop,
    "core/stats-delete": _stats_delete,
    "core/stats-reset": _stats_reset,
    "core/bwlimit": _bwlimit,
    "core/transfers": _transfers,
}
