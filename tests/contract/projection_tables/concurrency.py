"""Several who write: an engine that was taken over and the one that has the run now, or one that makes all anew."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contract.projection_tables.samples import KEY, changes, position, progress_row
from tests.contract.projection_tables.store import OpenTables, Store

from scylla_restore.events.errors import TablesMoved
from scylla_restore.events.tables.port import Position, ProjectionTables

STEPS = 15
WRITERS = 3


class Concurrency(Store):
    """Whoever writes finds out that somebody else did."""

    def test_another_engine_sees_what_was_written_and_goes_on_from_there(
        self, tables: ProjectionTables, other: ProjectionTables
    ) -> None:
        tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
        assert other.position(KEY) == position(1)
        other.apply(
            KEY, changes(progress_row(2), gone=(progress_row(1),)), after=position(1), upto=position(2)
        )
        assert tables.rows(KEY).restore_run_progress == (progress_row(2),)
        with pytest.raises(TablesMoved):
            tables.apply(KEY, changes(progress_row(1)), after=position(1), upto=position(3))

    def test_tables_that_were_dropped_meanwhile_are_not_gone_on_with(
        self, tables: ProjectionTables, other: ProjectionTables
    ) -> None:
        tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
        other.drop(KEY)
        with pytest.raises(TablesMoved):
            tables.apply(KEY, changes(progress_row(2)), after=position(1), upto=position(2))
        assert other.position(KEY) is None

    def test_of_several_at_a_time_each_step_is_taken_once(
        self, tables: ProjectionTables, open_tables: OpenTables
    ) -> None:
        handles = [open_tables() if self.has_several_handles else tables for _ in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(_write_all, handles))
        rows = tables.rows(KEY).restore_run_progress
        assert rows == (progress_row(STEPS, restored=STEPS),)
        assert tables.position(KEY) == position(STEPS)


def _write_all(tables: ProjectionTables) -> None:
    """Take all steps, as an engine does that others get in the way of: step n's row replaces that of the one before."""
    while (seq := _seq(tables.position(KEY))) < STEPS:
        step = changes(progress_row(seq + 1, restored=seq + 1), gone=(progress_row(seq),))
        after = position(seq) if seq else None
        try:
            tables.apply(KEY, step, after=after, upto=position(seq + 1))
        except TablesMoved:
            continue


def _seq(at: Position | None) -> int:
    return 0 if at is None else at.seq
