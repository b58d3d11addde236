"""An engine's work on one run: its actors, its claim, and what follows its log."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
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
        self,
        *,
        runtime: PykkaRuntime,
        cluster: LentConnection,
        claim: Claim,
        log: EventLog,
        run: Run,
        keeper: TablesKeeper | None,
        set_going: Callable[[], None],
    ) -> None:
        self.claim = claim
        self.run = run
        self._runtime = runtime
        self._cluster = cluster
        self._log = log
        self._keeper = keeper
        self._set_going = set_going
        self._lock = threading.Lock()
        self._is_ended = False
        self._thread: threading.Thread | None = None
        self._on_end: Callable[[], None] = lambda: None

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, as far as this engine goes."""
        return self.run.is_over

    def begin(self, on_end: Callable[[], None], *, grace: timedelta) -> None:
        """Set the actors going, after ``grace``; ``on_end`` is called when the run has ended and all is put away."""
        self._on_end = on_end
        self._thread = threading.Thread(target=self._finish, name=f"end of {self.run.id}", daemon=True)
        self.run.when_over(self._thread.start)
        if grace:
            self._runtime.later(grace, self._set_going)
        else:
            self._set_going()

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
                self._runtime.drain(LAST_WORDS_S)
                self._is_ended = True
                self._put_away()

    def _put_away(self) -> None:
        self._runtime.abandon()
        self._cluster.close()
        self._runtime.shutdown()
        # The log may be away: then others have to wait for the claim's end, as they would after a crash.
        with suppress(LogError):
            self._log.release(self.claim)
        if self._keeper is not None:
            self._keeper.close()
        self._on_end()
