"""Tables are brought up to the log from wherever they are, whatever happens meanwhile."""

from collections.abc import Callable, Iterator

import msgspec
import pytest
from tests.support.failing_tables import FailingTables, How
from tests.support.histories import HISTORIES, Appender, calm_history, troubled_history
from tests.support.story import CLUSTER_ID, RUN, Story

from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.errors import LogUnavailable, TablesMoved, UnknownRun
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Checkpoint
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.kept import CHECKPOINT_NAME, Changes, Folding, Kept
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.putting_away import decode, encode
from scylla_restore.events.projections.runs import overview_of_progress
from scylla_restore.events.tables import projector as projector_module
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import Position, ProjectionTables, Rows, RunKey
from scylla_restore.events.tables.projector import Projector
from scylla_restore.events.tables.rebuilding import rebuild

KEY = RunKey(cluster_id=CLUSTER_ID, run=RUN)


class CountingLog(MemoryLog):
    """Remembers from where records were read; ``fails_at`` is the record that cannot be read, once."""

    def __init__(self) -> None:
        super().__init__()
        self.read_from: list[int] = []
        self.fails_at = 0

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """Read, and remember."""
        self.read_from.append(from_seq)
        return self._until_it_fails(super().read_records(run, from_seq=from_seq))

    def _until_it_fails(self, records: Iterator[StoredRecord]) -> Iterator[StoredRecord]:
        for record in records:
            if record.seq == self.fails_at:
                self.fails_at = 0
                raise LogUnavailable("the log does not answer")
            yield record


def logged(story: Story) -> CountingLog:
    log = CountingLog()
    story.write_to(log)
    return log


def bring_up(log: MemoryLog, tables: ProjectionTables, *, step_records: int = 7) -> Projector:
    projector = Projector(log, tables, RUN, step_records=step_records)
    while projector.advance():
        pass
    return projector


def at_once(story: Story) -> Rows:
    """The rows, made in one step and by nothing but the fold."""
    tables, folding, last = MemoryTables(), Folding(Kept()), story.envelopes[-1]
    folding.fold(story.envelopes)
    tables.apply(KEY, folding.take(), after=None, upto=Position(seq=last.seq, hash=last.hash))
    return tables.rows(KEY)


@pytest.fixture(params=sorted(HISTORIES))
def story(request: pytest.FixtureRequest) -> Story:
    make: Callable[[], Story] = HISTORIES[request.param]
    return make()


@pytest.mark.parametrize("step_records", [1, 2, 5, 1000])
def test_rows_made_in_steps_of_any_size_are_those_made_at_once(story: Story, step_records: int) -> None:
    tables = MemoryTables()
    projector = bring_up(logged(story), tables, step_records=step_records)
    assert tables.rows(KEY) == at_once(story)
    assert projector.seq == story.envelopes[-1].seq
    assert tables.rows(KEY).restore_run_progress


