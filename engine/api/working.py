"""An engine's work on one run: its actors, its claim, and what follows its log."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from scylla_restore.actors.pykka_runtime import PykkaRuntime
from scylla_restore.engine.api.keeping import TablesKeeper
from scylla_restore.engine.api.lending import LentConnection
from scylla_restore.engine.api.run import Run
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import Claim, EventLog

LAST_WORDS_S: Final = 5.0
"""How long lanes of a run that has ended may take for what they were given: a checkpoint, requests to be cleared."""


class Work:
    """Ends by itself when the run has, or at once when it is told to; the claim is given back then, and no thread is left."""

    def __init__(
        self, *, runtime: PykkaRuntime, cluster: LentConnection, claim: Claim, log: EventLog
    ) -> None:
        self.runtime = runtime
        self.cluster = cluster
        self.claim = claim
        self._log = log
        self._keeper: TablesKeeper | None = None
        self._lock = threading.Lock()
        self._is_ended = False
        self._thread: threading.Thread | None = None
        self._run: Run | None = None
        self._on_end: Callable[[], None] = lambda: None

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, as far as this engine goes."""
        return self._run is not None and self._run.is_over

    def begin(self, run: Run, keeper: TablesKeeper | None, on_end: Callable[[], None]) -> None:
        """Wait for the end of ``run``; ``on_end`` is called when all is put away."""
        self._run = run
        self._keeper = keeper
        self._on_end = on_end
        self._thread = threading.Thread(target=self._finish, name=f"end of {run.id}", daemon=True)
        run.when_over(self._thread.start)

    def end(self) -> None:
        """Drop what is under way, without a further call to any node, and give the run back; may be repeated."""
        with self._lock:
            if not self._is_ended:
                self._is_ended = True
                self._put_away()
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join()

    def _finish(self) -> None:
        with self._lock:
            if not self._is_ended:
                self.runtime.drain(LAST_WORDS_S)
                self._is_ended = True
                self._put_away()

    def _put_away(self) -> None:
        self.runtime.abandon()
        self.cluster.close()
        self.runtime.shutdown()
        # The log may be away: then others have to wait for the claim's end, as they would after a crash.
        with suppress(LogError):
            self._log.release(self.claim)
        if self._keeper is not None:
            self._keeper.close()
        self._on_end()
