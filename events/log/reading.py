"""What every store offers on top of its raw records."""

from collections.abc import Iterator

from scylla_restore.events.chain import genesis, unseal
from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import CorruptLog
from scylla_restore.events.log.port import Checkpoint, EventLog
from scylla_restore.events.verification import ChainReport, verify


def read_envelopes(
    log: EventLog, run: str, *, from_seq: int = 1, check_hashes: bool = False
) -> Iterator[Envelope]:
    """Return the envelopes from ``from_seq`` on; with ``check_hashes`` each is recomputed from the one before.

    Raises:
        UnknownRun: no such run (at once).
        CorruptLog: a record is missing, cannot be read, or was altered (while iterating).
        UnknownEvent: a record is newer than this program (while iterating).
    """
    if from_seq <= 1:
        records = log.read_records(run)
        return unseal(run, records, after_seq=0, after_hash=genesis(run), check_hashes=check_hashes)
    # The record before tells the hash that the first one follows.
    return _behind(run, log.read_records(run, from_seq=from_seq - 1), from_seq, check_hashes=check_hashes)


def _behind(
    run: str, records: Iterator[StoredRecord], from_seq: int, *, check_hashes: bool
) -> Iterator[Envelope]:
    before = next(records, None)
    if before is None:
        return
    if before.seq != from_seq - 1:
        raise CorruptLog(run, from_seq - 1, "is missing")
    yield from unseal(run, records, after_seq=before.seq, after_hash=before.hash, check_hashes=check_hashes)


def usable_checkpoint(log: EventLog, run: str, name: str) -> Checkpoint | None:
    """Return the newest checkpoint of that name if the log has the very record that it was made after."""
    checkpoint = log.load_checkpoint(run, name)
    if checkpoint is None or checkpoint.seq < 1:
        return None
    record = next(log.read_records(run, from_seq=checkpoint.seq), None)
    if record is None or record.seq != checkpoint.seq or record.hash != checkpoint.hash:
        return None
    return checkpoint


def verify_run(log: EventLog, run: str) -> ChainReport:
    """Verify all records of a run that the log has now, and that the last of them is where the log says it ends.

    Raises:
        UnknownRun: no such run.
    """
    head = log.head(run)
    return verify(run, _up_to(log, run, head.seq), head_seq=head.seq, head_hash=head.hash)


def _up_to(log: EventLog, run: str, head_seq: int) -> Iterator[StoredRecord]:
    for stored in log.read_records(run):
        # What an engine appends meanwhile is left for the next time; what lies behind the log's end is not its work.
        if stored.seq > head_seq and stored.seq <= log.head(run).seq:
            return
        yield stored
