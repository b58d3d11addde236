"""A part of the demo: an engine at work, until something happens."""

import subprocess
from collections.abc import Callable

from scylla_restore.engine.cli.following import Follower
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model.batches import BatchAssigned, SSTablesLoaded
from scylla_restore.events.projections.progress_state import ProgressState


class Scene(Follower):
    """A run that is watched until its engine's process has ended, or until ``is_time`` for something else."""

    def __init__(
        self,
        log: EventLog,
        run: str,
        process: "subprocess.Popen[bytes]",
        *,
        is_time: Callable[[ProgressState], bool] = lambda _state: False,
    ) -> None:
        super().__init__(log, run)
        self._process = process
        self._is_time = is_time

    @property
    def is_over(self) -> bool:
        """Whether the scene is over."""
        return self._process.poll() is not None or self._is_time(self.state)

    @property
    def is_left_alone(self) -> bool:
        """Whether there is no engine: between two scenes, but not while one is starting."""
        return False


def is_half_done(state: ProgressState) -> bool:
    """Whether there is enough behind and ahead of a run for a good place to kill it."""
    return state.restored * 100 >= state.catalogue.total.size * 40 > 0


def loaded_batches(log: EventLog, run: str, *, up_to: int) -> set[int]:
    """Return the batches that were in the cluster after record ``up_to``."""
    return {
        envelope.event.batch
        for envelope in log.read(run)
        if envelope.seq <= up_to and isinstance(envelope.event, SSTablesLoaded)
    }


def begun_batches(log: EventLog, run: str, *, after: int) -> set[int]:
    """Return the batches that were given to a node after record ``after``."""
    return {
        envelope.event.batch
        for envelope in log.read(run, from_seq=after + 1)
        if isinstance(envelope.event, BatchAssigned)
    }
