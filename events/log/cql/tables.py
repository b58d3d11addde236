"""The log's tables: each method is a statement."""

from collections.abc import Sequence
from typing import Final, cast

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.cql import statements
from scylla_restore.events.log.cql.buckets import Bucket, Group, Lease
from scylla_restore.events.log.cql.session import Bound, CqlSession

_PIECES_AT_ONE_TIME: Final = 8
_CATALOGUE: Final = 0
_CLAIMS_AT_ONE_TIME: Final = 100


class RecordTables:
    """See ``Records``; a lease holds for ``lease_s``."""

    def __init__(self, session: CqlSession, *, lease_s: int) -> None:
        self._session = session
        self._lease_s = lease_s

    def bucket(self, run: str, number: int, *, certain: bool = False) -> Bucket | None:
        """See ``Records.bucket``."""
        for row in self._session.read(statements.BUCKET, (run, number), certain=certain):
            epoch, owner, base, head, head_hash, size, closed, lease, left_s = row
            if epoch is not None:
                return Bucket(
                    run=run,
                    number=number,
                    epoch=epoch,
                    owner=owner or "",
                    base=base or 0,
                    head=head or 0,
                    head_hash=head_hash or b"",
                    size=size or 0,
                    closed=bool(closed),
                    lease=None if lease is None else Lease(lease, left_s or 0),
                )
        return None

    def open(self, bucket: Bucket, token: str) -> bool:
        """See ``Records.open``."""
        values = (bucket.epoch, bucket.owner, bucket.base, bucket.head, bucket.head_hash, *_place(bucket))
        return self._session.apply((statements.OPEN_BUCKET, values), self._lease(bucket, token))

    def take(self, bucket: Bucket, owner: str, token: str, *, if_free: bool) -> bool:
        """See ``Records.take``."""
        values = (bucket.epoch + 1, owner, *_place(bucket), bucket.epoch)
        return self._session.apply(
            (statements.TAKE_IF_FREE if if_free else statements.TAKE, values), self._lease(bucket, token)
        )

    def append(self, bucket: Bucket, group: Group) -> bool:
        """See ``Records.append``."""
        size = bucket.size + group.size
        return self._session.apply(
            (statements.MOVE_HEAD, (group.seq, group.hash, size, *_place(bucket), *_at_head(bucket))),
            (
                statements.INSERT_GROUP,
                (
                    *_place(bucket),
                    group.seq,
                    group.hash,
                    group.count,
                    group.records or None,
                    group.hashes or None,
                    group.pieces,
                ),
            ),
        )

    def close(self, bucket: Bucket) -> bool:
        """See ``Records.close``."""
        return self._session.apply((statements.CLOSE_BUCKET, (*_place(bucket), *_at_head(bucket))))

    def renew(self, bucket: Bucket, token: str) -> bool:
        """See ``Records.renew``."""
        return self._session.apply((statements.RENEW, (self._lease_s, token, *_place(bucket), bucket.epoch)))

    def release(self, bucket: Bucket) -> bool:
        """See ``Records.release``."""
        return self._session.apply((statements.RELEASE, (*_place(bucket), bucket.epoch)))

    def groups(self, run: str, number: int, *, from_seq: int, limit: int) -> Sequence[Group]:
        """See ``Records.groups``."""
        return [
            Group(
                seq=seq,
                hash=hash_ or b"",
                count=count or 0,
                records=records or b"",
                hashes=hashes or b"",
                pieces=pieces or 0,
            )
            for seq, hash_, count, records, hashes, pieces in self._session.read(
                statements.GROUPS, (run, number, from_seq, limit)
            )
        ]

    def put_pieces(self, run: str, key: bytes, pieces: Sequence[bytes]) -> None:
        """See ``Records.put_pieces``."""
        self._session.write_each(
            statements.PUT_PIECE, [(run, key, number, piece) for number, piece in enumerate(pieces)]
        )

    def pieces(self, run: str, key: bytes) -> bytes:
        """See ``Records.pieces``."""
        found: list[bytes] = []
        start = 0
        while rows := self._session.read(statements.PIECES, (run, key, start, _PIECES_AT_ONE_TIME)):
            found += [piece or b"" for _, piece in rows]
            start = rows[-1][0] + 1
        return b"".join(found)

    def drop_pieces(self, run: str, key: bytes) -> None:
        """Delete the pieces of something that nobody refers to any more."""
        self._session.write(statements.DROP_PIECES, (run, key))

    def _lease(self, bucket: Bucket, token: str) -> Bound:
        return statements.PUT_LEASE, (self._lease_s, token, *_place(bucket))


class RunTable:
    """Which runs there are, in the order of their first claims."""

    def __init__(self, session: CqlSession) -> None:
        self._session = session

    def add(self, run: str) -> None:
        """See to it that the run is in the table.

        Raises:
            LogUnavailable: it may be, or not.
        """
        for _ in range(_CLAIMS_AT_ONE_TIME):
            if self._session.read(statements.FIND_RUN, (_CATALOGUE, run)):
                return
            rows = self._session.read(statements.LAST_RUN, (_CATALOGUE,), certain=True)
            last: int | None = rows[0][0] if rows else None
            number = (last or 0) + 1
            self._session.apply(
                (statements.COUNT_RUN, (number, _CATALOGUE, last)),
                (statements.ADD_RUN, (_CATALOGUE, run, number)),
            )
        raise LogUnavailable(f"run {run} cannot be added: others add runs all the time")

    def with_records(self) -> list[str]:
        """Return all runs that have at least one record, oldest first."""
        rows = sorted(self._session.read(statements.ALL_RUNS, (_CATALOGUE,)))
        runs = [cast("str", run) for _, run in rows]
        heads = self._session.read_each(statements.HEAD, [(run, 0) for run in runs])
        return [run for run, found in zip(runs, heads, strict=True) if any(head for (head,) in found)]


def _place(bucket: Bucket) -> tuple[str, int]:
    return bucket.run, bucket.number


def _at_head(bucket: Bucket) -> tuple[int, int, bytes]:
    return bucket.epoch, bucket.head, bucket.head_hash
