"""Batches whose directory was not listed: they have the bytes that were found, and one that was missed is no node's fault."""

from tests.support import story as told
from tests.support.story import Story, indexed_story

from scylla_restore.events.audit import AuditReport, audit
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.batches import (
    BatchCheckRequested,
    BatchFilesFound,
    BatchFilesMissed,
    BatchReturned,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.projections import progress, restore_run_progress
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.restore_run_progress import RestoreRunProgressState

MISSING = Failure(cause=Cause.MISSING_OBJECT, message="s3:backups/x: me-1-big-Data.db: missing")


def assigned() -> Story:
    """A batch of which 300 bytes are noted, in the middle of being looked for."""
    return indexed_story().tell(
        told.batch_assigned(1, "d1", size=300), BatchCheckRequested(batch=1, attempt=1)
    )


def missed() -> Story:
    return assigned().tell(
        BatchFilesMissed(batch=1, attempt=1, location="s3:backups", failure=MISSING),
        BatchReturned(batch=1, attempt=1, reason=MISSING.message),
    )


def audited(story: Story) -> AuditReport:
    log = MemoryLog()
    story.write_to(log)
    return audit(log, told.RUN)


def test_progress_and_audit_count_the_bytes_that_were_found() -> None:
    story = assigned().tell(BatchFilesFound(batch=1, attempt=1, size=290)).restore(1)
    state, rows = ProgressState(), RestoreRunProgressState()
    for envelope in story.envelopes:
        progress.apply(state, envelope)
        restore_run_progress.apply(rows, envelope, {})
    assert (state.restored, rows.restored) == (290, 290)
    assert audited(story).summary.restored_size == 290


def test_what_was_missed_is_told_with_its_table_and_is_no_node_s_fault() -> None:
    summary = audited(missed()).summary
    (failure,) = summary.failures.first
    assert (failure.node, failure.batch, failure.message) == (None, 1, MISSING.message)
    assert {table.table: table.failures for table in summary.tables if table.failures} == {"one": 1}
    assert not any(node.failures for node in summary.nodes)


def test_what_was_missed_is_not_under_way_any_more() -> None:
    state = ProgressState()
    for envelope in missed().envelopes:
        progress.apply(state, envelope)
    assert not state.open
