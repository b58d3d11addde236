"""Rows and tables of every size that a run can have."""

import msgspec
from tests.contract.projection_tables.samples import KEY, changes, position, progress_row, run_row
from tests.contract.projection_tables.store import Store

from scylla_restore.events.projections.restore_run import RestoreTable, RestoreUnit
from scylla_restore.events.tables.port import ProjectionTables


class Large(Store):
    """What a store splits, it puts together again."""

    def test_a_batch_of_thousands_of_sstables_is_one_row(self, tables: ProjectionTables) -> None:
        ids = tuple(f"3gsm_0lob_{number:05d}02we44my8dy25" for number in range(5000))
        row = msgspec.structs.replace(progress_row(1), sstable_id=ids)
        tables.apply(KEY, changes(row, progress_row(2)), after=None, upto=position(5))
        assert tables.rows(KEY).restore_run_progress == (row, progress_row(2))

    def test_a_run_of_hundreds_of_tables_is_one_row(self, tables: ProjectionTables) -> None:
        units = tuple(
            RestoreUnit(
                keyspace_name=f"ks{keyspace}",
                size=100,
                tables=tuple(
                    RestoreTable(table_name=f"t{table:03d}", size=1, tombstone_gc="") for table in range(100)
                ),
            )
            for keyspace in range(5)
        )
        row = msgspec.structs.replace(run_row(), units=units)
        tables.apply(KEY, changes(run=row), after=None, upto=position(5))
        assert tables.rows(KEY).restore_run == (row,)
