"""Where the logs of a contract test come from."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from scylla_restore.events.log.port import EventLog

OpenStore = Callable[[], EventLog]


class Store:
    """To be inherited by every part of the contract."""

    has_several_handles: ClassVar[bool] = True
    """Whether a second log object on the same store sees what the first one writes, and outlives it."""

    @pytest.fixture
    def open_store(self) -> Iterator[OpenStore]:
        """Open the same store each time, which is empty at first; what was opened is closed at the end."""
        raise NotImplementedError

    @pytest.fixture
    def log(self, open_store: OpenStore) -> EventLog:
        return open_store()

    @pytest.fixture
    def other(self, open_store: OpenStore) -> EventLog:
        """The same store, as another engine sees it."""
        if not self.has_several_handles:
            pytest.skip("this store lives in one object")
        return open_store()
