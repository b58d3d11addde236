"""One attempt at copying a batch from the bucket into a staging directory of its own.

    enough space? ── start copy jobs ── follow them ── are the files just those that were asked for?
                                                          └── BatchDownloaded
    anything else: end the jobs, remove the directory ── DownloadFailed

A batch of versioned SSTables is copied object by object, eight jobs at a time, and only the first ones are in
``DownloadStarted``. An attempt whose engine died before all were started therefore cannot be followed to its end: a
job that nobody knows may be writing. Such an attempt ends as incomplete, and the batch is tried again elsewhere.
"""

from collections.abc import Mapping
from datetime import timedelta

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.copying import ENDING_PATIENCE, BrokenCopy, Copying
from scylla_restore.actors.procedures.files import (
    assert_staging,
    misfit,
    names_of,
    sizes_of,
    some,
    versioned_bytes,
)
from scylla_restore.actors.procedures.upload import assert_upload, list_upload, try_to_remove
from scylla_restore.actors.runtime import Stopped
from scylla_restore.engine.core.commands import DownloadBatch
from scylla_restore.engine.errors import DirectoryMissing, NodeError
from scylla_restore.events.model.batches import (
    BatchDownloaded,
    DownloadFailed,
    DownloadProgressed,
    DownloadStarted,
)
from scylla_restore.events.model.failure import Cause, Failure

PROGRESS_INTERVAL = timedelta(seconds=10)
"""Progress is told no more often than this."""


async def download(node: Node, command: DownloadBatch) -> None:
    """Copy a batch, or follow the copy that another engine began; report how it went and how it ended.

    A stop ends the jobs and removes what they left: ``DownloadFailed`` with cause ``stopped``.
    """
    _assert_place(command)
    copying = Copying(node, command)
    try:
        present = await _fetch(node, command, copying)
    except BrokenCopy as broken:
        await _fail(node, command, copying, await _explained(node, command, copying, broken.failure))
    except NodeError as error:
        await _fail(node, command, copying, failure_of(error))
    except Stopped:
        await _fail(node, command, copying, _stopped(node))
    else:
        versioned = versioned_bytes(command.sstables, present)
        node.report(
            BatchDownloaded(
                batch=command.batch,
                attempt=command.attempt,
                downloaded=sum(present.values()) - versioned,
                versioned=versioned,
            )
        )


async def _fetch(node: Node, command: DownloadBatch, copying: Copying) -> dict[str, int]:
    """Return the files in staging with their sizes, all of the batch and nothing else."""
    if not command.jobs:
        if command.is_direct:
            await _check_empty(node, command)
        await _check_space(node, command)
        await _start(node, command, copying)
    elif not copying.is_sure:
        raise BrokenCopy(_incomplete(node, "the engine that began the copy ended before all jobs were known"))
    await _follow(node, command, copying)
    present = await _list_staging(node, command)
    if problem := misfit(command.sstables, present) or _wrong_sum(command, present):
        raise BrokenCopy(_incomplete(node, f"{command.staging}: {problem}"))
    await copying.forget()
    return present


def _wrong_sum(command: DownloadBatch, present: Mapping[str, int]) -> str | None:
    """Say that the files have other sizes than those that were found: Scylla has noted those of ``Data.db`` only."""
    size = sum(present.values())
    if not command.is_exact or size == command.size:
        return None
    return f"the files have {size} bytes in place of {command.size}"


async def _check_empty(node: Node, command: DownloadBatch) -> None:
    """Between the look and the copy somebody may have come: what lies there now is not touched."""
    if present := await list_upload(node, command.upload):
        raise BrokenCopy(_incomplete(node, f"{command.upload}: others have brought {some(present)}"))


async def _check_space(node: Node, command: DownloadBatch) -> None:
    space = await node(lambda gateway: gateway.disk_space())
    left = space.free - command.size
    if left * 100 < command.min_free_percent * space.total:
        raise BrokenCopy(
            Failure(
                cause=Cause.NO_SPACE,
                message=(
                    f"a batch of {command.size} bytes would leave {left} of {space.total} bytes free, "
                    f"less than {command.min_free_percent} %"
                ),
                node=node.address,
                call="operations/about",
                hint="free disk space on the node; it is asked again in a while",
            )
        )


