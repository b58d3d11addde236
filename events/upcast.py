"""Old events in today's terms: one pure step per version, chained by the codec.

An event's meaning never changes under its tag and version. A field that is added with a default needs no step.
Whatever else changes raises the event's ``VERSION`` (or gives it a new tag) and adds a step here, which turns the
data of the version before into data of the version after. Steps are never changed or removed: logs live for years.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


class Upcast(msgspec.Struct, frozen=True, kw_only=True):
    """One step: data of ``tag`` in ``version`` becomes data of ``to_tag`` in ``to_version``.

    Without ``to_tag`` and ``to_version`` that is the next version of the same tag. ``change`` may alter and return
    the object that it is given; what it raises on data that it does not expect makes the event unreadable.
    """

    tag: str
    version: int
    change: Callable[[JsonObject], JsonObject]
    to_tag: str | None = None
    to_version: int | None = None

    @property
    def origin(self) -> tuple[str, int]:
        """Tag and version before the step."""
        return self.tag, self.version

    @property
    def target(self) -> tuple[str, int]:
        """Tag and version after the step."""
        tag = self.tag if self.to_tag is None else self.to_tag
        version = self.version + 1 if self.to_version is None else self.to_version
        return tag, version


UPCASTS: tuple[Upcast, ...] = ()
"""Every step there ever was."""
