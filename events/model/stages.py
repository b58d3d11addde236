"""The stages of a restore, in Scylla Manager's order."""

from enum import StrEnum
from typing import ClassVar

from scylla_restore.events.model.base import Event


class Stage(StrEnum):
    """Where a run stands."""

    INIT = "INIT"
    DROP_VIEWS = "DROP_VIEWS"
    DISABLE_TGC = "DISABLE_TGC"
    DATA = "DATA"
    REPAIR = "REPAIR"
    ENABLE_TGC = "ENABLE_TGC"
    RECREATE_VIEWS = "RECREATE_VIEWS"
    DONE = "DONE"


class StageEntered(Event, frozen=True, kw_only=True):
    """A stage began."""

    TAG: ClassVar[str] = "StageEntered"
    stage: Stage


class StageCompleted(Event, frozen=True, kw_only=True):
    """All that a stage had to do is done."""

    TAG: ClassVar[str] = "StageCompleted"
    stage: Stage
