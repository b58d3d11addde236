"""Keeps up what lies beside a run's log while an engine works on it, in a thread of its own."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from loguru import logger

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError, TablesMoved
from scylla_restore.events.log.port import Checkpoint, EventLog
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.tables.projector import CHECKPOINT_EVERY, Projector

INTERVAL_S: Final = 1.0
"""The tables follow the log by so much: rows of one interval are written together, and once."""

RETRY_MAX_S: Final = 60.0

CLOSING_S: Final = 10.0
"""How long the tables may take to get to the log's end when the engine is closed; what is left is made up later."""

_ENDS = (RunPaused, RunFailed, RunAborted, RunCompleted)


class TablesKeeper:
    """The tables of a run that is being worked on; they never hold it up, whatever happens to them.

    ``seen`` tells what the engine has seen of the run, which is put away now and then for others to begin with.

    A store that does not take them is asked again, less and less often. That is said once, to ``on_trouble`` as well,
    which is given None when it is over.
    """

    def __init__(
        self,
        log: EventLog,
        tables: ProjectionTables,
        run: str,
        *,
        seen: Callable[[], Checkpoint | None],
        on_trouble: Callable[[Exception | None], None],
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._log = log
        self._projector = Projector(log, tables, run)
        self._seen = seen
        self._heard_seq = self._put_away_seq = 0
        self._on_trouble = on_trouble
        self._interval_s = interval_s
        self._changed = threading.Condition()
        self._has_news = True
        self._is_urgent = False
        self._deadline: float | None = None
        self._is_troubled = False
        self._thread = threading.Thread(target=self._work, name=f"tables {run}", daemon=True)

    def start(self) -> None:
        """Begin to bring the tables up to the log."""
        self._thread.start()

    def heard(self, envelope: Envelope) -> None:
        """Take note that the log has grown; returns at once."""
        self._heard_seq = envelope.seq
        is_end = isinstance(envelope.event, _ENDS)
        # Looked at without the lock: for most events nothing changes.
        if self._has_news and not is_end:
            return
        with self._changed:
            self._has_news = True
            self._is_urgent = self._is_urgent or is_end
            self._changed.notify_all()

    def close(self, timeout_s: float = CLOSING_S) -> None:
        """Bring the tables to the log's end if that can be done in time, and end the thread."""
        with self._changed:
            self._deadline = time.monotonic() + timeout_s
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        pause_s = self._interval_s
        while not self._is_closing:
            self._wait_for_news()
            try:
                self._catch_up()
            except LogError as error:
                pause_s = min(2 * pause_s, RETRY_MAX_S)
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - a defect of ours, or of a driver: the restore goes on without
                logger.bind(run=self._projector.run).opt(exception=error).error(
                    "the run's tables are given up"
                )
                self._failed(error)
                return
            else:
                pause_s = self._interval_s
                self._recovered()
            if self._heard_seq - self._put_away_seq >= CHECKPOINT_EVERY:
                self._put_away()
            self._pause(pause_s)
        self._finish()

    @property
    def _is_closing(self) -> bool:
        return self._deadline is not None

    def _wait_for_news(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._has_news or self._is_closing)
            self._has_news = self._is_urgent = False

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_urgent or self._is_closing, timeout=seconds)

    def _catch_up(self) -> None:
        while not self._is_late and self._projector.advance():
            pass

    @property
    def _is_late(self) -> bool:
        deadline = self._deadline
        return deadline is not None and time.monotonic() >= deadline

    def _failed(self, error: Exception) -> None:
        with self._changed:
            self._has_news = True
        # Whoever moved them keeps them up to the log as well.
        if self._is_troubled or isinstance(error, TablesMoved):
            return
        self._is_troubled = True
        logger.bind(run=self._projector.run).warning("the run's tables are behind its log: {}", error)
        self._on_trouble(error)

    def _recovered(self) -> None:
        if not self._is_troubled:
            return
        self._is_troubled = False
        logger.bind(run=self._projector.run).info("the run's tables are up to its log again")
        self._on_trouble(None)

    def _put_away(self) -> None:
        """Save what was seen; it is a cache, so a log that does not take it is no trouble."""
        self._put_away_seq = self._heard_seq
        checkpoint = self._seen()
        if checkpoint is not None:
            with suppress(LogError):
                self._log.save_checkpoint(checkpoint)

    def _finish(self) -> None:
        try:
            self._catch_up()
            self._projector.save()
        except LogError as error:
            self._failed(error)
        self._put_away()
