"""Tables in memory keep the contract; they are one object, so nothing else sees them."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from tests.contract.projection_tables import OpenTables, ProjectionTablesContract

from scylla_restore.events.tables.memory import MemoryTables


class TestMemoryTables(ProjectionTablesContract):
    has_several_handles: ClassVar[bool] = False

    @pytest.fixture
    def open_tables(self) -> Iterator[OpenTables]:
        tables = MemoryTables()
        yield lambda: tables
        tables.close()
