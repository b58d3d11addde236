"""An event on one line, for people."""

import msgspec

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import AnyEvent

_LONGEST = 60


def event_line(envelope: Envelope) -> str:
    """Return sequence, time, epoch, actor, type, and the event's fields, long ones cut."""
    at = envelope.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{envelope.seq:>7} {at} e{envelope.epoch} {envelope.actor} {event_words(envelope.event)}"


def event_words(event: AnyEvent) -> str:
    """Return an event's type and fields, long ones cut."""
    fields = [f"{name}={_short(getattr(event, name))}" for name in event.__struct_fields__]
    return " ".join((type(event).TAG, *fields))


def _short(value: object) -> str:
    if isinstance(value, tuple) and len(value) > 1:
        return f"{_short(value[0])}…({len(value)})"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
