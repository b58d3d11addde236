"""What is kept beside the chain: requests and checkpoints."""

from collections.abc import Collection
from typing import Final
from uuid import uuid4

from scylla_restore.events.log.cql import statements
from scylla_restore.events.log.cql.groups import cut
from scylla_restore.events.log.cql.session import CqlSession
from scylla_restore.events.log.cql.tables import RecordTables
from scylla_restore.events.log.port import Checkpoint, Request, RequestKind

_READS_OF_A_CHECKPOINT: Final = 2


class Requests:
    """Requests to a run's owner. All writes are conditional: posting and clearing must not overtake one another."""

    def __init__(self, session: CqlSession) -> None:
        self._session = session

    def post(self, request: Request) -> None:
        """See ``EventLog.post_request``; the run exists."""
        self._session.apply((statements.POST_REQUEST, (request.run, request.kind, request.requested_by)))

    def of(self, run: str) -> list[Request]:
        """See ``EventLog.requests``."""
        rows = sorted(self._session.read(statements.REQUESTS, (run,)), key=lambda row: row[0].time)
        # A kind that a newer program asks for is not ours to answer.
        return [
            Request(run=run, kind=RequestKind(kind), requested_by=by)
            for _, kind, by in rows
            if kind in RequestKind.__members__.values()
        ]

    def clear(self, run: str, kinds: Collection[RequestKind]) -> None:
        """See ``EventLog.clear_requests``."""
        for kind in kinds:
            self._session.apply((statements.CLEAR_REQUEST, (run, kind)))


class Checkpoints:
    """Checkpoints in pieces. A row points to the pieces of the newest; nobody sees half of one."""

    def __init__(self, session: CqlSession, records: RecordTables, piece_bytes: int) -> None:
        self._session = session
        self._records = records
        self._piece_bytes = piece_bytes

    def save(self, checkpoint: Checkpoint) -> None:
        """See ``EventLog.save_checkpoint``; the run exists."""
        run, state = checkpoint.run, checkpoint.state
        before = self._session.read(statements.LOAD_CHECKPOINT, (run, checkpoint.name))
        key = uuid4().bytes
        self._records.put_pieces(run, key, cut(state, self._piece_bytes))
        self._session.write(
            statements.SAVE_CHECKPOINT,
            (run, checkpoint.name, checkpoint.seq, checkpoint.hash, key, len(state)),
        )
        for _, _, old_key, _ in before:
            self._records.drop_pieces(run, old_key)

    def load(self, run: str, name: str) -> Checkpoint | None:
        """See ``EventLog.load_checkpoint``."""
        for _ in range(_READS_OF_A_CHECKPOINT):
            rows = self._session.read(statements.LOAD_CHECKPOINT, (run, name))
            if not rows:
                return None
            seq, hash_, key, size = rows[0]
            state = self._records.pieces(run, key)
            # Somebody may have saved a newer one meanwhile, whose pieces are read the second time.
            if len(state) == size:
                return Checkpoint(run=run, name=name, seq=seq, hash=hash_, state=state)
        return None
