"""What every event has in common."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run.

    A subclass is named in the past tense and carries a hand-written ``TAG`` that never changes its meaning.
    New fields get defaults and raise ``VERSION`` only when an old record needs an upcast step to be read.
    """

    TAG: ClassVar[str]
    VERSION: ClassVar[int] = 1
