"""Changing a node's settings and directories, and putting back what was there before. All of it can be repeated."""

from collections.abc import Callable
from datetime import timedelta
from typing import assert_never

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.files import assert_staging
from scylla_restore.actors.procedures.patience import pauses
from scylla_restore.actors.procedures.upload import clear_upload
from scylla_restore.actors.procedures.words import is_busy_toggle
from scylla_restore.actors.runtime import Sleep
from scylla_restore.engine.cluster.port import NodeGateway
from scylla_restore.engine.core.commands import Alter, OwnFiles, Undo
from scylla_restore.engine.errors import DirectoryMissing, NodeError, NodeRefused
from scylla_restore.events.model.alterations import (
    AlterationMade,
    AlterationUndone,
    AutoCompactionDisabled,
    BandwidthSet,
    CopiedIntoUpload,
    CpuUnpinned,
    NodeAlteration,
    StagingCreated,
    TransfersSet,
    UndoFailed,
    UploadSetAside,
    UserTtlSet,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeFailed

TOGGLE_TRIES = 6
GONE_LOOKS = 2
PURGES_MAX = 5
PURGE_PAUSE = timedelta(seconds=2)


async def alter(node: Node, command: Alter) -> None:
    """Make the alterations in turn, reporting each; the first that fails is the last."""
    for identifier, alteration in command.alterations:
        try:
            await _make(node, alteration)
        except NodeError as error:
            node.report(NodeFailed(node=node.address, failure=failure_of(error), exit_code=error.exit_code))
            return
        node.report(AlterationMade(id=identifier))


async def undo(node: Node, command: Undo) -> None:
    """Undo the alterations in turn, reporting each; one that fails does not keep the others.

    A node that does not answer is waited for once, not once for each.
    """
    failure: Failure | None = None
    for identifier, alteration in command.alterations:
        if failure is None or failure.cause is not Cause.UNREACHABLE:
            try:
                failure = await _put_back(node, alteration, command.files.get(identifier))
            except NodeError as error:
                failure = failure_of(error)
        if failure is None:
            node.report(AlterationUndone(id=identifier))
        else:
            node.report(UndoFailed(id=identifier, failure=failure))


async def _make(node: Node, alteration: NodeAlteration) -> None:
    match alteration:
        case AutoCompactionDisabled(tables=tables):
            await _switch_compaction(node, tables, enabled=False)
        case TransfersSet(after=transfers):
            await patiently(node, lambda gateway: gateway.set_transfers(transfers))
        case BandwidthSet(after=rate):
            await patiently(node, lambda gateway: gateway.set_bandwidth_rate(rate))
        case CpuUnpinned():
            await patiently(node, lambda gateway: gateway.unpin_cpu())
        case UserTtlSet(after=seconds):
            await patiently(node, lambda gateway: gateway.set_user_ttl(seconds))
        case StagingCreated() | CopiedIntoUpload():
            # the agent makes it with the first file
            return
        case UploadSetAside(upload=upload, found=found):
            await _move_if_there(node, upload, found)
        case _:
            assert_never(alteration)


async def _put_back(  # noqa: C901 - one case a kind
    node: Node, alteration: NodeAlteration, files: OwnFiles | None
) -> Failure | None:
    match alteration:
        case AutoCompactionDisabled(tables=tables):
            await _switch_compaction(node, tables, enabled=True)
        case TransfersSet(before=transfers):
            await patiently(node, lambda gateway: gateway.set_transfers(transfers))
        case BandwidthSet(before=rate):
            await patiently(node, lambda gateway: gateway.set_bandwidth_rate(rate))
        case CpuUnpinned():
            await patiently(node, lambda gateway: gateway.pin_cpu())
        case UserTtlSet(before=seconds):
            await patiently(node, lambda gateway: gateway.set_user_ttl(seconds))
        case StagingCreated(path=path):
            return await _remove_for_good(node, assert_staging(path))
        case CopiedIntoUpload():
            if files is None:
                raise ValueError(f"nobody said which files in {alteration.upload} are to be removed")
            return await clear_upload(node, alteration, files)
        case UploadSetAside(upload=upload, found=found):
            await _move_if_there(node, assert_staging(found), upload)
            if await _is_empty(node, found):
                await patiently(node, lambda gateway: gateway.purge(found))
        case _:
            assert_never(alteration)
    return None


async def _switch_compaction(node: Node, tables: tuple[str, ...], *, enabled: bool) -> None:
    """One table after another: Scylla refuses two switches at a time on a node."""
    for table in tables:
        await _switch(node, _compaction_call(table, enabled=enabled))


def _compaction_call(table: str, *, enabled: bool) -> Callable[[NodeGateway], None]:
    keyspace, _, name = table.partition(":")
    return lambda gateway: gateway.set_auto_compaction(keyspace, name, enabled=enabled)


async def _switch(node: Node, throw: Callable[[NodeGateway], None]) -> None:
    for tries, pause in enumerate(pauses(1, 8), start=1):
        try:
            return await patiently(node, throw)
        except NodeRefused as error:
            if tries == TOGGLE_TRIES or not is_busy_toggle(error.message):
                raise
        await Sleep(pause)
    return None


async def _move_if_there(node: Node, source: str, destination: str) -> None:
    try:
        await patiently(node, lambda gateway: gateway.move_directory(source, destination))
    except DirectoryMissing:
        # nothing was there, or an earlier move of the same has brought it all
        return


async def _remove_for_good(node: Node, path: str) -> Failure | None:
    """Remove a directory that a job may still write to: it is gone when it stays gone."""
    looks = 0
    for _ in range(PURGES_MAX):
        await patiently(node, lambda gateway: gateway.purge(path))
        await Sleep(PURGE_PAUSE)
        looks = looks + 1 if await _is_empty(node, path) else 0
        if looks == GONE_LOOKS:
            return None
    return Failure(
        cause=Cause.FAILED,
        message=f"{path} comes back after it was removed: a job of the agent still writes there",
        node=node.address,
        call="operations/purge",
        hint="it is removed when the job has ended: ask again later",
    )


async def _is_empty(node: Node, path: str) -> bool:
    try:
        return not await patiently(node, lambda gateway: gateway.list_files(path))
    except DirectoryMissing:
        return True
