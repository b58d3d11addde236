"""Events as bytes: canonical JSON, in which equal events are equal bytes.

Canonical means: keys sorted by code point, no white space, UTF-8 without needless escapes. It is what
``json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`` gives, which is why events hold no
floating-point numbers: writers of JSON do not agree on those.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar, cast, get_args

import msgspec

from scylla_restore.events.errors import UnknownEvent, UnreadableEvent, UnwritableEvent
from scylla_restore.events.model import AnyEvent, Event
from scylla_restore.events.upcast import UPCASTS, JsonObject, Upcast

EventT = TypeVar("EventT", bound=Event)

_UNREADABLE = (
    msgspec.MsgspecError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading data can raise that somebody has tampered with."""

_canonical = msgspec.json.Encoder(order="sorted")


class Codec(Generic[EventT]):
    """Writes and reads a closed set of event types, and reads all their older versions.

    Raises:
        ValueError: two types share a tag, or the upcast steps do not all end at one of the types.
    """

    def __init__(self, kinds: Iterable[type[EventT]], upcasts: Iterable[Upcast] = ()) -> None:
        self._current: dict[tuple[str, int], msgspec.json.Decoder[EventT]] = {}
        for kind in kinds:
            if any(tag == kind.TAG for tag, _ in self._current):
                raise ValueError(f"two event types have the tag {kind.TAG}")
            self._current[kind.TAG, kind.VERSION] = msgspec.json.Decoder(kind)
        self._steps: dict[tuple[str, int], Upcast] = {}
        for step in upcasts:
            if step.origin in self._steps or step.origin in self._current:
                raise ValueError(f"event {step.tag} version {step.version} needs no second reading")
            self._steps[step.origin] = step
        for origin in self._steps:
            self._check_that_it_ends(origin)

    def encode(self, event: EventT) -> bytes:
        """Return the event's data, without its tag and version, as canonical JSON.

        Raises:
            UnwritableEvent: the event holds text that is not Unicode, or something else that JSON cannot say.
        """
        try:
            return _canonical.encode(event)
        except (msgspec.MsgspecError, ArithmeticError, TypeError, ValueError) as error:
            raise UnwritableEvent(type(event).TAG, str(error)) from error

    def decode(self, tag: str, version: int, data: bytes | msgspec.Raw) -> EventT:
        """Return the event of which ``data`` is the JSON, brought up to its type's present version.

        Fields that this program does not know are left out: a later minor version may have added them.

        Raises:
            UnknownEvent: no type has that tag, or that version is newer than the type.
            UnreadableEvent: the data does not fit the type.
        """
        decoder = self._current.get((tag, version))
        if decoder is None:
            return self._decode_old(tag, version, data)
        try:
            return decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise UnreadableEvent(tag, version, str(error)) from error

    def _decode_old(self, tag: str, version: int, data: bytes | msgspec.Raw) -> EventT:
        step = self._steps.get((tag, version))
        if step is None:
            raise UnknownEvent(tag, version)
        try:
            fields: JsonObject = msgspec.json.decode(data, type=dict)
            target = step.origin
            while step is not None:
                fields = step.change(fields)
                target = step.target
                step = self._steps.get(target)
            # Through bytes once more, so that an upcast event is read by the very rules of a present one.
            return self._current[target].decode(_canonical.encode(fields))
        except _UNREADABLE as error:
            raise UnreadableEvent(tag, version, f"{type(error).__name__}: {error}") from error

    def _check_that_it_ends(self, origin: tuple[str, int]) -> None:
        place = origin
        for _ in self._steps:
            place = self._steps[place].target
            if place in self._current:
                return
            if place not in self._steps:
                break
        raise ValueError(f"the upcast of event {origin[0]} version {origin[1]} leads to no present event")


EVENT_TYPES: tuple[type[AnyEvent], ...] = cast("tuple[type[AnyEvent], ...]", get_args(AnyEvent))
"""Every event type, in the order of the model."""

EVENTS: Codec[AnyEvent] = Codec(EVENT_TYPES, UPCASTS)
"""The codec of everything that a log can hold."""

encode = EVENTS.encode
decode = EVENTS.decode
