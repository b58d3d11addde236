"""The agent's calls on single objects and directories."""

from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

from scylla_restore.engine.lab.answers import BYTES, Answer
from scylla_restore.engine.lab.jobs import go_time
from scylla_restore.engine.lab.rclone_call import Call, Implementation
from scylla_restore.engine.lab.rclone_list import list_directory
from scylla_restore.engine.lab.refusals import CallRefused, permission_denied
from scylla_restore.engine.lab.transfer import FileCopy

_READABLE = ("backup/meta/", "backup/schema/")


def _cat(call: Call) -> Answer:
    fs = call.params.text("fs")
    whole = f"{fs.partition(':')[2]}/{call.params.text('remote')}"
    # The first part is the bucket.
    path = whole.lstrip("/").partition("/")[2]
    if fs.startswith("data:") or not (path.startswith(_READABLE) or path.endswith(".crc32")):
        raise permission_denied()
    remote, place = call.place()
    _, stream = remote.open(place)
    with closing(stream):
        return Answer(body=stream.read(), content_type=BYTES)


def _fileinfo(call: Call) -> object:
    remote, place = call.place(need_remote=True)
    entry = remote.stat(place)
    return {"modTime": go_time(entry.modified_ns), "size": entry.size}


def _about(call: Call) -> object:
    remote, place = call.place()
    total, free = remote.space(place)
    if "disk-full" in call.hits:
        free = 0
    return {"total": total, "used": total - free, "free": free}


def _copyfile(call: Call) -> object:
    source, source_path = call.place("srcFs", "srcRemote", need_remote=True)
    target, target_path = call.place("dstFs", "dstRemote", need_remote=True)
    name = call.params.text("srcRemote")
    copy = FileCopy(source=source, source_path=source_path, target=target, target_path=target_path, name=name)
    call.agent.copier.copy(copy, call.job)
    return {}


def _movefile(call: Call) -> object:
    source, source_path = call.place("srcFs", "srcRemote", need_remote=True)
    target, target_path = call.place("dstFs", "dstRemote", need_remote=True)
    if not source.is_local and (target is not source or Path(source_path).parent != Path(target_path).parent):
        raise permission_denied()
    if source.is_local and target.is_local:
        source.stat(source_path)
        Path(target_path).parent.mkdir(parents=True, exist_ok=True)
        Path(source_path).replace(target_path)
        return {}
    _copyfile(call)
    source.delete(source_path)
    return {}


def _deletefile(call: Call) -> object:
    remote, place = call.place(need_remote=True)
    remote.delete(place)
    return {}


def _deletepaths(call: Call) -> object:
    remote, base = call.place()
    names = call.params.names("paths")
    if not names:
        raise CallRefused("empty paths")
    deletes = 0
    for name in names:
        place = remote.join(base, name)
        try:
            remote.stat(place)
            remote.delete(place)
        except CallRefused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
        else:
            deletes += 1
    return {"deletes": deletes}


def _purge(call: Call) -> object:
    remote, place = call.place(need_remote=True)
    remote.purge(place)
    return {}


def _put(call: Call) -> object:
    remote, place = call.place(need_remote=True)
    remote.write(place, BytesIO(call.content), len(call.content))
    return {}


def _check_permissions(call: Call) -> object:
    remote, place = call.place()
    remote.check_writable(place)
    return {}


def _held(call: Call) -> object:
    """Answer calls about retention, which the lab's stores do not have."""
    remote, place = call.place(need_remote=True)
    remote.stat(place)
    return {}


CALLS: Mapping[str, Implementation] = {
    "operations/list": list_directory,
    "operations/cat": _cat,
    "operations/fileinfo": _fileinfo,
    "operations/about": _about,
    "operations/copyfile": _copyfile,
    "operations/movefile": _movefile,
    "operations/deletefile": _deletefile,
    "operations/deletepaths": _deletepaths,
    "operations/purge": _purge,
    "operations/put": _put,
    "operations/check-permissions": _check_permissions,
    "operations/event-based-hold": _held,
    "operations/retention-lock": _held,
}
