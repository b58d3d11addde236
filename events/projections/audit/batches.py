"""What was restored, through whom and into which tables, and which attempts failed."""

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import BatchEvent, batches
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.projections.attempts import Attempt, Phase, current, new_attempt
from scylla_restore.events.projections.audit.state import AuditState, OpenAlteration
from scylla_restore.events.projections.catalogue import Extent


def apply_batch_event(state: AuditState, event: BatchEvent, envelope: Envelope) -> None:
    """Fold an event about a batch."""
    if isinstance(event, batches.BatchAssigned):
        state.open[event.batch] = new_attempt(event)
        return
    attempt = current(state.open, event)
    if attempt is None:
        return
    match event:
        case batches.BatchFilesFound():
            attempt.size = event.size
        case batches.BatchFilesMissed():
            state.table_of(attempt.directory).failures += 1
            state.note_failure(envelope, event.failure, batch=event.batch, attempt=event.attempt)
            _end(state, event, files_left=False)
        case batches.DownloadRequested():
            state.enter(_files_on_the_way(event.batch, attempt))
        case batches.LoadStarted():
            attempt.phase = Phase.LOADING
        case batches.SSTablesLoaded():
            _count_restored(state, attempt)
            _end(state, event, files_left=event.staging_left)
        case batches.DownloadFailed() | batches.LoadFailed():
            _count_failure(state, attempt, event.failure, envelope, event.batch)
            _end(state, event, files_left=event.staging_left)
        case batches.BatchReturned():
            # where a load may go on, nobody removes what it reads
            _end(state, event, files_left=not (attempt.direct and attempt.phase is Phase.LOADING))
        case _:  # steps on the way say nothing about what came of it
            pass


def _end(state: AuditState, event: BatchEvent, *, files_left: bool) -> None:
    del state.open[event.batch]
    if not files_left:
        state.strike_out(_staging_id(event.batch, event.attempt))


def _files_on_the_way(batch: int, attempt: Attempt) -> OpenAlteration:
    """Return the ledger's entry of what an attempt downloads, which no intent announces but the download's own."""
    what, kind = "staging directory", "staging_directory"
    if attempt.direct:
        what, kind = "files in upload", "upload_files"
    return OpenAlteration(
        id=_staging_id(batch, attempt.number),
        kind=kind,
        node=attempt.node,
        what=f"{what} of batch {batch}, attempt {attempt.number}",
        made=True,
    )


def _staging_id(batch: int, attempt: int) -> str:
    return f"staging/{batch}/{attempt}"


def _count_restored(state: AuditState, attempt: Attempt) -> None:
    extent = Extent(len(attempt.sstables), attempt.size)
    node = state.node(attempt.node)
    for record in (state.table_of(attempt.directory), node):
        record.batches += 1
        record.sstables += extent.sstables
        record.size += extent.size
    if attempt.native:
        node.native_sstables += extent.sstables
    state.batches += 1
    state.restored = state.restored.plus(extent)


def _count_failure(
    state: AuditState, attempt: Attempt, failure: Failure, envelope: Envelope, batch: int
) -> None:
    if failure.cause is Cause.STOPPED:
        return
    state.table_of(attempt.directory).failures += 1
    state.node(attempt.node).failures += 1
    state.note_failure(envelope, failure, node=attempt.node, batch=batch, attempt=attempt.number)
