"""Several engines at one log, step by step in an order that a seed decides, with answers that are lost or late.

Each engine is a thread that waits for its turn before every call of the store, so that only one of them ever runs.
"""

import random
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from scylla_restore.events.errors import LogUnavailable
from scylla_restore.events.log.cql.buckets import Bucket, Group, Lease

T = TypeVar("T")


class Killed(BaseException):
    """The engine's process ends here."""


class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """How often what happens, per call or step; ``late`` writes are made after their sender was told of no answer."""

    lost: float = 0.0
    late: float = 0.0
    never: float = 0.0
    kill: float = 0.0
    lapse: float = 0.0


class Partitions:
    """All buckets in memory, for any number of engines: see ``Records``. ``bugs`` are conditions that it forgets."""

    def __init__(self, bugs: frozenset[str] = frozenset()) -> None:
        self.buckets: dict[tuple[str, int], Bucket] = {}
        self._groups: dict[tuple[str, int], dict[int, Group]] = {}
        self._pieces: dict[tuple[str, bytes], bytes] = {}
        self._bugs = bugs

    def lapse(self) -> None:
        """Let all leases lapse."""
        for place, bucket in self.buckets.items():
            self.buckets[place] = msgspec.structs.replace(bucket, lease=None)

    def bucket(self, run: str, number: int, *, certain: bool = False) -> Bucket | None:
        del certain
        return self.buckets.get((run, number))

    def open(self, bucket: Bucket, token: str) -> bool:
        place = bucket.run, bucket.number
        if place in self.buckets and "open" not in self._bugs:
            return False
        self.buckets[place] = msgspec.structs.replace(bucket, lease=Lease(token, 15))
        return True

    def take(self, bucket: Bucket, owner: str, token: str, *, if_free: bool) -> bool:
        found = self._open_of(bucket)
        if found is None or (if_free and found.lease is not None):
            return False
        taken = found.owned(epoch=bucket.epoch + 1, owner=owner)
        return self._put(msgspec.structs.replace(taken, lease=Lease(token, 15)))

    def append(self, bucket: Bucket, group: Group) -> bool:
        found = self._at_head(bucket, "append")
        if found is None:
            return False
        self._groups.setdefault((bucket.run, bucket.number), {})[group.seq] = group
        return self._put(found.with_group(group))

    def close(self, bucket: Bucket) -> bool:
        found = self._at_head(bucket, "close")
        return found is not None and self._put(found.as_closed())

    def renew(self, bucket: Bucket, token: str) -> bool:
        found = self._open_of(bucket)
        return found is not None and self._put(msgspec.structs.replace(found, lease=Lease(token, 15)))

    def release(self, bucket: Bucket) -> bool:
        found = self._open_of(bucket)
        return found is not None and self._put(msgspec.structs.replace(found, lease=None))

    def groups(self, run: str, number: int, *, from_seq: int, limit: int) -> Sequence[Group]:
        found = self._groups.get((run, number), {})
        return [found[seq] for seq in sorted(found) if seq >= from_seq][:limit]

    def put_pieces(self, run: str, key: bytes, pieces: Sequence[bytes]) -> None:
        self._pieces[run, key] = b"".join(pieces)

    def pieces(self, run: str, key: bytes) -> bytes:
        return self._pieces.get((run, key), b"")

    def _open_of(self, bucket: Bucket) -> Bucket | None:
        found = self.buckets.get((bucket.run, bucket.number))
        return found if found and found.epoch == bucket.epoch and not found.closed else None

    def _at_head(self, bucket: Bucket, what: str) -> Bucket | None:
        found = self.buckets.get((bucket.run, bucket.number))
        if found is None:
            return None
        conditions = {
            "epoch": found.epoch == bucket.epoch,
            "closed": not found.closed,
            "head": (found.head, found.head_hash) == (bucket.head, bucket.head_hash),
        }
        return (
            found
            if all(met for name, met in conditions.items() if f"{what} {name}" not in self._bugs)
            else None
        )

    def _put(self, bucket: Bucket) -> bool:
        self.buckets[bucket.run, bucket.number] = bucket
        return True


