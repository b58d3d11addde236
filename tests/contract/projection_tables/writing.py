"""Rows come, change and go, and the position with them."""

import pytest
from tests.contract.projection_tables.samples import (
    KEY,
    OTHER_KEY,
    changes,
    full_row,
    position,
    progress_row,
    run_row,
)
from tests.contract.projection_tables.store import Store

from scylla_restore.events.errors import TablesMoved
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.tables.port import KeptRun, Position, ProjectionTables, RowCounts, Rows


class Writing(Store):
    """``apply``, ``drop``, and what is read afterwards."""

    def test_of_a_run_that_was_never_written_there_is_nothing(self, tables: ProjectionTables) -> None:
        assert tables.position(KEY) is None
        assert tables.rows(KEY) == Rows()
        assert tables.counts(KEY) == RowCounts(restore_run=0, restore_run_progress=0)
        assert tables.runs() == {}

    def test_rows_come_back_as_they_were_in_the_order_of_their_keys(self, tables: ProjectionTables) -> None:
        rows = (full_row(), progress_row(20), progress_row(3))
        tables.apply(KEY, changes(*rows, run=run_row()), after=None, upto=position(5))
        assert tables.position(KEY) == position(5)
        assert tables.rows(KEY) == Rows(
            restore_run=(run_row(),), restore_run_progress=(rows[2], rows[1], rows[0])
        )
        assert tables.counts(KEY) == RowCounts(restore_run=1, restore_run_progress=3)

    def test_rows_change_and_go(self, tables: ProjectionTables) -> None:
        first = changes(progress_row(1), progress_row(2), run=run_row())
        second = changes(
            progress_row(2, restored=7),
            progress_row(3),
            gone=(progress_row(1), progress_row(99)),
            run=run_row(stage="DONE"),
        )
        tables.apply(KEY, first, after=None, upto=position(5))
        tables.apply(KEY, second, after=position(5), upto=position(9))
        assert tables.rows(KEY) == Rows(
            restore_run=(run_row(stage="DONE"),),
            restore_run_progress=(progress_row(2, restored=7), progress_row(3)),
        )
        assert tables.position(KEY) == position(9)

    def test_a_row_that_went_can_come_again(self, tables: ProjectionTables) -> None:
        tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
        tables.apply(KEY, changes(gone=(progress_row(1),)), after=position(1), upto=position(2))
        tables.apply(KEY, changes(progress_row(1, restored=5)), after=position(2), upto=position(3))
        assert tables.rows(KEY).restore_run_progress == (progress_row(1, restored=5),)

    def test_a_row_written_again_and_again_is_the_same_row(self, tables: ProjectionTables) -> None:
        tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
        for seq in range(1, 6):
            tables.apply(
                KEY, changes(progress_row(1), run=run_row()), after=position(seq), upto=position(seq + 1)
            )
        assert tables.rows(KEY) == Rows(restore_run=(run_row(),), restore_run_progress=(progress_row(1),))

    def test_what_was_applied_can_be_applied_again(self, tables: ProjectionTables) -> None:
        for _ in range(2):
            tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(1))
        for _ in range(2):
            tables.apply(KEY, changes(progress_row(2)), after=position(1), upto=position(2))
        assert tables.rows(KEY).restore_run_progress == (progress_row(1), progress_row(2))

    @pytest.mark.parametrize("after", [None, position(4), position(6)])
    def test_changes_that_do_not_follow_what_is_there_are_refused(
        self, tables: ProjectionTables, after: Position | None
    ) -> None:
        tables.apply(KEY, changes(progress_row(1)), after=None, upto=position(5))
        with pytest.raises(TablesMoved):
            tables.apply(
                KEY, changes(progress_row(2), gone=(progress_row(1),)), after=after, upto=position(9)
            )
        assert tables.rows(KEY).restore_run_progress == (progress_row(1),)
        assert tables.position(KEY) == position(5)

    def test_changes_that_follow_what_is_not_there_are_refused(self, tables: ProjectionTables) -> None:
        with pytest.raises(TablesMoved):
            tables.apply(KEY, changes(progress_row(2)), after=position(4), upto=position(9))
        assert tables.rows(KEY) == Rows()

    def test_dropped_rows_are_gone_and_can_be_made_again(self, tables: ProjectionTables) -> None:
        tables.apply(KEY, changes(progress_row(1), run=run_row()), after=None, upto=position(5))
        tables.drop(KEY)
        assert (tables.rows(KEY), tables.position(KEY), tables.runs()) == (Rows(), None, {})
        tables.drop(KEY)
        tables.apply(KEY, changes(progress_row(1), run=run_row()), after=None, upto=position(3))
        assert tables.rows(KEY) == Rows(restore_run=(run_row(),), restore_run_progress=(progress_row(1),))

    def test_runs_have_nothing_to_do_with_each_other(self, tables: ProjectionTables) -> None:
        for key in (KEY, OTHER_KEY):
            made = changes(progress_row(1, key), run=run_row(key), key=key)
            tables.apply(key, made, after=None, upto=position(5))
        tables.drop(KEY)
        assert tables.rows(KEY) == Rows()
        assert tables.rows(OTHER_KEY) == Rows(
            restore_run=(run_row(OTHER_KEY),), restore_run_progress=(progress_row(1, OTHER_KEY),)
        )
        assert tables.position(OTHER_KEY) == position(5)

    def test_all_runs_are_told_as_they_were_at_their_positions(self, tables: ProjectionTables) -> None:
        running, done = changes(), changes(key=OTHER_KEY, state=RunState.DONE)
        tables.apply(KEY, changes(), after=None, upto=position(5))
        tables.apply(KEY, running, after=position(5), upto=position(6))
        tables.apply(OTHER_KEY, done, after=None, upto=position(9))
        assert tables.runs() == {
            KEY.run: KeptRun(overview=running.overview, position=position(6)),
            OTHER_KEY.run: KeptRun(overview=done.overview, position=position(9)),
        }

    def test_thousands_of_rows_are_written_in_one_go(self, tables: ProjectionTables) -> None:
        rows = tuple(progress_row(job) for job in range(1, 2501))
        tables.apply(KEY, changes(*rows), after=None, upto=position(5))
        assert tables.rows(KEY).restore_run_progress == rows
        tables.apply(KEY, changes(gone=rows[1:]), after=position(5), upto=position(6))
        assert tables.counts(KEY).restore_run_progress == 1
