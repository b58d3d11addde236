"""The log in an SQLite file keeps the contract."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.contract.event_log import EventLogContract, OpenStore

from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog


class TestSQLiteLog(EventLogContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Iterator[OpenStore]:
        with ExitStack() as opened:

            def open_store() -> EventLog:
                log = SQLiteLog(tmp_path / "log.db")
                opened.callback(log.close)
                return log

            yield open_store