class Stage:
    """Where engines play. ``late`` holds the writes that are still on their way."""

    def __init__(self, seed: str, odds: Odds, bugs: frozenset[str] = frozenset()) -> None:
        self.partitions = Partitions(bugs)
        self.dice = random.Random(seed)  # noqa: S311 - the same every time
        self.odds = odds
        self.late: list[Callable[[], object]] = []
        self._turns: list[_Turn] = []

    def add(self, play: Callable[["Reached"], None]) -> None:
        """Add an engine; it begins with ``run``."""
        self._turns.append(_Turn(play, self))

    def run(self) -> None:
        """Give turns until all engines have ended; an engine's error ends it all."""
        try:
            while waiting := [turn for turn in self._turns if not turn.is_over]:
                self._let_time_pass()
                self.dice.choice(waiting).give()
        finally:
            for turn in self._turns:
                turn.end()
        for turn in self._turns:
            if turn.error is not None:
                raise turn.error

    def _let_time_pass(self) -> None:
        if self.dice.random() < self.odds.lapse:
            self.partitions.lapse()
        if self.late and self.dice.random() < 0.2:
            self.late.pop(self.dice.randrange(len(self.late)))()


class _Turn:
    """One engine's thread, and whose turn it is."""

    def __init__(self, play: Callable[["Reached"], None], stage: Stage) -> None:
        self.is_over = False
        self.error: Exception | None = None
        self._mine = threading.Semaphore(0)
        self._done = threading.Semaphore(0)
        self._is_ended = False
        self._thread = threading.Thread(target=self._work, args=(play, Reached(stage, self)), daemon=True)
        self._thread.start()

    def give(self) -> None:
        """Let the engine go on to its next call, and wait until it is there."""
        self._mine.release()
        self._done.acquire()

    def take(self) -> None:
        """Wait for the next turn."""
        self._done.release()
        self._mine.acquire()
        if self._is_ended:
            raise Killed

    def end(self) -> None:
        """End an engine that still waits."""
        self._is_ended = True
        self._mine.release()
        self._thread.join()

    def _work(self, play: Callable[["Reached"], None], records: "Reached") -> None:
        self._mine.acquire()
        try:
            if not self._is_ended:
                play(records)
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001 - told to the test
            self.error = error
        finally:
            self.is_over = True
            self._done.release()


class Reached:
    """``Records`` as one engine reaches them."""

    def __init__(self, stage: Stage, turn: _Turn) -> None:
        self.stage = stage
        self._turn = turn
        self._inner = stage.partitions

    def bucket(self, run: str, number: int, *, certain: bool = False) -> Bucket | None:
        return self._read(lambda: self._inner.bucket(run, number, certain=certain))

    def groups(self, run: str, number: int, *, from_seq: int, limit: int) -> Sequence[Group]:
        return self._read(lambda: self._inner.groups(run, number, from_seq=from_seq, limit=limit))

    def pieces(self, run: str, key: bytes) -> bytes:
        return self._read(lambda: self._inner.pieces(run, key))

    def open(self, bucket: Bucket, token: str) -> bool:
        return self._write(lambda: self._inner.open(bucket, token))

    def take(self, bucket: Bucket, owner: str, token: str, *, if_free: bool) -> bool:
        return self._write(lambda: self._inner.take(bucket, owner, token, if_free=if_free))

    def append(self, bucket: Bucket, group: Group) -> bool:
        return self._write(lambda: self._inner.append(bucket, group))

    def close(self, bucket: Bucket) -> bool:
        return self._write(lambda: self._inner.close(bucket))

    def renew(self, bucket: Bucket, token: str) -> bool:
        return self._write(lambda: self._inner.renew(bucket, token))

    def release(self, bucket: Bucket) -> bool:
        return self._write(lambda: self._inner.release(bucket))

    def put_pieces(self, run: str, key: bytes, pieces: Sequence[bytes]) -> None:
        self._write(lambda: self._inner.put_pieces(run, key, pieces))

    def _read(self, call: Callable[[], T]) -> T:
        self._turn.take()
        odds, dice = self.stage.odds, self.stage.dice
        if dice.random() < odds.kill:
            raise Killed
        if dice.random() < odds.lost:
            raise LogUnavailable("the answer was lost")
        return call()

    def _write(self, call: Callable[[], T]) -> T:
        self._turn.take()
        odds, dice = self.stage.odds, self.stage.dice
        if dice.random() < odds.kill:
            if dice.random() < 0.5:
                self.stage.late.append(call)
            raise Killed
        if dice.random() < odds.never:
            raise LogUnavailable("the write was lost")
        if dice.random() < odds.late:
            self.stage.late.append(call)
            raise LogUnavailable("the write comes late")
        answer = call()
        if dice.random() < odds.lost:
            raise LogUnavailable("the answer was lost")
        return answer
