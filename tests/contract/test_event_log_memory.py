"""The log in memory keeps the contract; it is one object, so nothing else sees it."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from tests.contract.event_log import EventLogContract, OpenStore
from tests.support.event_logs import Writer

from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.memory import MemoryLog


class TestMemoryLog(EventLogContract):
    has_several_handles: ClassVar[bool] = False

    @pytest.fixture
    def open_store(self) -> Iterator[OpenStore]:
        log = MemoryLog()
        yield lambda: log
        log.close()


def test_an_abandoned_run_is_free() -> None:
    log = MemoryLog()
    writer = Writer(log)
    before = writer.append_some(1)
    log.abandon("run-1")
    after = Writer(log).append_some(1)
    assert list(log.read("run-1")) == before + after


def test_an_unknown_run_cannot_be_abandoned() -> None:
    with pytest.raises(UnknownRun):
        MemoryLog().abandon("run-1")
