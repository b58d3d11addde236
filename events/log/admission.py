"""What may be appended: the same rules for every store."""

from collections.abc import Sequence

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogConflict, StaleOwner
from scylla_restore.events.log.port import Claim, Head


def check_group(claim: Claim, envelopes: Sequence[Envelope]) -> None:
    """Refuse a group that does not hang together, before the store is asked.

    Raises:
        ValueError: the records do not continue one another, or belong to another run or epoch.
    """
    last: Envelope | None = None
    for envelope in envelopes:
        if envelope.run != claim.run or envelope.epoch != claim.epoch:
            raise ValueError(
                f"record {envelope.seq} of run {envelope.run}, epoch {envelope.epoch}, was appended "
                f"to run {claim.run}, epoch {claim.epoch}"
            )
        if last is not None and (envelope.seq != last.seq + 1 or envelope.prev_hash != last.hash):
            raise ValueError(f"record {envelope.seq} does not continue record {last.seq}")
        last = envelope


def check_owner(head: Head, claim: Claim, *, claim_is_held: bool) -> None:
    """Refuse whoever does not own the run any more.

    Raises:
        StaleOwner: the claim is not the newest, or was given back.
    """
    if head.epoch != claim.epoch or not claim_is_held:
        raise StaleOwner(claim.run, claim.epoch, head.epoch, head.owner)


def is_new(head: Head, claim: Claim, envelopes: Sequence[Envelope], *, claim_is_held: bool) -> bool:
    """Whether a group (not empty, and checked) is to be written; not if it is what the log already ends with.

    Raises:
        StaleOwner: the claim is not the newest, or was given back.
        LogConflict: the group does not continue the head.
    """
    check_owner(head, claim, claim_is_held=claim_is_held)
    first, last = envelopes[0], envelopes[-1]
    if head.seq == last.seq and head.hash == last.hash:
        return False
    if first.seq != head.seq + 1 or first.prev_hash != head.hash:
        raise LogConflict(claim.run, first.seq - 1, head.seq)
    return True
