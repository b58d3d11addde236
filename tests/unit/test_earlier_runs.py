"""What a log tells of a cluster's earlier runs: which one was given up last, and into what it had restored."""

import pytest
from tests.support.histories import calm_history
from tests.support.story import CLUSTER_ID, TAG, Story, batch_assigned, indexed_story

from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.model.run import AbortedRun, AbortRequested, RunAborted
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.projector import Projector
from scylla_restore.events.unfinished import newest_aborted


def aborted_story(run: str, restored: int = 600) -> Story:
    story = indexed_story(run)
    if restored:
        story.tell(batch_assigned(1, "d1", size=restored, sstables=2)).restore(1)
    return story.tell(AbortRequested(requested_by="ann"), RunAborted(restored_bytes=restored))


@pytest.mark.parametrize("has_tables", [True, False])
def test_the_run_that_was_aborted_last_is_told_with_the_tables_that_it_had_restored_into(
    *, has_tables: bool
) -> None:
    log, tables = MemoryLog(), MemoryTables()
    stories = [aborted_story("first"), aborted_story("second"), aborted_story("third", 0), calm_history()]
    for story in stories:
        story.write_to(log)
        Projector(log, tables, story.envelopes[0].run).advance()
    told = newest_aborted(log, CLUSTER_ID, tables if has_tables else None)
    assert told == AbortedRun(run="second", snapshot_tag=TAG, tables=("a:one",))


@pytest.mark.parametrize("has_tables", [True, False])
def test_nothing_is_told_of_another_clusters_runs_nor_of_those_that_go_on(*, has_tables: bool) -> None:
    log, tables = MemoryLog(), MemoryTables()
    indexed_story().write_to(log)
    aborted_story("first").write_to(log)
    Projector(log, tables, "first").advance()
    assert newest_aborted(log, "another cluster", tables if has_tables else None) is None
    assert newest_aborted(MemoryLog(), CLUSTER_ID, None) is None
