"""An event in its place: which run, when, by whom, and what came before it."""

from datetime import datetime

import msgspec

from scylla_restore.events.model import AnyEvent


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a run's log.

    ``seq`` starts at 1 without gaps. ``at`` is in UTC. ``actor`` is who reported the event (``supervisor``,
    ``node/<address>``, ``location/<provider>:<bucket>``). ``hash`` is the SHA-256 over ``prev_hash`` and the
    record's canonical bytes (see ``scylla_restore.events.chain``); both are 32 bytes.
    """

    run: str
    seq: int
    at: datetime
    actor: str
    epoch: int
    event: AnyEvent
    prev_hash: bytes
    hash: bytes
