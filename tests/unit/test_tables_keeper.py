"""The tables follow the log while an engine works, and never hold it up."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from tests.support.histories import Appender, troubled_history
from tests.support.story import CLUSTER_ID, RUN, indexed_story

from scylla_restore.engine.api.keeping import TablesKeeper
from scylla_restore.events.errors import LogUnavailable, TablesMoved
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.port import Checkpoint, EventLog
from scylla_restore.events.model.run import RunPaused
from scylla_restore.events.projections.kept import CHECKPOINT_NAME, Changes
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import Position, RunKey

KEY = RunKey(cluster_id=CLUSTER_ID, run=RUN)
PATIENCE_S = 30
NEVER_S = 3600.0


class WatchedTables(MemoryTables):
    """Tells when they got somewhere. ``failures`` is how many calls fail, each with ``error``."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        super().__init__()
        self.failures = failures
        self.error = error or LogUnavailable("the tables do not answer")
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._changed = threading.Condition()

    def apply(self, run: RunKey, changes: Changes, *, after: Position | None, upto: Position) -> None:
        """Apply, and tell."""
        self.may_go_on.wait(PATIENCE_S)
        with self._changed:
            if self.failures:
                self.failures -= 1
                raise self.error
            super().apply(run, changes, after=after, upto=upto)
            self._changed.notify_all()

    def wait_for(self, seq: int) -> bool:
        """Wait until the tables are made of all records up to ``seq``."""

        def is_there() -> bool:
            position = self.position(KEY)
            return position is not None and position.seq == seq

        with self._changed:
            return self._changed.wait_for(is_there, PATIENCE_S)


class Kept:
    """A keeper, and what it told of troubles."""

    def __init__(self, log: EventLog, tables: WatchedTables, *, interval_s: float = 0.01) -> None:
        self.told: SimpleQueue[Exception | None] = SimpleQueue()
        self.seen: Checkpoint | None = None
        self.keeper = TablesKeeper(
            log,
            tables,
            RUN,
            seen=lambda: self.seen,
            on_trouble=self.told.put,
            interval_s=interval_s,
        )
        self.keeper.start()


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    log = MemoryLog()
    yield log
    log.close()


def test_what_was_recorded_before_is_made_good_at_once(log: MemoryLog) -> None:
    story, tables = troubled_history(), WatchedTables()
    story.write_to(log)
    kept = Kept(log, tables)
    assert tables.wait_for(len(story.envelopes))
    kept.keeper.close()


def test_tables_follow_what_is_recorded(log: MemoryLog) -> None:
    story, tables, appender = troubled_history(), WatchedTables(), Appender(log)
    kept = Kept(log, tables)
    for envelope in story.envelopes:
        appender.append([envelope])
        kept.keeper.heard(envelope)
    assert tables.wait_for(len(story.envelopes))
    kept.keeper.close()


def test_the_end_of_a_run_waits_for_no_interval(log: MemoryLog) -> None:
    story, tables, appender = indexed_story(), WatchedTables(), Appender(log)
    appender.append(story.envelopes)
    kept = Kept(log, tables, interval_s=NEVER_S)
    assert tables.wait_for(len(story.envelopes))
    story.tell(RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0))
    appender.append(story.envelopes[-1:])
    kept.keeper.heard(story.envelopes[-1])
    assert tables.wait_for(len(story.envelopes))
    kept.keeper.close()


def test_closing_brings_the_tables_to_the_end_and_puts_the_folds_away(log: MemoryLog) -> None:
    story, tables, appender = troubled_history(), WatchedTables(), Appender(log)
    appender.append(story.envelopes[:20])
    kept = Kept(log, tables, interval_s=NEVER_S)
    assert tables.wait_for(20)
    appender.append(story.envelopes[20:])
    last = story.envelopes[-1]
    kept.seen = Checkpoint(run=RUN, name="progress", seq=last.seq, hash=last.hash, state=b"seen")
    kept.keeper.close()
    assert tables.wait_for(last.seq)
    folds = log.load_checkpoint(RUN, CHECKPOINT_NAME)
    assert folds is not None
    assert folds.seq == last.seq
    assert log.load_checkpoint(RUN, "progress") == kept.seen


def test_tables_that_fail_are_tried_again_and_that_is_said_once(log: MemoryLog) -> None:
    story, tables = troubled_history(), WatchedTables(failures=3)
    story.write_to(log)
    kept = Kept(log, tables)
    assert kept.told.get(timeout=PATIENCE_S) is tables.error
    assert kept.told.get(timeout=PATIENCE_S) is None
    assert tables.wait_for(len(story.envelopes))
    kept.keeper.close()
    assert kept.told.empty()


def test_tables_that_moved_are_no_trouble(log: MemoryLog) -> None:
    story, tables = troubled_history(), WatchedTables(failures=1, error=TablesMoved(RUN))
    story.write_to(log)
    kept = Kept(log, tables)
    assert tables.wait_for(len(story.envelopes))
    kept.keeper.close()
    assert kept.told.empty()


def test_tables_that_never_work_do_not_keep_an_engine_from_closing(log: MemoryLog) -> None:
    story, tables = troubled_history(), WatchedTables(failures=1_000_000)
    story.write_to(log)
    kept = Kept(log, tables)
    assert kept.told.get(timeout=PATIENCE_S) is tables.error
    kept.keeper.close()
    assert tables.position(KEY) is None


def test_tables_that_hang_hold_an_engine_up_no_longer_than_it_has_patience(log: MemoryLog) -> None:
    story, tables = troubled_history(), WatchedTables()
    story.write_to(log)
    tables.may_go_on.clear()
    kept = Kept(log, tables)
    kept.keeper.close(timeout_s=0.01)
    assert tables.position(KEY) is None
    tables.may_go_on.set()


def test_a_defect_ends_the_keeping_and_nothing_else(log: MemoryLog) -> None:
    defect = ZeroDivisionError("a defect")
    story, tables = troubled_history(), WatchedTables(failures=1, error=defect)
    story.write_to(log)
    kept = Kept(log, tables)
    assert kept.told.get(timeout=PATIENCE_S) is defect
    kept.keeper.heard(story.envelopes[-1])
    kept.keeper.close()
    assert tables.position(KEY) is None
