"""All runs at a glance: as their logs tell, whatever tables there are."""

import pytest
from tests.support.failing_tables import FailingTables
from tests.support.histories import HISTORIES, Appender, calm_history, troubled_history
from tests.support.story import CLUSTER_ID, RUN, Story, run_started

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Checkpoint
from scylla_restore.events.model.schema import SchemaObject
from scylla_restore.events.model.schema_restore import (
    SchemaFileRead,
    SchemaStatementApplied,
    SchemaStatementRequested,
)
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections.progress import apply
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.putting_away import encode
from scylla_restore.events.projections.runs import RunOverview, overview_of_progress
from scylla_restore.events.projections.seen import CHECKPOINT_NAME, Seen
from scylla_restore.events.projections.seen import apply as apply_to_seen
from scylla_restore.events.tables.listing import list_runs
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import KeptRun
from scylla_restore.events.tables.projector import Projector
from scylla_restore.events.tables.seeing import seen_before
from scylla_restore.events.unfinished import unfinished_runs


class NoTables(MemoryTables):
    """Tables that cannot be asked."""

    def runs(self) -> dict[str, KeptRun]:
        """Fail."""
        raise LogUnavailable("the tables do not answer")


def told(story: Story) -> RunOverview:
    state = ProgressState()
    for envelope in story.envelopes:
        apply(state, envelope)
    return overview_of_progress(state)


@pytest.mark.parametrize("history", sorted(HISTORIES))
@pytest.mark.parametrize("known", [0, 1, 20, 1000])
def test_a_run_is_told_as_its_log_tells_it_however_far_the_tables_are(history: str, known: int) -> None:
    story, log, tables = HISTORIES[history](), MemoryLog(), FailingTables()
    appender = Appender(log)
    appender.append(story.envelopes[:known])
    projector = Projector(log, tables, RUN)
    projector.advance()
    projector.save()
    appender.append(story.envelopes[known:])
    assert list_runs(log, tables) == list_runs(log, None) == [told(story)]


@pytest.mark.parametrize("has_tables", [True, False])
def test_a_restore_of_the_schema_is_told_by_its_statements(*, has_tables: bool) -> None:
    keyspace = SchemaObject(keyspace="ks", kind="keyspace", name="ks")
    story = Story().tell(
        run_started(),
        SchemaFileRead(location="s3:backups", files=(), statements=4),
        StageEntered(stage=Stage.DATA),
    )
    story.tell(SchemaStatementRequested(number=0, object=keyspace), SchemaStatementApplied(number=0))
    log, tables = MemoryLog(), MemoryTables()
    story.write_to(log)
    Projector(log, tables, RUN).advance()
    (listed,) = list_runs(log, tables if has_tables else None)
    assert (listed.stage, listed.progress) == (Stage.DATA, 25.0)


def test_tables_that_do_not_answer_are_not_needed() -> None:
    log = MemoryLog()
    calm_history().write_to(log)
    assert list_runs(log, NoTables()) == [told(calm_history())]
    assert list(unfinished_runs(log, CLUSTER_ID, NoTables())) == []


def test_an_unfinished_run_is_found_although_the_tables_are_behind() -> None:
    log, tables = MemoryLog(), MemoryTables()
    story = troubled_history()
    story.write_to(log)
    Projector(log, tables, RUN, step_records=10).advance()
    assert [run for run, _ in unfinished_runs(log, CLUSTER_ID, tables)] == [RUN]
    assert list(unfinished_runs(log, "another cluster", tables)) == []


def test_a_log_is_not_asked_about_a_run_that_is_over() -> None:
    log, tables = MemoryLog(), MemoryTables()
    calm_history().write_to(log)
    Projector(log, tables, RUN).advance()
    # Were the log asked, it would tell that this run goes on.
    log._runs[RUN].records.pop()
    log._runs[RUN].head_hash = log._runs[RUN].records[-1].hash
    assert len(list(unfinished_runs(log, CLUSTER_ID, None))) == 1
    assert list(unfinished_runs(log, CLUSTER_ID, tables)) == []


@pytest.mark.parametrize("history", sorted(HISTORIES))
@pytest.mark.parametrize("spoilt", [b"", b"\xff"])
def test_what_an_engine_has_put_away_is_gone_on_with_if_it_can_be_read(history: str, spoilt: bytes) -> None:
    story, log = HISTORIES[history](), MemoryLog()
    story.write_to(log)
    seen, last = Seen(), story.envelopes[14]
    for envelope in story.envelopes[:15]:
        apply_to_seen(seen, envelope)
    checkpoint = Checkpoint(
        run=RUN, name=CHECKPOINT_NAME, seq=last.seq, hash=last.hash, state=encode(seen) + spoilt
    )
    log.save_checkpoint(checkpoint)
    assert seen_before(log, RUN) == ((Seen(), 0) if spoilt else (seen, 15))
    assert list_runs(log, None) == [told(story)]
