"""The core's two functions: ``evolve`` folds what happened, ``decide`` says what to do next."""

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.fold import evolve
from scylla_restore.engine.core.rules import decide

__all__ = ["Decision", "decide", "evolve"]
