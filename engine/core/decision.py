"""What ``decide`` answers."""

from datetime import datetime

import msgspec

from scylla_restore.engine.core.commands import Command
from scylla_restore.events.model import AnyEvent


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One step: events to record, and commands to send once they are durable.

    A decision without events is the last one for now; then ``wake_at`` tells when time alone will lead to another.
    """

    events: tuple[AnyEvent, ...] = ()
    commands: tuple[Command, ...] = ()
    wake_at: datetime | None = None
