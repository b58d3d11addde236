"""What an embedding program wants to do at certain points of a run."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from loguru import logger

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.batches import SSTablesLoaded
from scylla_restore.events.model.run import RunResumed
from scylla_restore.events.model.stages import Stage, StageCompleted, StageEntered

if TYPE_CHECKING:
    from scylla_restore.engine.api.run import Run

StageHook = Callable[["Run", Stage], None]
BatchHook = Callable[["Run", SSTablesLoaded], None]


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Functions that a run waits for, so they should be short.

    ``before_stage`` is called before any node is asked for anything of that stage, and again by an engine that takes the
    run up in the middle of it; ``after_stage`` when all of a stage is done; ``after_batch`` when a batch is in the
    cluster, and the log says so. They are called one after another, in the thread that decides for the run: they may
    ask ``run`` for its progress or to pause, but must not wait for it.

    A hook that raises pauses the run, as ``Run.pause`` does, with the exception in the reason that the log keeps;
    what has been done stays done, and ``resume`` carries on.
    """

    before_stage: StageHook | None = None
    after_stage: StageHook | None = None
    after_batch: BatchHook | None = None


class HookCaller:
    """A subscriber that calls the hooks of one run. ``stage`` is where it was; ``pause`` is given a reason."""

    def __init__(
        self, hooks: Hooks, run: "Run", *, stage: Stage | None, pause: Callable[[str], None]
    ) -> None:
        self._hooks = hooks
        self._run = run
        self._stage = stage
        self._pause = pause

    def __call__(self, envelope: Envelope) -> None:
        """Call what is to be called after an event."""
        event = envelope.event
        try:
            self._call(event)
        except Exception as error:  # noqa: BLE001  # somebody else's code: whatever it raises is told, and the run paused
            words = f"a hook failed at {type(event).__name__}: {type(error).__name__}: {error}"
            logger.bind(run=envelope.run).opt(exception=error).error(words)
            self._pause(words)

    def _call(self, event: object) -> None:
        match event:
            case StageEntered(stage=stage):
                self._stage = stage
                self._before(stage)
            case RunResumed() if self._stage is not None:
                self._before(self._stage)
            case StageCompleted(stage=stage) if self._hooks.after_stage is not None:
                self._hooks.after_stage(self._run, stage)
            case SSTablesLoaded() if self._hooks.after_batch is not None:
                self._hooks.after_batch(self._run, event)
            case _:
                pass

    def _before(self, stage: Stage) -> None:
        if self._hooks.before_stage is not None:
            self._hooks.before_stage(self._run, stage)