async def _start(node: Node, command: DownloadBatch, copying: Copying) -> None:
    await copying.start_some()
    answers = [(job, await copying.ask(job)) for job in copying.running]
    jobs = copying.jobs
    node.report(
        DownloadStarted(
            batch=command.batch,
            attempt=command.attempt,
            jobs=tuple(job for job, _ in jobs),
            started_at=tuple(started_at for _, started_at in jobs),
        )
    )
    for job, progress in answers:
        copying.settle(job, progress)


async def _follow(node: Node, command: DownloadBatch, copying: Copying) -> None:
    told_at, told_bytes = node.now(), 0
    while not copying.is_over:
        await copying.start_some()
        for job in copying.running:
            copying.settle(job, await copying.ask(job))
        is_news = copying.copied_bytes != told_bytes and not copying.is_over
        if is_news and node.now() >= told_at + PROGRESS_INTERVAL:
            told_at, told_bytes = node.now(), copying.copied_bytes
            node.report(
                DownloadProgressed(batch=command.batch, attempt=command.attempt, downloaded=told_bytes)
            )


async def _list_staging(node: Node, command: DownloadBatch) -> dict[str, int]:
    try:
        return sizes_of(await patiently(node, lambda gateway: gateway.list_files(command.staging)))
    except DirectoryMissing:
        return {}


async def _explained(node: Node, command: DownloadBatch, copying: Copying, failure: Failure) -> Failure:
    """Name the files that are missing: the agent, which copied all others, says only that some object is."""
    if failure.cause is not Cause.MISSING_OBJECT or copying.running:
        return failure
    try:
        present = await _list_staging(node, command)
    except (NodeError, Stopped):
        return failure
    missing = names_of(command.sstables) - present.keys()
    return Failure(
        cause=failure.cause,
        message=f"{failure.message}: {some(missing)}" if missing else failure.message,
        node=failure.node,
        call=failure.call,
        hint="the backup lacks a file that its manifest names; exclude the table, or restore another snapshot",
    )


async def _fail(node: Node, command: DownloadBatch, copying: Copying, failure: Failure) -> None:
    try:
        is_clean = await _clean_up(node, command, copying)
    except Stopped:
        # told only once, so the second time is the last one
        is_clean = await _clean_up(node, command, copying)
    node.report(
        DownloadFailed(
            batch=command.batch,
            attempt=command.attempt,
            node=node.address,
            failure=failure,
            staging_left=not is_clean,
        )
    )


async def _clean_up(node: Node, command: DownloadBatch, copying: Copying) -> bool:
    """End the jobs, then remove the directory; return whether it is gone for good.

    A node that does not answer keeps what is there; the ledger has the directory.
    """
    try:
        is_quiet = await copying.end()
        if command.is_direct:
            return await _clear(node, command, copying, is_quiet=is_quiet)
        await patiently(node, lambda gateway: gateway.purge(command.staging), patience=ENDING_PATIENCE)
    except NodeError:
        return False
    await copying.forget()
    return is_quiet


async def _clear(node: Node, command: DownloadBatch, copying: Copying, *, is_quiet: bool) -> bool:
    """Remove the files from ``upload`` once nothing writes them; where nobody knows that, they are the ledger's."""
    if not copying.jobs and is_quiet:
        # nothing was begun, so that nothing there is ours
        return True
    if not is_quiet or not await try_to_remove(node, command, names_of(command.sstables)):
        return False
    await copying.forget()
    return True


def _assert_place(command: DownloadBatch) -> None:
    if command.is_direct:
        assert_upload(command.upload)
    else:
        assert_staging(command.staging)


def _incomplete(node: Node, message: str) -> Failure:
    return Failure(cause=Cause.INCOMPLETE, message=message, node=node.address)


def _stopped(node: Node) -> Failure:
    return Failure(cause=Cause.STOPPED, message="the engine asked for the end", node=node.address)
