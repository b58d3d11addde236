"""Whole histories: step by step by engines that take turns, and anew."""

from itertools import cycle

import pytest
from tests.contract.projection_tables.samples import KEY
from tests.contract.projection_tables.store import OpenTables, Store
from tests.support.histories import HISTORIES
from tests.support.story import RUN

from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.tables.memory import MemoryTables
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.tables.projector import Projector
from scylla_restore.events.tables.rebuilding import rebuild


class Following(Store):
    """Rows of these tables are those of tables in memory, which are simple enough to be right."""

    @pytest.mark.parametrize("history", sorted(HISTORIES))
    def test_rows_that_several_engines_made_one_after_another_come_back_the_same(
        self, tables: ProjectionTables, open_tables: OpenTables, history: str
    ) -> None:
        log, plain = MemoryLog(), MemoryTables()
        HISTORIES[history]().write_to(log)
        rebuild(log, plain, RUN)
        for handle in cycle((tables, open_tables())):
            projector = Projector(log, handle, RUN, step_records=9)
            before = handle.position(KEY)
            while projector.advance() and handle.position(KEY) == before:
                pass
            if handle.position(KEY) == before:
                break
        kept = tables.rows(KEY)
        assert kept == plain.rows(KEY)
        report = rebuild(log, tables, RUN)
        assert (report.before, tables.rows(KEY)) == (report.after, kept)
        assert tables.runs() == plain.runs()
