"""An agent's copies, the jobs that they are, and what limits them."""

from typing import Final

import msgspec

from scylla_restore.engine.cluster.calls import decoder, nothing
from scylla_restore.engine.cluster.paths import split_remote
from scylla_restore.engine.cluster.port import JobProgress
from scylla_restore.engine.cluster.rclone import JsonValue, Rclone
from scylla_restore.engine.errors import JobUnknown

_UNLIMITED: Final = "0M"


class _Job(msgspec.Struct, frozen=True):
    jobid: int


class _Transfers(msgspec.Struct, frozen=True):
    transfers: int


class _Bandwidth(msgspec.Struct, frozen=True):
    rate: str


class RcloneJobs:
    """One method a call. Destinations are below ``data:``, sources in a location (``<provider>:<bucket>``)."""

    def __init__(self, rclone: Rclone) -> None:
        self._rclone = rclone

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
        call = "sync/copypaths"
        for name in (*names, source):
            self._rclone.checked(name, call=call)
        fs, remote = split_remote(self._rclone.checked_below_table(destination, call=call))
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
        return self._rclone.call(call, body, decoder(_Job), asynchronous=True).jobid

    def copy_file(self, *, location: str, source: str, destination: str) -> int:
        """POST operations/copyfile, async: one object to the file ``data:<destination>``; the job's id. Never repeated."""
        call = "operations/copyfile"
        self._rclone.checked(source, call=call)
        fs, remote = split_remote(self._rclone.checked_below_table(destination, call=call))
        body: dict[str, JsonValue] = {
            "srcFs": location,
            "srcRemote": source,
            "dstFs": fs,
            "dstRemote": remote,
        }
        return self._rclone.call(call, body, decoder(_Job), asynchronous=True).jobid

    def job_progress(self, job: int, *, wait_s: int) -> JobProgress:
        """POST job/progress: a long poll of at most ``wait_s`` (≥ 1) seconds.

        Raises:
            JobUnknown: the agent was restarted since.
        """
        return self._rclone.call(
            "job/progress",
            {"jobid": job, "wait": max(1, wait_s)},
            decoder(JobProgress),
            repeatable=True,
            wait_s=max(1, wait_s),
        )

    def stop_job(self, job: int) -> None:
        """POST job/stop: asks only; unknown and finished jobs are no error."""
        try:
            self._rclone.call("job/stop", {"jobid": job}, nothing, repeatable=True)
        except JobUnknown:
            return

    def delete_job_statistics(self, job: int) -> None:
        """POST core/stats-delete of the job's group."""
        self._rclone.call("core/stats-delete", {"group": f"job/{job}"}, nothing, repeatable=True)

    def transfers(self) -> int:
        """POST core/transfers without a number: the present one."""
        return self._rclone.call("core/transfers", {}, decoder(_Transfers), repeatable=True).transfers

    def set_transfers(self, transfers: int) -> None:
        """POST core/transfers; -1 is the agent's configured default."""
        self._rclone.call("core/transfers", {"transfers": transfers}, nothing, repeatable=True)

    def bandwidth_rate(self) -> str:
        """POST core/bwlimit without a rate: the present one, ``off`` or ``100M``."""
        return self._rclone.call("core/bwlimit", {}, decoder(_Bandwidth), repeatable=True).rate

    def set_bandwidth_rate(self, rate: str) -> None:
        """POST core/bwlimit."""
        self._rclone.call("core/bwlimit", {"rate": _rate(rate)}, nothing, repeatable=True)


def _rate(rate: str) -> str:
    return _UNLIMITED if rate == "off" else rate
