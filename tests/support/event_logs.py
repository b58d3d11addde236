"""Writers of logs for tests: small events, sealed and appended."""

from collections.abc import Iterable
from datetime import UTC, datetime

from scylla_restore.events.chain import Sealer
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.log.port import Claim, EventLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import BatchReturned

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def returned(batch: int, reason: str = "the node was suspended") -> BatchReturned:
    """A small event that says which one it is."""
    return BatchReturned(batch=batch, attempt=1, reason=reason)


class Writer:
    """An owner of a run that appends group after group."""

    def __init__(self, log: EventLog, run: str = "run-1", *, take_over: bool = False) -> None:
        self.log = log
        self.claim = log.claim(run, "ann@host", take_over=take_over)
        self._sealer = sealer(self.claim)

    def seal(self, events: Iterable[AnyEvent]) -> list[Envelope]:
        """Seal without appending."""
        return [self._sealer.seal(event, at=AT, actor="supervisor") for event in events]

    def append(self, *events: AnyEvent) -> list[Envelope]:
        """Append one group."""
        envelopes = self.seal(events)
        self.log.append(self.claim, envelopes)
        return envelopes

    def append_some(self, count: int) -> list[Envelope]:
        """Append one group of ``count`` small events."""
        return self.append(*(returned(batch) for batch in range(count)))


def sealer(claim: Claim) -> Sealer:
    """What continues a claim's head."""
    return Sealer(run=claim.run, epoch=claim.epoch, seq=claim.head.seq, head_hash=claim.head.hash)
