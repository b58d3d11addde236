"""Becoming a run's owner, and writing as its owner. Why nobody else can write meanwhile: see ``buckets``."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from scylla_restore.events.chain import genesis
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.errors import LogUnavailable, RunIsOwned, StaleOwner, UnknownRun
from scylla_restore.events.log.admission import check_group, is_new
from scylla_restore.events.log.cql.buckets import Bucket, Group, Records, last_bucket
from scylla_restore.events.log.cql.groups import Limits, make_group, without_body
from scylla_restore.events.log.port import Claim

RENEW_AFTER_S: Final = 5.0

_CLAIM_ATTEMPTS: Final = 100
_WRITE_ATTEMPTS: Final = 20
_LOST_ANSWERS: Final = 2


def claim_run(
    records: Records, run: str, owner: str, *, token: str, take_over: bool, now: Callable[[], datetime]
) -> Bucket:
    """Become the owner of a run and return its last bucket. ``token`` is to be this claim's own.

    Raises:
        RunIsOwned: a lease holds, and ``take_over`` is false.
        LogUnavailable: it is not known whether the run was claimed; a claim that was lapses by itself.
    """
    lost = 0
    for _ in range(_CLAIM_ATTEMPTS):
        last = last_bucket(records, run, certain=True)
        if last is not None and last.lease is not None:
            if last.lease.token == token:
                # An earlier attempt, whose answer was lost.
                return last
            if not take_over:
                raise RunIsOwned(run, last.owner, until=now() + timedelta(seconds=last.lease.left_s))
        try:
            claimed = _claim(records, last, run, owner, token=token, if_free=not take_over)
        except LogUnavailable:
            lost += 1
            if lost == _LOST_ANSWERS:
                raise
        else:
            if claimed is not None:
                return claimed
    raise LogUnavailable(f"run {run} is being claimed by others all the time")


def _claim(
    records: Records, last: Bucket | None, run: str, owner: str, *, token: str, if_free: bool
) -> Bucket | None:
    """Claim the run at what is taken for its last bucket; return that bucket, or None if somebody was quicker."""
    if last is None:
        first = Bucket(run=run, number=0, epoch=1, owner=owner, base=0, head=0, head_hash=genesis(run))
        return first if records.open(first, token) else None
    epoch = last.epoch + 1
    if last.closed:
        following = last.next(epoch=epoch, owner=owner)
        return following if records.open(following, token) else None
    if not records.take(last, owner, token, if_free=if_free):
        return None
    # The owner before may have written until just then.
    taken = last_bucket(records, run, last.number, certain=True)
    if taken is not None and taken.epoch == epoch:
        return taken
    # Somebody has come after already: this claim was good for a moment, and what it believes now is refused.
    return last.owned(epoch=epoch, owner=owner)


class RunWriter:
    """The owner of a run: appends to its last bucket, and follows it with another when it is full.

    May be used by several threads; they wait for one another.
    """

    def __init__(
        self,
        records: Records,
        bucket: Bucket,
        *,
        token: str,
        limits: Limits,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self.claim: Final = Claim(run=bucket.run, epoch=bucket.epoch, head=bucket.as_head())
        self._records = records
        self._token = token
        self._limits = limits
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._number = bucket.number
        self._known: Bucket | None = bucket
        self._renewed_at = monotonic()
        self._is_held = True

    def append(self, envelopes: Sequence[Envelope]) -> None:
        """See ``EventLog.append``."""
        check_group(self.claim, envelopes)
        if not envelopes:
            return
        with self._lock:
            self._forget_unless_continued(envelopes[0])
            group = self._prepared(make_group(envelopes))
            lost = 0
            for _ in range(_WRITE_ATTEMPTS):
                bucket = self._look()
                if not is_new(bucket.as_head(), self.claim, envelopes, claim_is_held=self._is_held):
                    return
                try:
                    self._step(bucket, group)
                except LogUnavailable:
                    lost += 1
                    if lost == _LOST_ANSWERS:
                        raise
            raise LogUnavailable(f"run {self.claim.run}: the log refuses a record again and again")

    def keep(self) -> None:
        """See ``EventLog.keep``."""
        with self._lock:
            for _ in range(_WRITE_ATTEMPTS):
                if self._monotonic() - self._renewed_at < RENEW_AFTER_S:
                    self._check(last_bucket(self._records, self.claim.run, self._number))
                    return
                bucket = self._look()
                self._check(bucket)
                if bucket.closed:
                    self._follow(bucket)
                else:
                    self._renew(bucket)
            raise LogUnavailable(f"run {self.claim.run}: the log refuses to renew a lease again and again")

    def release(self) -> None:
        """See ``EventLog.release``. A lease that cannot be ended now lapses by itself."""
        with self._lock, suppress(LogUnavailable):
            if self._is_held:
                self._is_held = False
                bucket = self._look()
                if bucket.epoch == self.claim.epoch:
                    self._records.release(bucket)

    def _forget_unless_continued(self, envelope: Envelope) -> None:
        """Look again before anything is said about a record that is not simply the next one."""
        known = self._known
        if known is not None and (known.head, known.head_hash) != (envelope.seq - 1, envelope.prev_hash):
            self._known = None

    def _look(self) -> Bucket:
        """Return the last bucket as it is for certain, whatever became of earlier writes."""
        if self._known is None:
            last = last_bucket(self._records, self.claim.run, self._number, certain=True)
            if last is None:
                raise UnknownRun(self.claim.run)
            self._known, self._number = last, last.number
        return self._known

    def _check(self, bucket: Bucket | None) -> None:
        if bucket is None:
            raise UnknownRun(self.claim.run)
        if bucket.epoch != self.claim.epoch or not self._is_held:
            raise StaleOwner(self.claim.run, self.claim.epoch, bucket.epoch, bucket.owner)

    def _step(self, bucket: Bucket, group: Group) -> None:
        """Take one step on the group's way into the log."""
        if bucket.closed:
            self._follow(bucket)
        elif self._is_full(bucket, group):
            self._put(lambda: self._records.close(bucket), bucket.as_closed())
        else:
            self._put(lambda: self._records.append(bucket, group), bucket.with_group(group))

    def _follow(self, bucket: Bucket) -> None:
        opened = bucket.next(epoch=self.claim.epoch, owner=bucket.owner)
        asked_at = self._monotonic()
        if self._put(lambda: self._records.open(opened, self._token), opened):
            self._renewed_at = asked_at

    def _renew(self, bucket: Bucket) -> None:
        asked_at = self._monotonic()
        if self._put(lambda: self._records.renew(bucket, self._token), bucket):
            self._renewed_at = asked_at

    def _put(self, write: Callable[[], bool], after: Bucket) -> bool:
        """Make a write, after which the last bucket is ``after``; without a clear answer it is not known any more."""
        self._known = None
        if not write():
            return False
        self._known, self._number = after, after.number
        return True

    def _is_full(self, bucket: Bucket, group: Group) -> bool:
        limits = self._limits
        return bucket.head > bucket.base and (
            group.seq - bucket.base > limits.bucket_records or bucket.size + group.size > limits.bucket_bytes
        )

    def _prepared(self, group: Group) -> Group:
        """Return a group that goes into one row."""
        if group.size <= self._limits.row_bytes:
            return group
        row, pieces = without_body(group, self._limits.piece_bytes)
        self._records.put_pieces(self.claim.run, group.hash, pieces)
        return row
