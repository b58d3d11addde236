"""How events about batches change the state."""

from datetime import datetime
from typing import assert_never

import msgspec

from scylla_restore.engine.core.names import staging_directory, upload_directory
from scylla_restore.engine.core.state import Batch, NodeState, Phase, RunState
from scylla_restore.engine.core.state.ledger import staging_entry
from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.alterations import CopiedIntoUpload, NodeAlteration, StagingCreated
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.target import Method, Staging

NOT_THE_BATCH = frozenset({Cause.UNREACHABLE, Cause.AGENT_RESTARTED, Cause.NO_SPACE, Cause.STOPPED})
"""Causes that say nothing about the batch: it may be tried on the node again as if it had not been."""


def fold_batch(state: RunState, event: BatchEvent, at: datetime) -> None:
    """Fold one event about a batch."""
    if isinstance(event, batches.BatchAssigned):
        _assigned(state, event)
        return
    batch = state.batches[event.batch]
    match event:
        case batches.BatchCheckRequested() | batches.BatchFilesFound() | batches.BatchFilesMissed():
            _check(state, batch, event)
        case batches.DownloadRequested():
            batch.phase, batch.began = Phase.REQUESTED, at
            _asked(state, batch)
            state.ledger.open(staging_entry(batch.id, batch.attempt), _place(state, batch), made=True)
        case batches.DownloadStarted():
            batch.phase, batch.jobs, batch.started_at = Phase.DOWNLOADING, event.jobs, event.started_at
        case batches.DownloadProgressed() | batches.NativeRestoreProgressed() | batches.LoadAnswerLost():
            pass
        case batches.BatchDownloaded():
            _downloaded(state, batch, at)
        case batches.LoadRequested():
            node = state.nodes[batch.node]
            if batch.id in node.staged:
                node.staged.remove(batch.id)
            node.load, batch.phase, batch.began = batch.id, Phase.MOVING, at
            state.index_node(node)
        case batches.UploadOccupied():
            batch.phase = Phase.OCCUPIED if batch.direct else Phase.BLOCKED
            state.blocked.append(batch.id)
        case batches.UploadFoundEmpty():
            batch.phase = Phase.CLEAR
            state.to_download.append(batch.id)
        case batches.UploadFilled():
            batch.phase = Phase.IN_UPLOAD
            state.to_load.append(batch.id)
        case batches.LoadStarted():
            batch.phase = Phase.LOADING
            if batch.id in state.to_load:
                state.to_load.remove(batch.id)
        case batches.NativeRestoreRequested():
            batch.phase, batch.began, batch.task = Phase.ASKED, at, ""
            _asked(state, batch)
        case batches.NativeRestoreStarted():
            batch.phase, batch.began, batch.task = Phase.RESTORING, at, event.task
        case batches.SSTablesLoaded():
            _loaded(state, batch, event, at)
        case batches.DownloadFailed() | batches.LoadFailed():
            _failed(state, batch, event)
        case batches.BatchReturned():
            _returned(state, batch, event)
        case _:
            assert_never(event)


def _assigned(state: RunState, event: batches.BatchAssigned) -> None:
    is_native = event.method is Method.NATIVE
    batch = state.batches.get(event.batch)
    if batch is None:
        positions = state.workload.assign(event.directory, event.sstables)
        batch = Batch(
            id=event.batch,
            directory=event.directory,
            positions=positions,
            size=event.size,
            node=event.node,
            attempt=event.attempt,
            phase=Phase.REQUESTED,
            # all of a batch are of one kind
            restorable=state.workload.directories[event.directory].is_restorable(positions[0]),
            failures={},
        )
        state.batches[batch.id] = batch
        state.last_batch = max(state.last_batch, batch.id)
    else:
        state.returned.remove(batch.id)
        batch.node, batch.attempt = event.node, event.attempt
        batch.jobs, batch.started_at, batch.stopping, batch.failure = (), (), False, None
        batch.found = False
    batch.method, batch.task = event.method, ""
    batch.direct = event.staging is Staging.OFF and not is_native
    batch.phase = Phase.ASKED if is_native else Phase.LOOKING if batch.direct else Phase.REQUESTED
    node = state.nodes[event.node]
    if is_native:
        node.load = batch.id
    else:
        node.download = batch.id
    state.index_node(node)


def _downloaded(state: RunState, batch: Batch, at: datetime) -> None:
    node = state.nodes[batch.node]
    node.download, node.shortages = None, 0
    node.staged.append(batch.id)
    _note_copied(state, batch)
    _observe(node, batch, at, loaded=False)
    batch.phase, batch.stopping = Phase.STAGED, False
    state.index_node(node)


