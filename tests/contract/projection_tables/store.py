"""Where the tables of contract tests come from."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from scylla_restore.events.tables.port import ProjectionTables

OpenTables = Callable[[], ProjectionTables]


class Store:
    """To be inherited by every part of the contract."""

    has_several_handles: ClassVar[bool] = True
    """Whether a second object for the same tables sees what the first one writes."""

    @pytest.fixture
    def open_tables(self) -> Iterator[OpenTables]:
        """Open the same tables each time, which are empty at first; what was opened is closed at the end."""
        raise NotImplementedError

    @pytest.fixture
    def tables(self, open_tables: OpenTables) -> ProjectionTables:
        return open_tables()

    @pytest.fixture
    def other(self, open_tables: OpenTables) -> ProjectionTables:
        """The same tables, as another engine sees them."""
        if not self.has_several_handles:
            pytest.skip("these tables live in one object")
        return open_tables()
