"""The agent's own REST API: its settings, and the file and job calls of the rclone inside it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.http import MIB, NodeClient, Request
from scylla_restore.engine.cluster.listing import decode_listing
from scylla_restore.engine.cluster.paths import checked, checked_below_table, split_remote
from scylla_restore.engine.cluster.port import DiskSpace, JobProgress, RemoteFile
from scylla_restore.engine.core.client_services import ClientServices
from scylla_restore.engine.core.object_storage import AgentStore
from scylla_restore.engine.errors import DirectoryMissing, JobUnknown, NodeRefused

T = TypeVar("T")
JsonValue = str | int | bool | tuple[str, ...] | Mapping[str, bool]

_LONGEST_BODY_BYTES = MIB
"""The agent cuts longer ones and then fails to read them."""
_LONGEST_LISTING_BYTES = 512 * MIB
_UNLIMITED = "0M"

_CLIENT_ERROR = 400


class StoreEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of Scylla's configuration as an agent passes it on: what is empty is left out."""

    name: str = ""
    type: str = ""
    port: int = 0
    use_https: bool = False


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine wants of ``node_info``."""

    agent_version: str = ""
    scylla_version: str = ""
    rclone_backend_config: dict[str, AgentStore] | None = None
    object_storage_endpoints: dict[str, StoreEntry] | None = None


class _Pinning(msgspec.Struct, frozen=True):
    cpu: tuple[int, ...] = ()


class _Job(msgspec.Struct, frozen=True):
    jobid: int


class _Transfers(msgspec.Struct, frozen=True):
    transfers: int


class _Bandwidth(msgspec.Struct, frozen=True):
    rate: str


class AgentApi:
    """One method a call. Paths are below ``data:`` unless they go with a location (``<provider>:<bucket>``)."""

    def __init__(self, client: NodeClient, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts

    def node_info(self) -> AgentInfo:
        """GET /agent/node_info."""
        return self._get("/agent/node_info", _decoder(AgentInfo))

    def client_services(self, address: str) -> ClientServices:
        """GET /agent/node_info: where the node at ``address`` serves CQL and Alternator."""
        told = self._get("/agent/node_info", _decoder(ClientServices))
        return msgspec.structs.replace(told, address=address)

    def pinned_cpus(self) -> tuple[int, ...]:
        """GET /agent/pin_cpu: the CPUs that the agent runs on."""
        return self._get("/agent/pin_cpu", _decoder(_Pinning)).cpu

    def pin_cpu(self) -> None:
        """POST /agent/pin_cpu: pin the agent to its CPUs again."""
        self._client.send(
            Request(
                method="POST", path="/agent/pin_cpu", repeatable=True, timeout_s=self._timeouts.request_s
            ),
            _nothing,
        )

    def unpin_cpu(self) -> None:
        """DELETE /agent/pin_cpu: let the agent use all CPUs."""
        self._client.send(
            Request(
                method="DELETE", path="/agent/pin_cpu", repeatable=True, timeout_s=self._timeouts.request_s
            ),
            _nothing,
        )

    def list_location(
        self, location: str, path: str, *, recursive: bool = False, options: tuple[str, ...] = ()
    ) -> tuple[RemoteFile, ...]:
        """POST operations/list of ``<location>/<path>``; ``options`` are further switches, such as ``dirsOnly``.

        Raises:
            DirectoryMissing: there is no such bucket; object stores list a missing directory as an empty one.
        """
        name = _path("operations/list")
        where = (
            f"{location}/{checked(path, node=self._client.node, call=f'POST {name}')}" if path else location
        )
        return self._list(where, recursive=recursive, options=options)

    def list_data(self, path: str, *, options: tuple[str, ...] = ()) -> tuple[RemoteFile, ...]:
        """POST operations/list of ``data:<path>``, one level.

        Raises:
            DirectoryMissing: there is no such directory.
        """
        name = _path("operations/list")
        where = f"data:{checked(path, node=self._client.node, call=f'POST {name}')}"
        return self._list(where, recursive=False, options=options)

    def read_object(self, location: str, path: str, *, limit_bytes: int) -> bytes:
        """POST operations/cat: a whole object. The agent hands out ``backup/meta/``, ``backup/schema/`` and ``*.crc32`` only.

        Raises:
            DirectoryMissing: there is no such object.
            NodeRefused: it has more than ``limit_bytes``, or the agent does not hand it out.
        """
        call = _path("operations/cat")
        checked(path, node=self._client.node, call=f"POST {call}")
        request = Request(
            method="POST",
            path=call,
            body=_json({"fs": location, "remote": path}),
            repeatable=True,
            timeout_s=self._timeouts.listing_s,
            silence_s=self._timeouts.request_s,
            limit_bytes=limit_bytes,
        )
        return self._client.send(request, bytes)

    def about_data(self) -> DiskSpace:
        """POST operations/about of ``data:``."""
        return self._rclone("operations/about", {"fs": "data:"}, _decoder(DiskSpace), repeatable=True)

    def copy_paths(
        self,
        *,
        location: str,
        source: str,
        names: tuple[str, ...],
        destination: str,
        transfers: int | None,
        bandwidth_rate: str | None,
    ) -> int:
        """POST sync/copypaths, async: the job's id. Never repeated.

        ``transfers`` (-1: the agent's default) and ``bandwidth_rate`` (``100M``) stay set in the agent; None and 0
        transfers leave its number as it is.
        """
        call = f"POST {_path('sync/copypaths')}"
        node = self._client.node
        for name in (*names, source):
            checked(name, node=node, call=call)
        fs, remote = split_remote(checked_below_table(destination, node=node, call=call))
        body: dict[str, JsonValue] = {
            "srcFs": location,
            "srcRemote": source,
            "dstFs": fs,
            "dstRemote": remote,
            "paths": names,
        }
        if transfers:
            body["transfers"] = transfers
        if bandwidth_rate is not None:
            body["bandwidth_rate"] = _rate(bandwidth_rate)
        return self._rclone("sync/copypaths", body, _decoder(_Job), asynchronous=True).jobid

    def copy_file(self, *, location: str, source: str, destination: str) -> int:
        """POST operations/copyfile, async: one object to the file ``data:<destination>``; the job's id. Never repeated."""
        call = f"POST {_path('operations/copyfile')}"
        node = self._client.node
        checked(source, node=node, call=call)
        fs, remote = split_remote(checked_below_table(destination, node=node, call=call))
        body: dict[str, JsonValue] = {
            "srcFs": location,
            "srcRemote": source,
            "dstFs": fs,
            "dstRemote": remote,
        }
        return self._rclone("operations/copyfile", body, _decoder(_Job), asynchronous=True).jobid

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        """POST job/progress: a long poll of at most ``wait_s`` (≥ 1) seconds.

        Raises:
            JobUnknown: the agent was restarted since.
        """
        return self._rclone(
            "job/progress",
            {"jobid": job, "wait": max(1, wait_s)},
            _decoder(JobProgress),
            repeatable=True,
            extra_s=max(1, wait_s),
        )

    def stop_job(self, job: int) -> None:
        """POST job/stop: asks only; unknown and finished jobs are no error."""
        try:
            self._rclone("job/stop", {"jobid": job}, _nothing, repeatable=True)
        except JobUnknown:
            return

    def delete_job_statistics(self, job: int) -> None:
        """POST core/stats-delete of the job's group."""
        self._rclone("core/stats-delete", {"group": f"job/{job}"}, _nothing, repeatable=True)

    def move_directory(self, source: str, destination: str) -> None:
        """POST sync/movedir within ``data:``: a rename; with whole paths in ``fs``, as it refuses anything else.

        Raises:
            DirectoryMissing: there is no such source.
        """
        call = f"POST {_path('sync/movedir')}"
        for path in (source, destination):
            checked_below_table(path, node=self._client.node, call=call)
        body: dict[str, JsonValue] = {
            "srcFs": f"data:{source}",
            "srcRemote": "",
            "dstFs": f"data:{destination}",
            "dstRemote": "",
        }
        self._rclone("sync/movedir", body, _nothing, repeatable=True)

    def purge(self, path: str) -> None:
        """POST operations/purge of a directory of ``data:`` below a table's; a missing one is no error."""
        fs, remote = split_remote(
            checked_below_table(path, node=self._client.node, call=f"POST {_path('operations/purge')}")
        )
        try:
            self._rclone("operations/purge", {"fs": fs, "remote": remote}, _nothing, repeatable=True)
        except DirectoryMissing:
            return

    def delete_paths(self, path: str, names: tuple[str, ...]) -> None:
        """POST operations/deletepaths: files of a directory of ``data:`` below a table's; those that are missing are no error."""
        call = f"POST {_path('operations/deletepaths')}"
        for name in names:
            checked(name, node=self._client.node, call=call)
        fs, remote = split_remote(checked_below_table(path, node=self._client.node, call=call))
        body: dict[str, JsonValue] = {"fs": fs, "remote": remote, "paths": names}
        self._rclone("operations/deletepaths", body, _nothing, repeatable=True)

    def transfers(self) -> int:
        """POST core/transfers without a number: the present one."""
        return self._rclone("core/transfers", {}, _decoder(_Transfers), repeatable=True).transfers

    def set_transfers(self, transfers: int) -> None:
        """POST core/transfers; -1 is the agent's configured default."""
        self._rclone("core/transfers", {"transfers": transfers}, _nothing, repeatable=True)

    def bandwidth_rate(self) -> str:
        """POST core/bwlimit without a rate: the present one, ``off`` or ``100M``."""
        return self._rclone("core/bwlimit", {}, _decoder(_Bandwidth), repeatable=True).rate

    def set_bandwidth_rate(self, rate: str) -> None:
        """POST core/bwlimit."""
        self._rclone("core/bwlimit", {"rate": _rate(rate)}, _nothing, repeatable=True)

    def _list(self, where: str, *, recursive: bool, options: tuple[str, ...]) -> tuple[RemoteFile, ...]:
        switches = ("noModTime", "noMimeType", *(("recurse",) if recursive else ()), *options)
        request = Request(
            method="POST",
            path=_path("operations/list"),
            body=_json({"fs": where, "remote": "", "opt": dict.fromkeys(switches, True)}),
            repeatable=True,
            timeout_s=self._timeouts.listing_s,
            silence_s=self._timeouts.listing_silence_s,
            limit_bytes=_LONGEST_LISTING_BYTES,
        )
        return self._client.send(request, lambda body: decode_listing(body, recursive=recursive))

    def _get(self, path: str, decode: Callable[[bytes], T]) -> T:
        return self._client.send(
            Request(method="GET", path=path, repeatable=True, timeout_s=self._timeouts.request_s), decode
        )

    def _rclone(
        self,
        call: str,
        body: Mapping[str, JsonValue],
        decode: Callable[[bytes], T],
        *,
        repeatable: bool = False,
        asynchronous: bool = False,
        extra_s: int = 0,
    ) -> T:
        content = _json(body)
        request = Request(
            method="POST",
            path=_path(call),
            query=(("_async", "true"),) if asynchronous else (),
            body=content,
            repeatable=repeatable,
            timeout_s=self._timeouts.request_s + extra_s,
        )
        if len(content) > _LONGEST_BODY_BYTES:
            raise NodeRefused(
                f"node {self._client.node} was not asked for {request.name}: "
                f"{len(content)} bytes of names are more than an agent reads",
                node=self._client.node,
                call=request.name,
                status=_CLIENT_ERROR,
            )
        return self._client.send(request, decode)


_encoder = msgspec.json.Encoder()


def _path(call: str) -> str:
    return f"/agent/rclone/{call}"


def _json(body: Mapping[str, JsonValue]) -> bytes:
    return _encoder.encode(body)


def _decoder(shape: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(shape).decode


def _nothing(body: bytes) -> None:
    """Take an answer without content."""


def _rate(rate: str) -> str:
    return _UNLIMITED if rate == "off" else rate