def _loaded(state: RunState, batch: Batch, event: batches.SSTablesLoaded, at: datetime) -> None:
    node = state.nodes[batch.node]
    if node.waits_for_space:
        # what was staged is gone from its disk: it need not wait any longer
        node.suspended_until = at
    _leave_lanes(state, node, batch)
    node.failures = 0
    if batch.method is Method.NATIVE:
        node.native_failures = 0
    _observe(node, batch, at, loaded=True)
    if not event.staging_left:
        state.ledger.close(staging_entry(batch.id, batch.attempt))
    state.restored_bytes += batch.size
    state.restored_sstables += len(batch.positions)
    del state.batches[batch.id]


def _failed(state: RunState, batch: Batch, event: batches.DownloadFailed | batches.LoadFailed) -> None:
    node = state.nodes[batch.node]
    _leave_lanes(state, node, batch)
    batch.phase, batch.failure, batch.stopping = Phase.FAILED, event.failure, False
    batch.missed = 0
    if event.failure.cause not in NOT_THE_BATCH:
        batch.failures[batch.node] = batch.failures.get(batch.node, 0) + 1
        batch.native_failed |= batch.method is Method.NATIVE
    if batch.method is Method.NATIVE and event.failure.cause not in (Cause.UNREACHABLE, Cause.STOPPED):
        node.native_failures += 1
    if event.failure.cause is Cause.NO_SPACE:
        node.shortages += 1
    elif event.failure.cause is not Cause.STOPPED:
        node.failures += 1
    if not event.staging_left:
        state.ledger.close(staging_entry(batch.id, batch.attempt))
    state.failed.append(batch.id)
    _leave_files(state, node, batch)


def _asked(state: RunState, batch: Batch) -> None:
    """Somebody is asked now for what nothing stood in the way of."""
    if batch.id in state.to_download:
        state.to_download.remove(batch.id)


def _check(
    state: RunState,
    batch: Batch,
    event: batches.BatchCheckRequested | batches.BatchFilesFound | batches.BatchFilesMissed,
) -> None:
    match event:
        case batches.BatchCheckRequested():
            batch.phase = Phase.CHECKING
            _asked(state, batch)
        case batches.BatchFilesFound():
            batch.phase, batch.found, batch.missed, batch.size = Phase.CLEAR, True, 0, event.size
            state.to_download.append(batch.id)
        case batches.BatchFilesMissed():
            # the location's fault, or the backup's: the node was not asked for anything
            _leave_lanes(state, state.nodes[batch.node], batch)
            batch.phase, batch.failure = Phase.FAILED, event.failure
            batch.missed += 1
            state.failed.append(batch.id)
        case _:
            assert_never(event)


def _returned(state: RunState, batch: Batch, event: batches.BatchReturned) -> None:
    node = state.nodes[batch.node]
    _leave_lanes(state, node, batch)
    if batch.direct and batch.phase is Phase.LOADING:
        # a load may go on there: what it reads is not removed by anybody, but set aside like files of others
        state.ledger.close(staging_entry(batch.id, batch.attempt))
    if batch.id in state.failed:
        state.failed.remove(batch.id)
    batch.phase, batch.not_before = Phase.RETURNED, event.not_before
    state.returned.append(batch.id)
    _leave_files(state, node, batch)


def _leave_lanes(state: RunState, node: NodeState, batch: Batch) -> None:
    if node.download == batch.id:
        node.download = None
    if node.load == batch.id:
        node.load = None
    for waiting in (node.staged, state.to_load, state.blocked, state.to_download):
        if batch.id in waiting:
            waiting.remove(batch.id)
    state.index_node(node)


def _place(state: RunState, batch: Batch) -> NodeAlteration:
    if not batch.direct:
        return StagingCreated(node=batch.node, path=staging_directory(state, batch))
    return CopiedIntoUpload(
        node=batch.node,
        upload=upload_directory(state, batch),
        directory=batch.directory,
        positions=tuple(batch.positions),
    )


def _note_copied(state: RunState, batch: Batch) -> None:
    """Remember that no job writes into ``upload`` for this attempt any more."""
    entry = state.ledger.entries.get(staging_entry(batch.id, batch.attempt))
    if entry is not None and isinstance(entry.alteration, CopiedIntoUpload):
        entry.alteration = msgspec.structs.replace(entry.alteration, is_copied=True)


def _leave_files(state: RunState, node: NodeState, batch: Batch) -> None:
    """Remember that an attempt has ended that may have left files in ``upload``."""
    entry = staging_entry(batch.id, batch.attempt)
    if batch.direct and entry in state.ledger.entries and entry not in node.left:
        node.left.append(entry)
        state.index_node(node)


def _observe(node: NodeState, batch: Batch, at: datetime, *, loaded: bool) -> None:
    """Remember how long a lane took. Whichever lane is the slower one tells how fast the node is."""
    if batch.began is not None:
        node.moved_s += max(0.0, (at - batch.began).total_seconds())
    if loaded:
        node.moved_bytes += batch.size
