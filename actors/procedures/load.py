"""A downloaded batch's way into the cluster: renamed into ``upload``, then loaded and streamed.

    staging complete? ── nobody else's files in upload? ── rename ── UploadFilled
    load&stream ──┬── done ── remove the emptied staging directory ── SSTablesLoaded
                  ├── "already loading", no answer ── wait, ask for the same load again
                  └── failed ── what is left goes back to staging ── LoadFailed

A load goes on when nobody listens any more, and may rename files; so names in ``upload`` are compared only while
none can be running, and nothing is ever deleted there. That ``upload`` is empty never means that a batch was loaded.

A broken load's files stay in staging until its failure is in the log. An engine that is killed before that leaves a
load that looks as if it were running, and asking for it again with an empty ``upload`` would succeed: files in
staging are what tells that it failed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from scylla_restore.actors.procedures.asking import Node, failure_of, patiently
from scylla_restore.actors.procedures.files import assert_staging, misfit, names_of, sizes_of
from scylla_restore.actors.procedures.patience import PATIENCE, SILENCE_MAX, pauses
from scylla_restore.actors.procedures.upload import try_to_remove
from scylla_restore.actors.runtime import Sleep, Stopped
from scylla_restore.engine.core.commands import BatchCommand, LoadSSTables, MoveIntoUpload
from scylla_restore.engine.errors import DirectoryMissing, LoadBusy, NodeError, NodeRefused, NodeUnreachable
from scylla_restore.events.model.batches import (
    LoadAnswerLost,
    LoadFailed,
    SSTablesLoaded,
    UploadFilled,
    UploadOccupied,
)
from scylla_restore.events.model.failure import Cause, Failure

MOVE_PATIENCE = timedelta(minutes=5)
LOST_TOLD_EVERY = timedelta(minutes=1)
BUSY_TOLD_EVERY = timedelta(minutes=5)


async def move_into_upload(node: Node, command: MoveIntoUpload) -> None:
    """Rename the batch's files into ``upload``; report what became of it.

    A stop ends it without a word: what is done so far is found when the command is repeated as recovering.
    """
    try:
        outcome = await (_compare(node, command) if command.is_direct else _move(node, command))
    except NodeError as error:
        outcome = _failed(node, command, failure_of(error), is_clean=False)
    except Stopped:
        return
    node.report(outcome)


async def _compare(node: Node, command: MoveIntoUpload) -> UploadFilled | LoadFailed:
    """Without staging the files are in ``upload``, and must be all that is there. No load of it was asked for yet."""
    problem = misfit(command.sstables, await _list(node, command.upload))
    if problem is None:
        return UploadFilled(batch=command.batch, attempt=command.attempt)
    is_clean = await try_to_remove(node, command, names_of(command.sstables))
    failure = Failure(cause=Cause.INCOMPLETE, message=f"{command.upload}: {problem}", node=node.address)
    return _failed(node, command, failure, is_clean=is_clean)


async def _move(node: Node, command: MoveIntoUpload) -> UploadFilled | UploadOccupied | LoadFailed:
    staged = await _list(node, assert_staging(command.staging))
    waiting = await _list(node, command.upload)
    ours = _moved_before(command, staged, waiting)
    if problem := misfit(command.sstables, {**staged, **ours}):
        is_clean = await (_take_back(node, command) if ours else _remove_staging(node, command))
        words = f"{command.staging}: {problem}"
        failure = Failure(cause=Cause.INCOMPLETE, message=words, node=node.address)
        return _failed(node, command, failure, is_clean=is_clean)
    if foreign := {name: size for name, size in waiting.items() if name not in ours}:
        return UploadOccupied(
            batch=command.batch,
            attempt=command.attempt,
            node=node.address,
            files=len(foreign),
            size=sum(foreign.values()),
        )
    if staged:
        try:
            await _rename(node, command.staging, command.upload)
        except NodeRefused as error:
            return _failed(node, command, failure_of(error), is_clean=await _take_back(node, command))
    return UploadFilled(batch=command.batch, attempt=command.attempt)


def _moved_before(
    command: MoveIntoUpload, staged: Mapping[str, int], waiting: Mapping[str, int]
) -> dict[str, int]:
    """Return what an earlier, cut move has brought into ``upload``. A rename leaves a file in one place only."""
    if not command.recovering:
        return {}
    ours = names_of(command.sstables) - staged.keys()
    return {name: size for name, size in waiting.items() if name in ours}


async def load_sstables(node: Node, command: LoadSSTables) -> None:
    """Load what is in ``upload``, asking again until there is a final answer; report it.

    A stop ends it without a word: Scylla finishes a load by itself, and the same load can be asked for again.
    """
    if command.is_direct:
        await _load_in_place(node, command)
        return
    assert_staging(command.staging)
    asking = _Asking(node, command)
    try:
        if command.recovering and await _list(node, command.staging, patience=SILENCE_MAX):
            await _bring_back(node, command)
            node.report(_failed(node, command, _broken_before(node, command), is_clean=False))
            return
        await asking.until_loaded()
    except NodeRefused as error:
        # a refusal that is not a load's own failure says nothing about a load that may still run
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR or not asking.may_run:
            await _bring_back(node, command)
        node.report(_failed(node, command, failure_of(error), is_clean=False))
    except NodeError as error:
        node.report(_failed(node, command, failure_of(error), is_clean=False))
    except Stopped:
        return
    else:
        is_clean = await _remove_staging(node, command)
        node.report(SSTablesLoaded(batch=command.batch, attempt=command.attempt, staging_left=not is_clean))


async def _load_in_place(node: Node, command: LoadSSTables) -> None:
    """Load what was copied straight into ``upload``.

    A broken load's files are removed when its failure is in the log, not before: that ``upload`` is empty would look like
    a success to the next engine. Where the load may go on, they are not removed at all.
    """
    asking = _Asking(node, command)
    try:
        await asking.until_loaded()
    except NodeRefused as error:
        is_over = error.status == HTTPStatus.INTERNAL_SERVER_ERROR or not asking.may_run
        node.report(_failed(node, command, failure_of(error), is_clean=not is_over))
    except NodeError as error:
        node.report(_failed(node, command, failure_of(error), is_clean=True))
    except Stopped:
        return
    else:
        node.report(SSTablesLoaded(batch=command.batch, attempt=command.attempt))


class _Asking:
    """One load, asked for until it is answered; ``may_run`` is true once a load may be running in Scylla."""

    def __init__(self, node: Node, command: LoadSSTables) -> None:
        self._node = node
        self._command = command
        self._told_at: datetime | None = None
        self._silent_since: datetime | None = None
        self._busy_since: datetime | None = None
        self.may_run = command.recovering

    async def until_loaded(self) -> None:
        """Return when the load is done; a refusal ends it, and so does a node that is silent for too long."""
        keyspace, table = self._command.keyspace, self._command.table
        for pause in pauses(5, 30):
            try:
                await self._node(lambda gateway: gateway.load_and_stream(keyspace, table))
            except LoadBusy as error:
                self._note_busy(error)
            except NodeUnreachable as error:
                self._note_silence(error)
            else:
                return
            await Sleep(pause)

    def _note_busy(self, error: LoadBusy) -> None:
        now = self._node.now()
        self._silent_since = None
        self._busy_since = self._busy_since or now
        if now >= self._busy_since + BUSY_TOLD_EVERY:
            self._tell(error, now, BUSY_TOLD_EVERY)

    def _note_silence(self, error: NodeUnreachable) -> None:
        now = self._node.now()
        self.may_run = True
        self._silent_since = self._silent_since or now
        self._tell(error, now, LOST_TOLD_EVERY)
        if not error.retryable or now >= self._silent_since + SILENCE_MAX:
            raise error

    def _tell(self, error: NodeError, now: datetime, every: timedelta) -> None:
        if self._told_at is None or now >= self._told_at + every:
            self._told_at = now
            self._node.report(
                LoadAnswerLost(
                    batch=self._command.batch,
                    attempt=self._command.attempt,
                    node=self._node.address,
                    failure=failure_of(error),
                )
            )


async def _list(node: Node, path: str, *, patience: timedelta = PATIENCE) -> dict[str, int]:
    try:
        return sizes_of(await patiently(node, lambda gateway: gateway.list_files(path), patience=patience))
    except DirectoryMissing:
        return {}


async def _rename(node: Node, source: str, destination: str) -> None:
    """Move all files of a directory; what a cut move left is moved by the next."""
    await patiently(node, lambda gateway: gateway.move_directory(source, destination), patience=MOVE_PATIENCE)


async def _take_back(node: Node, command: MoveIntoUpload | LoadSSTables) -> bool:
    """Remove what is left of the batch, by way of staging; return whether nothing of it is left."""
    is_back = await _bring_back(node, command)
    return await _remove_staging(node, command) and is_back


async def _bring_back(node: Node, command: MoveIntoUpload | LoadSSTables) -> bool:
    """Rename what is left of the batch back into staging; return whether nothing of it is left in ``upload``.

    Where ``upload`` holds a file that is not known as the batch's, everything in it stays: a load renames files, and
    others put some there, and nobody can tell which is which.
    """
    try:
        waiting = await _list(node, command.upload)
        is_ours = waiting.keys() <= names_of(command.sstables)
        if waiting and is_ours:
            await _rename(node, command.upload, command.staging)
    except (NodeError, Stopped):
        return False
    return is_ours


async def _remove_staging(node: Node, command: BatchCommand) -> bool:
    try:
        await patiently(node, lambda gateway: gateway.purge(command.staging))
    except (NodeError, Stopped):
        return False
    return True


def _broken_before(node: Node, command: LoadSSTables) -> Failure:
    return Failure(
        cause=Cause.FAILED,
        message=f"the load broke under an engine that did not record it: files are back in {command.staging}",
        node=node.address,
    )


def _failed(node: Node, command: BatchCommand, failure: Failure, *, is_clean: bool) -> LoadFailed:
    return LoadFailed(
        batch=command.batch,
        attempt=command.attempt,
        node=node.address,
        failure=failure,
        staging_left=not is_clean,
    )
