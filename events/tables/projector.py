"""Brings a run's tables up to its log, from wherever they are.

    log      1 ─────────── checkpoint ───── position ───── head
    folded                 ▲ state          │              │
    silently               └────────────────┘              │
    row by row                              └──────────────┘

What is read are records of the log, never letters about them: so tables hold what is durable and nothing else, and
coming back after a kill, following a run and making everything anew are one and the same thing.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogError, TablesMoved, UnknownRun
from scylla_restore.events.log.port import Checkpoint, EventLog
from scylla_restore.events.log.reading import usable_checkpoint
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.projections.kept import CHECKPOINT_NAME, Changes, Folding, Kept
from scylla_restore.events.projections.putting_away import decode, encode
from scylla_restore.events.tables.port import Position, ProjectionTables, RunKey

STEP_RECORDS: Final = 2_000
STEP_BYTES: Final = 8 * 2**20
"""A step takes so many records, or fewer if they are large. It bounds how long the log waits for one transaction."""

_BLOCK_RECORDS: Final = 32
"""So many are in memory at once: some are a megabyte."""

CHECKPOINT_EVERY: Final = 50_000
"""Records, after which the folds are put away: what is to be folded again after a kill."""


class Projector:
    """One run's tables, and how far they are. For one thread at a time.

    An error leaves everything as it was: the same step is made again by the next ``advance``.
    """

    def __init__(
        self,
        log: EventLog,
        tables: ProjectionTables,
        run: str,
        *,
        step_records: int = STEP_RECORDS,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> None:
        self.run = run
        self._step_records = step_records
        self._checkpoint_every = checkpoint_every
        self._log = log
        self._tables = tables
        self._key: RunKey | None = None
        self._folding = Folding(Kept())
        self._folded: Position | None = None
        self._applied: Position | None = None
        self._unapplied: tuple[Changes, Position] | None = None
        self._records: Iterator[Envelope] | None = None
        self._saved_seq = 0

    @property
    def seq(self) -> int:
        """The last record that the tables are known to hold; 0 for none."""
        return _seq(self._applied)

    def advance(self) -> bool:
        """Take the tables one step on, and return whether there was anything to do.

        Raises:
            TablesMoved: somebody else wrote; the next step begins with a look at where the tables are.
            LogError: log or tables do not answer, or cannot be used.
        """
        key = self._key if self._key is not None else self._begin()
        if key is None or (self._unapplied is None and not self._fold_some()):
            return False
        if self._unapplied is not None:
            self._apply(key, *self._unapplied)
        return True

    def save(self) -> None:
        """Put the folds away, so that the next one to bring the tables up need not begin with the first record.

        They are a cache: a log that does not take them is no trouble.
        """
        folded = self._folded
        if folded is None or folded != self._applied or folded.seq == self._saved_seq:
            return
        checkpoint = Checkpoint(
            run=self.run,
            name=CHECKPOINT_NAME,
            seq=folded.seq,
            hash=folded.hash,
            state=encode(self._folding.state),
        )
        with suppress(LogError):
            self._log.save_checkpoint(checkpoint)
            self._saved_seq = folded.seq

    def _begin(self) -> RunKey | None:
        """Look where the tables are; None where the log has no record yet that a table could be made of."""
        key = run_key(self._log, self.run)
        if key is None:
            return None
        applied = self._tables.position(key)
        if applied is not None and not _is_in(self._log, self.run, applied):
            # The tables of another history, as after a log was put back from a copy.
            self._tables.drop(key)
            applied = None
        state, self._folded = Kept(), None
        if applied is not None:
            state, self._folded = _put_away(self._log, self.run, upto=applied.seq)
        self._folding = Folding(state)
        self._saved_seq = _seq(self._folded)
        self._applied, self._unapplied, self._records = applied, None, None
        self._key = key
        return key

    def _fold_some(self) -> bool:
        """Fold the next records; false when there are none. Up to where the tables are, rows are not made again."""
        folded_seq = _seq(self._folded)
        behind = self.seq - folded_seq
        if self._records is None:
            self._records = self._log.read(self.run, from_seq=folded_seq + 1)
        most = min(behind, self._step_records) if behind > 0 else self._step_records
        try:
            has_folded = self._fold(self._records, most)
        except BaseException:
            self._records = None
            raise
        if not has_folded:
            self._records = None
        if behind > 0:
            self._folding.take()
        elif self._folded is not None and self._folded != self._applied:
            self._unapplied = self._folding.take(), self._folded
        return has_folded or self._unapplied is not None

    def _fold(self, records: Iterator[Envelope], most: int) -> bool:
        """Fold so many records, or fewer if they are large, and return whether there were any."""
        left, size, has_folded = most, 0, False
        while left > 0 and size < STEP_BYTES and (block := list(islice(records, min(left, _BLOCK_RECORDS)))):
            self._folding.fold(block)
            self._folded = Position(seq=block[-1].seq, hash=block[-1].hash)
            left -= len(block)
            size += sum(len(envelope.record) for envelope in block)
            has_folded = True
        return has_folded

    def _apply(self, key: RunKey, changes: Changes, upto: Position) -> None:
        try:
            self._tables.apply(key, changes, after=self._applied, upto=upto)
        except TablesMoved:
            self._key = None
            raise
        self._applied, self._unapplied = upto, None
        if upto.seq - self._saved_seq >= self._checkpoint_every:
            self.save()


def run_key(log: EventLog, run: str) -> RunKey | None:
    """Return which rows are the run's; None while its log does not tell.

    Raises:
        LogError: the log cannot be read.
    """
    try:
        first = next(log.read(run), None)
    except UnknownRun:
        return None
    if first is None or not isinstance(first.event, RunStarted):
        return None
    return RunKey(cluster_id=first.event.cluster_id, run=run)


def _put_away(log: EventLog, run: str, *, upto: int) -> tuple[Kept, Position | None]:
    """Return the folds as they were put away last, and after which record; fresh ones and None where none are.

    Those that go beyond record ``upto`` count as none.
    """
    checkpoint = usable_checkpoint(log, run, CHECKPOINT_NAME)
    if checkpoint is not None and checkpoint.seq <= upto:
        with suppress(ValueError):
            return decode(checkpoint.state, Kept), Position(seq=checkpoint.seq, hash=checkpoint.hash)
    return Kept(), None


def _is_in(log: EventLog, run: str, position: Position) -> bool:
    record = next(log.read_records(run, from_seq=position.seq), None)
    return record is not None and record.seq == position.seq and record.hash == position.hash


def _seq(position: Position | None) -> int:
    return 0 if position is None else position.seq
