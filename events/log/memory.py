"""A log in memory, for tests and simulated runs: it forgets everything with its process."""

import threading
from collections.abc import Collection, Iterator, Sequence

from scylla_restore.events.chain import genesis
from scylla_restore.events.envelope import Envelope, StoredRecord
from scylla_restore.events.errors import LogError, RunIsOwned, UnknownRun
from scylla_restore.events.log.admission import check_group, check_owner, is_new
from scylla_restore.events.log.port import Checkpoint, Claim, Head, Request, RequestKind
from scylla_restore.events.log.reading import read_envelopes


class _Run:
    """All that is kept of one run. What is stored is bytes, so that every event is read from its bytes."""

    __slots__ = ("checkpoints", "epoch", "head_hash", "is_held", "owner", "records", "requests", "run")

    def __init__(self, run: str) -> None:
        self.run = run
        self.epoch = 0
        self.owner = ""
        self.is_held = False
        self.head_hash = genesis(run)
        self.records: list[StoredRecord] = []
        self.requests: dict[RequestKind, Request] = {}
        self.checkpoints: dict[str, Checkpoint] = {}

    def head(self) -> Head:
        return Head(
            run=self.run, seq=len(self.records), hash=self.head_hash, epoch=self.epoch, owner=self.owner
        )


class MemoryLog:
    """An ``EventLog`` for one process. An owner dies by ``abandon``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._is_closed = False

    def claim(self, run: str, owner: str, *, take_over: bool = False) -> Claim:
        """See ``EventLog.claim``."""
        with self._lock:
            self._check_open()
            entry = self._runs.setdefault(run, _Run(run))
            if entry.is_held and not take_over:
                raise RunIsOwned(run, entry.owner)
            entry.epoch += 1
            entry.owner = owner
            entry.is_held = True
            return Claim(run=run, epoch=entry.epoch, head=entry.head())

    def keep(self, claim: Claim) -> None:
        """See ``EventLog.keep``."""
        with self._lock:
            entry = self._run(claim.run)
            check_owner(entry.head(), claim, claim_is_held=entry.is_held)

    def release(self, claim: Claim) -> None:
        """See ``EventLog.release``."""
        with self._lock:
            entry = self._runs.get(claim.run)
            if entry is not None and entry.epoch == claim.epoch:
                entry.is_held = False

    def abandon(self, run: str) -> None:
        """Let the run's owner die: as if its process had been killed."""
        with self._lock:
            self._run(run).is_held = False

    def append(self, claim: Claim, envelopes: Sequence[Envelope]) -> None:
        """See ``EventLog.append``."""
        check_group(claim, envelopes)
        with self._lock:
            entry = self._run(claim.run)
            if not envelopes or not is_new(entry.head(), claim, envelopes, claim_is_held=entry.is_held):
                return
            entry.records.extend(
                StoredRecord(seq=envelope.seq, record=envelope.record, hash=envelope.hash)
                for envelope in envelopes
            )
            entry.head_hash = envelopes[-1].hash

    def head(self, run: str) -> Head:
        """See ``EventLog.head``."""
        with self._lock:
            return self._run(run).head()

    def is_owned(self, run: str) -> bool:
        """See ``EventLog.is_owned``."""
        with self._lock:
            self._check_open()
            return run in self._runs and self._runs[run].is_held

    def read(self, run: str, *, from_seq: int = 1) -> Iterator[Envelope]:
        """See ``EventLog.read``."""
        return read_envelopes(self, run, from_seq=from_seq)

    def read_records(self, run: str, *, from_seq: int = 1) -> Iterator[StoredRecord]:
        """See ``EventLog.read_records``."""
        with self._lock:
            return iter(self._run(run).records[max(from_seq - 1, 0) :])

    def runs(self) -> list[str]:
        """See ``EventLog.runs``."""
        with self._lock:
            self._check_open()
            return [run for run, entry in self._runs.items() if entry.records]

    def post_request(self, request: Request) -> None:
        """See ``EventLog.post_request``."""
        with self._lock:
            self._run(request.run).requests.setdefault(request.kind, request)

    def requests(self, run: str) -> list[Request]:
        """See ``EventLog.requests``."""
        with self._lock:
            self._check_open()
            return list(self._runs[run].requests.values()) if run in self._runs else []

    def clear_requests(self, run: str, *, kinds: Collection[RequestKind] = tuple(RequestKind)) -> None:
        """See ``EventLog.clear_requests``."""
        with self._lock:
            self._check_open()
            for kind in kinds if run in self._runs else ():
                self._runs[run].requests.pop(kind, None)

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """See ``EventLog.save_checkpoint``."""
        with self._lock:
            self._run(checkpoint.run).checkpoints[checkpoint.name] = checkpoint

    def load_checkpoint(self, run: str, name: str) -> Checkpoint | None:
        """See ``EventLog.load_checkpoint``."""
        with self._lock:
            self._check_open()
            return self._runs[run].checkpoints.get(name) if run in self._runs else None

    def close(self) -> None:
        """See ``EventLog.close``."""
        with self._lock:
            self._is_closed = True
            self._runs.clear()

    def _run(self, run: str) -> _Run:
        self._check_open()
        entry = self._runs.get(run)
        if entry is None:
            raise UnknownRun(run)
        return entry

    def _check_open(self) -> None:
        if self._is_closed:
            raise LogError("the log is closed")
