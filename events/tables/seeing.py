"""What an engine has seen of its run, as it was put away beside the log."""

from contextlib import suppress

from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.reading import usable_checkpoint
from scylla_restore.events.projections.putting_away import decode
from scylla_restore.events.projections.seen import CHECKPOINT_NAME, Seen


def seen_before(log: EventLog, run: str) -> tuple[Seen, int]:
    """Return where the run stood after some record, and that record's sequence; fresh folds and 0 if that is not known.

    Raises:
        LogError: the log cannot be read.
    """
    checkpoint = usable_checkpoint(log, run, CHECKPOINT_NAME)
    if checkpoint is not None:
        with suppress(ValueError):
            return decode(checkpoint.state, Seen), checkpoint.seq
    return Seen(), 0
