"""The log in an SQLite file keeps the contract."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.contract.event_log import EventLogContract, OpenStore

from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog


@pytest.mark.parametrize("threads", [1, 2], ids=["alone", "beside-a-thread"])
class TestSQLiteLog(EventLogContract):
    @pytest.fixture(autouse=True)
    def company(self, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Records are read in one way by a process of one thread, in another by any other."""
        monkeypatch.setattr("threading.active_count", lambda: threads)

    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Iterator[OpenStore]:
        with ExitStack() as opened:

            def open_store() -> EventLog:
                log = SQLiteLog(tmp_path / "log.db")
                opened.callback(log.close)
                return log

            yield open_store
