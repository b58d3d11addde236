"""The agent's ``sync/*`` calls: downloads, and directories moved within a node."""

import posixpath
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scylla_restore.engine.lab.pace import parse_bandwidth
from scylla_restore.engine.lab.rclone_call import Call, Implementation
from scylla_restore.engine.lab.refusals import (
    CallRefused,
    Interrupted,
    directory_not_found,
    permission_denied,
)
from scylla_restore.engine.lab.remotes import Remote
from scylla_restore.engine.lab.transfer import FileCopy

_MOST_WORKERS = 16


def _copypaths(call: Call) -> object:
    _apply_settings(call)
    source, source_base = call.place("srcFs", "srcRemote")
    target, target_base = call.place("dstFs", "dstRemote")
    if not target.is_local:
        raise permission_denied()
    below = call.params.text("srcRemote", "")
    copies = [
        FileCopy(
            source=source,
            source_path=source.join(source_base, name),
            target=target,
            target_path=target.join(target_base, posixpath.basename(name)),
            name=posixpath.join(below, name),
        )
        for name in call.params.names("paths")
    ]
    _copy_all(call, copies, refusal_prefix="failed to open source object: ")
    return {}


def _copydir(call: Call) -> object:
    source, source_base = call.place("srcFs", "srcRemote")
    target, target_base = call.place("dstFs", "dstRemote")
    if not source.is_local:
        raise permission_denied()
    _apply_settings(call)
    _copy_all(call, _tree(source, source_base, target, target_base))
    return {}


def _movedir(call: Call) -> object:
    source, source_base = call.place("srcFs", "srcRemote")
    target, target_base = call.place("dstFs", "dstRemote")
    if not source.is_local:
        raise permission_denied()
    if _overlap(call.params.text("srcFs"), call.params.text("dstFs")):
        raise CallRefused("can't sync or move files on overlapping remotes")
    _apply_settings(call)
    copies = _tree(source, source_base, target, target_base)
    if not target.is_local:
        _copy_all(call, copies)
        for copy in copies:
            source.delete(copy.source_path)
        return {}
    Path(target_base).mkdir(parents=True, exist_ok=True)
    for copy in copies:
        _rename(copy.source_path, copy.target_path)
    return {}


def _rename(source: str, target: str) -> None:
    """Move a file in place of whatever has its name; one that is gone meanwhile was moved by somebody else."""
    try:
        Path(source).replace(target)
    except FileNotFoundError:
        if Path(source).exists():
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            Path(source).replace(target)


def _tree(source: Remote, source_base: str, target: Remote, target_base: str) -> list[FileCopy]:
    if not Path(source_base).is_dir():
        raise directory_not_found()
    return [
        FileCopy(
            source=source,
            source_path=source.join(source_base, entry.path),
            target=target,
            target_path=target.join(target_base, entry.path),
            name=entry.path,
        )
        for entry in source.list(source_base, recurse=True)
        if not entry.is_dir
    ]


def _apply_settings(call: Call) -> None:
    """Take over the settings that a copy brings; they are the agent's and stay."""
    transfers = call.params.integer("transfers")
    if transfers is not None:
        call.agent.set_transfers(transfers)
    if rate := call.params.text("bandwidth_rate", ""):
        call.agent.pace.bandwidth = parse_bandwidth(rate)


def _copy_all(call: Call, copies: list[FileCopy], *, refusal_prefix: str = "") -> None:
    """Copy everything that can be copied, then fail with the first refusal, if there was one."""
    refusals: list[CallRefused] = []

    def copy_one(copy: FileCopy) -> None:
        try:
            call.agent.copier.copy(copy, call.job)
        except CallRefused as refused:
            refusals.append(refused)
        except Interrupted:
            call.job.interrupted.set()

    workers = _workers(call, copies)
    if workers == 1:
        for copy in copies:
            copy_one(copy)
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="lab-copy") as pool:
            list(pool.map(copy_one, copies))
    if call.job.interrupted.is_set():
        raise Interrupted
    if refusals:
        first = refusals[0]
        prefix = refusal_prefix if first.message.endswith("not found") else ""
        raise CallRefused(prefix + first.message, first.status)


def _workers(call: Call, copies: list[FileCopy]) -> int:
    """Return how many files to copy at a time: one where this machine's kernel does all the work."""
    if not copies or (copies[0].source.is_local and call.agent.pace.rate(call.job) is None):
        return 1
    return max(1, min(call.agent.transfers, len(copies), _MOST_WORKERS))


def _overlap(first: str, second: str) -> bool:
    first, second = first.rstrip("/") + "/", second.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


CALLS: Mapping[str, Implementation] = {
    "sync/copypaths": _copypaths,
    "sync/copydir": _copydir,
    "sync/movedir": _movedir,
}
