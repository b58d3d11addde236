"""The agent's ``operations/list``."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from scylla_restore.engine.lab.answers import JSON, Answer, go_json_item
from scylla_restore.engine.lab.params import is_true
from scylla_restore.engine.lab.rclone_call import Call
from scylla_restore.engine.lab.refusals import CallRefused
from scylla_restore.engine.lab.remotes import Entry

_FLUSHED_TOGETHER = 200
_SYNC = (("X-Rclone-Jobid", "0"),)
_VERSIONED = re.compile(r"\.sm_[0-9]{14}UTC$")


def list_directory(call: Call) -> Answer:
    """Answer a listing, streamed from 200 items on.

    Raises:
        CallRefused: there is nothing to list.
    """
    options = {name: is_true(value) for name, value in call.params.options("opt").items()}
    newest, versioned = call.params.boolean("newestOnly"), call.params.boolean("versionedOnly")
    dirs_only, files_only = options.get("dirsOnly", False), options.get("filesOnly", False)
    if newest and versioned:
        raise CallRefused("newestOnly and versionedOnly parameters can't be specified at the same time")
    if dirs_only and (newest or versioned):
        raise CallRefused("newestOnly or versionedOnly can't be used together with dirsOnly")
    remote, path = call.place()
    try:
        entries = remote.list(path, recurse=options.get("recurse", False))
        shown = (
            _item(entry, options)
            for entry in entries
            if not (files_only and entry.is_dir)
            and not (dirs_only and not entry.is_dir)
            and not (newest and _VERSIONED.search(entry.path))
            and not (versioned and not _VERSIONED.search(entry.path))
        )
        first = list(islice(shown, _FLUSHED_TOGETHER))
    except CallRefused as refused:
        raise CallRefused(f"error in ListJSON: {refused.message}", refused.status) from None
    if len(first) < _FLUSHED_TOGETHER:
        return Answer(body=b'{"list":[' + b",".join(first) + b"]}\n", content_type=JSON, headers=_SYNC)
    return Answer(body=_pieces(first, shown), content_type=JSON, headers=_SYNC)


def _pieces(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield b'{"list":[' + b"\n,".join(first)
    try:
        while batch := list(islice(rest, _FLUSHED_TOGETHER)):
            yield b"\n," + b"\n,".join(batch)
    except CallRefused:
        # Too late for another status: the real agent just ends here, too.
        return
    yield b"]}\n"


def _item(entry: Entry, options: dict[str, bool]) -> bytes:
    item: dict[str, object] = {
        "Path": entry.path,
        "Name": entry.path.rpartition("/")[2],
        "Size": entry.size,
    }
    if not options.get("noMimeType"):
        item["MimeType"] = "inode/directory" if entry.is_dir else "application/octet-stream"
    item["ModTime"] = "" if options.get("noModTime") else _mod_time(entry.modified_ns)
    item["IsDir"] = entry.is_dir
    if entry.tier:
        item["Tier"] = entry.tier
    return go_json_item(item)


def _mod_time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"