def test_an_engine_killed_after_any_step_leaves_nothing_to_be_made_good(story: Story) -> None:
    log, tables = logged(story), FailingTables()
    is_over = False
    while not is_over:
        projector, steps = Projector(log, tables, RUN, step_records=3), tables.steps
        while tables.steps == steps and not is_over:
            is_over = not projector.advance()
    assert tables.steps == -(-len(story.envelopes) // 3)
    assert tables.rows(KEY) == at_once(story)


@pytest.mark.parametrize("how", ["refused", "lost"])
def test_a_step_that_failed_is_made_again(story: Story, how: How) -> None:
    log, tables = logged(story), FailingTables(None, how, None, how, how)
    projector = Projector(log, tables, RUN, step_records=4)
    failures = 0
    while True:
        try:
            if not projector.advance():
                break
        except LogUnavailable:
            failures += 1
    assert failures == 3
    assert tables.rows(KEY) == at_once(story)


def test_a_log_that_does_not_answer_halfway_is_asked_again(story: Story) -> None:
    log, tables = logged(story), MemoryTables()
    projector = Projector(log, tables, RUN, step_records=4)
    assert projector.advance()
    log.fails_at = 7
    with pytest.raises(LogUnavailable):
        projector.advance()
    assert projector.seq == 4
    while projector.advance():
        pass
    assert tables.rows(KEY) == at_once(story)


def test_what_was_put_away_is_not_folded_again() -> None:
    story = troubled_history()
    log, tables = logged(story), MemoryTables()
    bring_up(log, tables).save()
    end = story.envelopes[-1].seq
    log.read_from.clear()
    Appender(log).append(story.die(for_s=1).envelopes[end:])
    assert bring_up(log, tables).seq == end + 1
    # The first record tells whose run it is, and the last one known whether the rest belongs to it.
    assert set(log.read_from) == {1, end}


def test_folds_are_put_away_now_and_then() -> None:
    story = troubled_history()
    log, tables = logged(story), MemoryTables()
    projector = Projector(log, tables, RUN, step_records=5, checkpoint_every=10)
    for _ in range(5):
        projector.advance()
    checkpoint = log.load_checkpoint(RUN, CHECKPOINT_NAME)
    assert checkpoint is not None
    assert checkpoint.seq == 20


@pytest.mark.parametrize("state", [b"", b"\xff\x00", b"\x80", msgspec.msgpack.encode({"progress": {}})])
def test_what_was_put_away_and_cannot_be_read_is_made_anew(state: bytes) -> None:
    story = calm_history()
    log, tables = logged(story), MemoryTables()
    Projector(log, tables, RUN, step_records=20).advance()
    log.save_checkpoint(
        Checkpoint(run=RUN, name=CHECKPOINT_NAME, seq=20, hash=story.envelopes[19].hash, state=state)
    )
    bring_up(log, tables)
    assert tables.rows(KEY) == at_once(story)


def test_folds_that_are_ahead_of_the_tables_are_of_no_use_to_them() -> None:
    story = troubled_history()
    log, tables, copy = logged(story), MemoryTables(), MemoryTables()
    Projector(log, copy, RUN, step_records=20).advance()
    bring_up(log, tables).save()
    bring_up(log, copy)
    assert copy.rows(KEY) == at_once(story)


def test_tables_of_another_history_are_made_anew() -> None:
    tables = MemoryTables()
    bring_up(logged(troubled_history()), tables)
    story = calm_history()
    bring_up(logged(story), tables)
    assert tables.rows(KEY) == at_once(story)


def test_whoever_finds_that_others_wrote_goes_on_from_there() -> None:
    story = troubled_history()
    log, tables = logged(story), MemoryTables()
    slow, quick = (Projector(log, tables, RUN, step_records=step) for step in (5, 8))
    slow.advance()
    quick.advance()
    quick.advance()
    with pytest.raises(TablesMoved):
        slow.advance()
    while slow.advance():
        pass
    assert tables.rows(KEY) == at_once(story)


def test_a_step_takes_few_records_where_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector_module, "STEP_BYTES", 1)
    monkeypatch.setattr(projector_module, "_BLOCK_RECORDS", 3)
    story, tables = calm_history(), FailingTables()
    bring_up(logged(story), tables)
    assert tables.steps == -(-len(story.envelopes) // 3)


class BusyTables(FailingTables):
    """Tables that an engine keeps while somebody makes them anew; ``engine`` is that engine's projector."""

    engine: Projector | None = None

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """Let the engine be quicker, once."""
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.advance()
        super().apply(run, changes, after=after, upto=upto)


def test_tables_are_made_anew_while_an_engine_keeps_them(story: Story) -> None:
    log, tables = logged(story), BusyTables()
    kept = bring_up(log, tables)
    tables.engine = Projector(log, tables, RUN, step_records=10)
    report = rebuild(log, tables, RUN)
    assert report.seq == kept.seq == story.envelopes[-1].seq
    assert tables.rows(KEY) == at_once(story)


def test_what_is_no_run_cannot_be_made_anew() -> None:
    log = MemoryLog()
    with pytest.raises(UnknownRun):
        rebuild(log, MemoryTables(), RUN)
    log.claim(RUN, "an engine")
    with pytest.raises(UnknownRun):
        rebuild(log, MemoryTables(), RUN)


def test_a_run_without_a_record_has_no_tables_yet() -> None:
    log, tables = MemoryLog(), MemoryTables()
    projector = Projector(log, tables, RUN)
    assert not projector.advance()
    log.claim(RUN, "an engine")
    assert not projector.advance()
    projector.save()
    assert (projector.seq, tables.runs()) == (0, {})


def test_tables_follow_a_log_that_grows() -> None:
    story = troubled_history()
    log, tables = MemoryLog(), MemoryTables()
    projector, appender = Projector(log, tables, RUN), Appender(log)
    for number in range(0, len(story.envelopes), 6):
        part = story.envelopes[number : number + 6]
        appender.append(part)
        while projector.advance():
            pass
        assert projector.seq == part[-1].seq
    assert tables.rows(KEY) == at_once(story)


def test_folds_go_on_the_same_after_they_were_put_away(story: Story) -> None:
    whole = Folding(Kept())
    whole.fold(story.envelopes)
    state = Kept()
    for envelope in story.envelopes:
        part = Folding(state)
        part.fold([envelope])
        state = decode(encode(part.state), Kept)
    assert state == whole.state


def test_the_overview_is_the_one_that_progress_tells(story: Story) -> None:
    state, folding = ProgressState(), Folding(Kept())
    for envelope in story.envelopes:
        progress.apply(state, envelope)
        folding.fold([envelope])
        assert folding.take().overview == overview_of_progress(state)
