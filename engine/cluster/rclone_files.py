"""What an agent does with files and directories: its node's own, and those of a bucket."""

from typing import Final

from scylla_restore.engine.cluster.calls import decoder, nothing
from scylla_restore.engine.cluster.http import MIB, Request
from scylla_restore.engine.cluster.listing import decode_listing
from scylla_restore.engine.cluster.paths import split_remote
from scylla_restore.engine.cluster.port import DiskSpace, RemoteFile
from scylla_restore.engine.cluster.rclone import JsonValue, Rclone, encoded, path_of_call
from scylla_restore.engine.errors import DirectoryMissing

_LIST: Final = "operations/list"
_LONGEST_LISTING_BYTES: Final = 512 * MIB


class RcloneFiles:
    """One method a call. Paths are below ``data:`` unless they go with a location (``<provider>:<bucket>``)."""

    def __init__(self, rclone: Rclone) -> None:
        self._rclone = rclone

    def list_location(
        self, location: str, path: str, *, recursive: bool = False, options: tuple[str, ...] = ()
    ) -> tuple[RemoteFile, ...]:
        """POST operations/list of ``<location>/<path>``; ``options`` are further switches, such as ``dirsOnly``.

        Raises:
            DirectoryMissing: there is no such bucket; object stores list a missing directory as an empty one.
        """
        where = f"{location}/{self._rclone.checked(path, call=_LIST)}" if path else location
        return self._list(where, recursive=recursive, options=options)

    def list_data(self, path: str, *, options: tuple[str, ...] = ()) -> tuple[RemoteFile, ...]:
        """POST operations/list of ``data:<path>``, one level.

        Raises:
            DirectoryMissing: there is no such directory.
        """
        where = f"data:{self._rclone.checked(path, call=_LIST)}"
        return self._list(where, recursive=False, options=options)

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        """POST operations/cat: a whole object. The agent hands out ``backup/meta/``, ``backup/schema/`` and ``*.crc32`` only.

        Raises:
            DirectoryMissing: there is no such object.
            NodeRefused: it has more than ``limit_bytes``, or the agent does not hand it out.
        """
        call = "operations/cat"
        request = Request(
            method="POST",
            path=path_of_call(call),
            body=encoded({"fs": location, "remote": self._rclone.checked(path, call=call)}),
            repeatable=True,
            timeout_s=self._rclone.timeouts.listing_s,
            silence_s=self._rclone.timeouts.request_s,
            limit_bytes=limit_bytes,
        )
        return self._rclone.send(request, bytes)

    def about_data(self) -> DiskSpace:
        """POST operations/about of ``data:``."""
        return self._rclone.call("operations/about", {"fs": "data:"}, decoder(DiskSpace), repeatable=True)

    def move_directory(self, source: str, destination: str) -> None:
        """POST sync/movedir within ``data:``: a rename; with whole paths in ``fs``, as it refuses anything else.

        Raises:
            DirectoryMissing: there is no such source.
        """
        call = "sync/movedir"
        body = {
            "srcFs": f"data:{self._rclone.checked_below_table(source, call=call)}",
            "srcRemote": "",
            "dstFs": f"data:{self._rclone.checked_below_table(destination, call=call)}",
            "dstRemote": "",
        }
        self._rclone.call(call, body, nothing, repeatable=True)

    def purge(self, path: str) -> None:
        """POST operations/purge of a directory of ``data:`` below a table's; a missing one is no error."""
        call = "operations/purge"
        fs, remote = split_remote(self._rclone.checked_below_table(path, call=call))
        try:
            self._rclone.call(call, {"fs": fs, "remote": remote}, nothing, repeatable=True)
        except DirectoryMissing:
            return

    def delete_paths(self, path: str, names: tuple[str, ...]) -> None:
        """POST operations/deletepaths: files of a directory of ``data:`` below a table's; those that are missing are no error."""
        call = "operations/deletepaths"
        for name in names:
            self._rclone.checked(name, call=call)
        fs, remote = split_remote(self._rclone.checked_below_table(path, call=call))
        body: dict[str, JsonValue] = {"fs": fs, "remote": remote, "paths": names}
        self._rclone.call(call, body, nothing, repeatable=True)

    def _list(self, where: str, *, recursive: bool, options: tuple[str, ...]) -> tuple[RemoteFile, ...]:
        switches = ("noModTime", "noMimeType", *(("recurse",) if recursive else ()), *options)
        request = Request(
            method="POST",
            path=path_of_call(_LIST),
            body=encoded({"fs": where, "remote": "", "opt": dict.fromkeys(switches, True)}),
            repeatable=True,
            timeout_s=self._rclone.timeouts.listing_s,
            silence_s=self._rclone.timeouts.listing_silence_s,
            limit_bytes=_LONGEST_LISTING_BYTES,
        )
        return self._rclone.send(request, lambda body: decode_listing(body, recursive=recursive))
