"""An event in its place: which run, when, by whom, and what came before it."""

from datetime import datetime

import msgspec

from scylla_restore.events.model import AnyEvent


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record as it lies in the store, unread: what an auditor checks.

    ``record`` is the canonical bytes (see ``scylla_restore.events.record``) and ``hash`` what the store says
    their hash is. Nothing about them has been verified.
    """

    seq: int
    record: bytes
    hash: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record of a run's log. Envelopes are made by sealing (``scylla_restore.events.chain.Sealer``) or reading.

    ``seq`` starts at 1 without gaps. ``at`` is in UTC. ``actor`` is who reported the event (``supervisor``,
    ``node/<address>``, ``location/<provider>:<bucket>``). ``record`` is the canonical bytes that are stored, and
    ``hash`` the SHA-256 over ``prev_hash`` and them; both hashes are 32 bytes.
    """

    run: str
    seq: int
    at: datetime
    actor: str
    epoch: int
    event: AnyEvent
    prev_hash: bytes
    hash: bytes
    record: bytes
