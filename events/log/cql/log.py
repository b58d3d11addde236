"""The log in ScyllaDB or Apache Cassandra, for engines on any host."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import StaleOwner, UnknownRun
from scylla_restore.events.log.cql.address import CqlAddress
from scylla_restore.events.log.cql.beside import Checkpoints, Requests
from scylla_restore.events.log.cql.buckets import Bucket, last_bucket
from scylla_restore.events.log.cql.groups import Limits
from scylla_restore.events.log.cql.owning import RunWriter, claim_run
from scylla_restore.events.log.cql.reading import read_groups
from scylla_restore.events.log.cql.session import CqlSession
from scylla_restore.events.log.cql.tables import RecordTables, RunTable
from scylla_restore.events.log.port import Checkpoint, Claim, Head, Request, RequestKind
from scylla_restore.events.log.reading import read_envelopes

REQUEST_TIMEOUT_S: Final = 6.0
LEASE_S: Final = 15


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CqlLog:
    """An ``EventLog`` at ``address``; with ``create`` what is missing of keyspace and tables is made.

    An owner holds a lease of ``lease_s``, which ``keep`` renews when it is 5 s old, and which lapses when its process
    dies. A server that does not answer within ``request_timeout_s`` is ``LogUnavailable``.

    Raises:
        UnusableLog: there is no log, or it lets nobody in, or is not ours.
        LogUnavailable: no node answers.
    """

    def __init__(
        self,
        address: CqlAddress,
        *,
        password: str | None = None,
        create: bool = True,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
        lease_s: int = LEASE_S,
        limits: Limits | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.address: Final = address
        self._limits = limits or Limits()
        self._now = now
        self.session: Final = CqlSession(
            address, password=password, create=create, request_timeout_s=request_timeout_s
        )
        """The connections, also for tables that lie beside the log."""
        self._records = RecordTables(self.session, lease_s=lease_s)
        self._runs = RunTable(self.session)
        self._requests = Requests(self.session)
        self._checkpoints = Checkpoints(self.session, self._records, self._limits.piece_bytes)
        self._lock = threading.Lock()
        self._writers: dict[tuple[str, int], RunWriter] = {}
        self._ends: dict[str, int] = {}

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        """See ``EventLog.claim``."""
        self._runs.add(run)
        token = uuid4().hex
        bucket = claim_run(self._records, run, owner, token=token, take_over=take_over, now=self._now)
        writer = RunWriter(self._records, bucket, token=token, limits=self._limits)
        with self._lock:
            self._writers[run, bucket.epoch] = writer
        return writer.claim

    def keep(self, claim: Claim) -> None:
        """See ``EventLog.keep``."""
        self._writer(claim).keep()

    def release(self, claim: Claim) -> None:
        """See ``EventLog.release``."""
        with self._lock:
            writer = self._writers.pop((claim.run, claim.epoch), None)
        if writer is not None:
            writer.release()

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        """See ``EventLog.append``."""
        self._writer(claim).append(envelopes)

    def head(self, run: str) -> Head:
        """See ``EventLog.head``."""
        return self._last(run).as_head()

    def is_owned(self, run: str) -> bool:
        """See ``EventLog.is_owned``."""
        try:
            return self._last(run).lease is not None
        except UnknownRun:
            return False

    def read(self, run: str, *, from_seq: int = 1) -> Iterator[Envelope]:
        """See ``EventLog.read``."""
        return read_envelopes(self, run, from_seq=from_seq)

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """See ``EventLog.read_records``."""
        first = self._records.bucket(run, 0)
        if first is None:
            raise UnknownRun(run)
        return read_groups(self._records, first, from_seq=from_seq, page_bytes=self._limits.page_bytes)

    def runs(self) -> list[str]:
        """See ``EventLog.runs``."""
        return self._runs.with_records()

    def post_request(self, request: Request) -> None:
        """See ``EventLog.post_request``."""
        self._check_known(request.run)
        self._requests.post(request)

    def requests(self, run: str) -> list[Request]:
        """See ``EventLog.requests``."""
        return self._requests.of(run)

    def clear_requests(self, run: str, *, kinds: Collection[RequestKind] = tuple(RequestKind)) -> None:
        """See ``EventLog.clear_requests``."""
        self._requests.clear(run, kinds)

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """See ``EventLog.save_checkpoint``."""
        self._check_known(checkpoint.run)
        self._checkpoints.save(checkpoint)

    def load_checkpoint(self, run: str, name: str) -> Checkpoint | None:
        """See ``EventLog.load_checkpoint``."""
        return self._checkpoints.load(run, name)

    def close(self) -> None:
        """See ``EventLog.close``. Leases are ended; one that cannot be lapses by itself."""
        with self._lock:
            writers = list(self._writers.values())
            self._writers.clear()
        for writer in writers:
            writer.release()
        self.session.close()

    def _writer(self, claim: Claim) -> RunWriter:
        self.session.check_open()
        with self._lock:
            writer = self._writers.get((claim.run, claim.epoch))
        if writer is None:
            head = self.head(claim.run)
            raise StaleOwner(claim.run, claim.epoch, head.epoch, head.owner)
        return writer

    def _last(self, run: str) -> Bucket:
        """Return the run's last bucket, looking for it from where it was last."""
        with self._lock:
            number = self._ends.get(run, 0)
        last = last_bucket(self._records, run, number)
        if last is None:
            raise UnknownRun(run)
        with self._lock:
            self._ends[run] = max(last.number, self._ends.get(run, 0))
        return last

    def _check_known(self, run: str) -> None:
        if self._records.bucket(run, 0) is None:
            raise UnknownRun(run)
