"""Work without staging, in a table's own ``upload``: it is shared with others, so that files come and go there by name.

An attempt that ended while nobody knew whether the agent took its request may still be writing. The agent lists no jobs,
but numbers them in turn. So a job that copies nothing is started, which tells where the numbers stand, and those before it
are asked about one by one: when none of them runs, nobody writes, except others who were told to since.

    a job of nothing ── which jobs before it run? ── wait for their end ── once more, for requests that came late
                                                                             └── remove the files by their names
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.files import sizes_of, some
from scylla_restore.actors.runtime import Sleep, Stopped
from scylla_restore.engine.core.commands import BatchCommand, LookIntoUpload, OwnFiles
from scylla_restore.engine.errors import DirectoryMissing, JobUnknown, NodeError
from scylla_restore.events.model.alterations import CopiedIntoUpload
from scylla_restore.events.model.batches import DownloadFailed, UploadFoundEmpty, UploadOccupied
from scylla_restore.events.model.failure import Cause, Failure

UNKNOWN_IN_A_ROW: Final = 50
"""So many numbers that the agent does not know are its beginning, or jobs that ended twelve hours ago."""
JOBS_MAX: Final = 2_000
"""How far back a job may be that nobody knows of: one that began before so many others is not looked for."""
LATE: Final = timedelta(seconds=10)
"""How long a request may be on its way whose sender is gone."""
JOBS_PATIENCE: Final = timedelta(minutes=10)
"""How long running jobs are waited for at a time."""
_POLL_WAIT_S: Final = 10
_REMOVALS_MAX: Final = 3
_UPLOAD: Final = "/upload"


def assert_upload(path: str) -> str:
    """Return ``path`` if it is a table's ``upload``.

    Raises:
        ValueError: it is not, which is a defect of whoever asked.
    """
    if not path.endswith(_UPLOAD) or ".." in path.split("/"):
        raise ValueError(f"{path} is no upload directory")
    return path


async def look_into_upload(node: Node, command: LookIntoUpload) -> None:
    """Report whether ``upload`` is empty: only then the batch may be copied there."""
    try:
        present = await list_upload(node, assert_upload(command.upload))
    except NodeError as error:
        node.report(
            DownloadFailed(
                batch=command.batch,
                attempt=command.attempt,
                node=node.address,
                failure=failure_of(error),
                staging_left=False,
            )
        )
        return
    if not present:
        node.report(UploadFoundEmpty(batch=command.batch, attempt=command.attempt))
        return
    node.report(
        UploadOccupied(
            batch=command.batch,
            attempt=command.attempt,
            node=node.address,
            files=len(present),
            size=sum(present.values()),
        )
    )


async def list_upload(node: Node, path: str) -> dict[str, int]:
    """Return the files in a directory with their sizes; none where it does not exist."""
    try:
        return sizes_of(await patiently(node, lambda gateway: gateway.list_files(path)))
    except DirectoryMissing:
        return {}


async def remove_files(node: Node, path: str, names: Iterable[str]) -> Failure | None:
    """Remove those of the named files that are in ``upload``, and nothing else; return why some are still there.

    Nothing may write them any more, and no load may run.

    Raises:
        NodeError: the node does not answer, or says no.
    """
    own = frozenset(names)
    present = await _present(node, path, own)
    for _ in range(_REMOVALS_MAX):
        if present:
            await _delete(node, path, present)
            present = await _present(node, path, own)
    if not present:
        return None
    return Failure(
        cause=Cause.FAILED,
        message=f"{len(present)} files come back to {path} after they were removed: {some(present)}",
        node=node.address,
        call="operations/deletepaths",
    )


async def _present(node: Node, path: str, names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names & (await list_upload(node, assert_upload(path))).keys()))


async def _delete(node: Node, path: str, names: tuple[str, ...]) -> None:
    await patiently(node, lambda gateway: gateway.delete_files(path, names))


async def try_to_remove(node: Node, command: BatchCommand, names: Iterable[str]) -> bool:
    """Remove an attempt's files, and return whether nothing of it is left; what is left is in the ledger."""
    try:
        return await remove_files(node, command.upload, names) is None
    except (NodeError, Stopped):
        return False


async def clear_upload(node: Node, copied: CopiedIntoUpload, files: OwnFiles) -> Failure | None:
    """Remove what an ended attempt has left in ``upload``, when no job writes there any more; return why it could not be.

    Raises:
        NodeError: the node does not answer, or says no.
    """
    if not copied.is_copied:
        failure = await _until_no_job_runs(node, copied.upload, files.location)
        if failure is not None:
            return failure
    return await remove_files(node, copied.upload, files.names)


async def _until_no_job_runs(node: Node, upload: str, location: str) -> Failure | None:
    """Wait until no job runs that was begun before now; return who did not end."""
    until = node.now() + JOBS_PATIENCE
    number, known = await _mark(node, upload, location), 0
    running = await _running_before(node, number, known)
    for is_last in (False, True):
        while running:
            if node.now() >= until:
                return _still_running(node, running)
            running = [job for job in running if await _runs(node, job, wait_s=_POLL_WAIT_S)]
        if not is_last:
            await Sleep(LATE)
            known, number = number, await _mark(node, upload, location)
            running = await _running_before(node, number, known)
    return None


async def _mark(node: Node, upload: str, location: str) -> int:
    """Return a job's number: all that were begun before have smaller ones."""
    return await patiently(
        node,
        lambda gateway: gateway.start_copy(
            location=location,
            source="backup/sst",
            names=(),
            destination=upload,
            transfers=None,
            bandwidth_rate=None,
        ),
    )


async def _running_before(node: Node, number: int, known: int) -> list[int]:
    """Return the jobs from after ``known`` to before ``number`` that run."""
    running: list[int] = []
    unknown = 0
    for job in range(number - 1, max(known, number - JOBS_MAX), -1):
        try:
            is_running = await _asked(node, job, wait_s=1)
        except JobUnknown:
            unknown += 1
            if unknown == UNKNOWN_IN_A_ROW:
                break
            continue
        unknown = 0
        if is_running:
            running.append(job)
    return running


async def _runs(node: Node, job: int, *, wait_s: int) -> bool:
    try:
        return await _asked(node, job, wait_s=wait_s)
    except JobUnknown:
        return False


async def _asked(node: Node, job: int, *, wait_s: int) -> bool:
    progress = await patiently(node, lambda gateway: gateway.job_progress(job, wait_s=wait_s))
    return progress.status == "running"


def _still_running(node: Node, running: list[int]) -> Failure:
    return Failure(
        cause=Cause.FAILED,
        message=f"jobs of the agent still run, one of which may write into upload: {some(map(str, running))}",
        node=node.address,
        call="job/progress",
        hint="what is there is removed when they have ended: ask again later",
    )
