"""How a restore would go: the real planner and the real fold, with made-up nodes that are as fast as they are said to be.

    node 1   download ├──1──┼──2──┼─3─┤            the clock jumps from the end of one bar to that of the next;
             load           ├───1───┼───2───┼─3─┤  both lanes of a node are busy as they would be
    node 2   download ├───4───┼──5──┤

A node whose Scylla restores by itself does so in its load lane. Nothing fails, no node rests, and the SSTables are those of the index (``test_core_rehearsal.py`` draws it in numbers).
"""

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from scylla_restore.engine.core.fold.batches import fold_batch
from scylla_restore.engine.core.planning import Assignment, next_batch, next_native_batch
from scylla_restore.engine.core.state import Batch, NodeState, RunState
from scylla_restore.events.model import BatchEvent
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchDownloaded,
    DownloadRequested,
    LoadRequested,
    NativeRestoreRequested,
    SSTablesLoaded,
)
from scylla_restore.events.model.target import Method


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a node is: bytes per second in each lane, and the seconds that any batch takes in each."""

    download: float
    load: float
    batch_s: float = 0.0


class Part(msgspec.Struct, kw_only=True):
    """A node's part in a restore; ``seconds`` is when it is done with it, from the beginning."""

    batches: int = 0
    sstables: int = 0
    size: int = 0
    seconds: float = 0.0


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the parts of all nodes by address. ``left`` are SSTables that no node would take."""

    parts: dict[str, Part]
    left: int

    @property
    def batches(self) -> int:
        """Batches of all nodes."""
        return sum(part.batches for part in self.parts.values())

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return max((part.seconds for part in self.parts.values()), default=0.0)


def rehearse(state: RunState, speeds: Mapping[str, Speed], begin: datetime) -> Rehearsal:
    """Restore everything that ``state`` has left to nodes of these speeds, by address.

    The state is that of a prepared run, and is used up: it is a run's in which all is restored. ``begin`` is any moment.
    """
    stage = _Stage(state, speeds, begin)
    for address in sorted(state.nodes):
        stage.give(state.nodes[address])
    while stage.passes():
        pass
    return Rehearsal(parts=stage.parts, left=state.workload.left)


class _Stage:
    """The rehearsal as it goes on; ``due`` are the ends of bars: (seconds, batch, node)."""

    def __init__(self, state: RunState, speeds: Mapping[str, Speed], begin: datetime) -> None:
        self.parts = {address: Part() for address in state.nodes}
        self._state = state
        self._speeds = speeds
        self._begin = begin
        self._second = 0.0
        self._due: list[tuple[float, int, str]] = []

    def passes(self) -> bool:
        """Go on to the end of the next bar; return False when there is none any more."""
        if not self._due:
            return False
        self._second, batch_id, address = heapq.heappop(self._due)
        node, batch = self._state.nodes[address], self._state.batches[batch_id]
        if node.download == batch_id:
            self._fold(BatchDownloaded(batch=batch.id, attempt=batch.attempt, downloaded=batch.size))
        else:
            self._count(self.parts[address], batch)
            self._fold(SSTablesLoaded(batch=batch.id, attempt=batch.attempt))
        self.give(node)
        if not node.busy and self._state.target.tuning.parallel:
            # It leaves its place to one that has had to wait for it.
            for other in sorted(self._state.nodes):
                self.give(self._state.nodes[other])
        return True

    def give(self, node: NodeState) -> None:
        """Fill the node's free lanes."""
        if node.load is None and node.staged:
            batch = self._state.batches[node.staged[0]]
            self._fold(LoadRequested(batch=batch.id, attempt=batch.attempt))
            self._end_later(batch, self._speeds[node.address].load)
        if node.load is None and not node.staged:
            assignment = next_native_batch(self._state, node, self._now())
            if assignment is not None:
                self._assign(node, assignment)
        if node.download is None:
            assignment = next_batch(self._state, node, self._now())
            if assignment is not None:
                self._assign(node, assignment)

    def _assign(self, node: NodeState, assignment: Assignment) -> None:
        directory = self._state.workload.directories[assignment.directory]
        self._fold(
            BatchAssigned(
                batch=assignment.batch,
                attempt=assignment.attempt,
                node=node.address,
                method=assignment.method,
                directory=assignment.directory,
                sstables=tuple(directory.ids[position] for position in assignment.positions),
                size=assignment.size,
            )
        )
        speed = self._speeds[node.address]
        if assignment.method is Method.NATIVE:
            # Scylla streams what it reads: it is as fast as the slower of the two
            self._fold(NativeRestoreRequested(batch=assignment.batch, attempt=assignment.attempt))
            bytes_per_s = min(speed.download, speed.load)
        else:
            self._fold(DownloadRequested(batch=assignment.batch, attempt=assignment.attempt))
            bytes_per_s = speed.download
        self._end_later(self._state.batches[assignment.batch], bytes_per_s)

    def _end_later(self, batch: Batch, bytes_per_s: float) -> None:
        seconds = self._speeds[batch.node].batch_s + batch.size / bytes_per_s
        heapq.heappush(self._due, (self._second + seconds, batch.id, batch.node))

    def _count(self, part: Part, batch: Batch) -> None:
        part.batches += 1
        part.sstables += len(batch.positions)
        part.size += batch.size
        part.seconds = self._second

    def _fold(self, event: BatchEvent) -> None:
        fold_batch(self._state, event, self._now())

    def _now(self) -> datetime:
        return self._begin + timedelta(seconds=self._second)
