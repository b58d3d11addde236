"""Repairs of the simulated cluster: by vnodes on one node, with numbers that begin anew, and of tablets by everybody."""

from collections.abc import Callable
from random import Random
from uuid import UUID

import msgspec
from tests.simulation.simulator.scheduler import SECOND_US

from scylla_restore.engine.cluster.port import RingRange

TOKENS_PER_NODE = 3
REPLICAS = 3
GIB = 1 << 30


class SimRepair(msgspec.Struct, kw_only=True):
    """One repair. Without ``ranges`` it is of the whole table; ``number`` is 0 for one of tablets."""

    task: str
    number: int
    node: str
    keyspace: str
    table: str
    ranges: tuple[tuple[str, str], ...]
    begin_us: int
    end_us: int
    fails: bool
    state: str = "running"

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state == "running"


class SimRepairs:
    """All repairs there ever were. ``is_up`` tells whether every node takes part."""

    def __init__(self, random: Random, is_up: Callable[[], bool]) -> None:
        self.failures = 0.0
        """How likely a repair is to fail."""
        self.forgets = random.random() < 0.2
        """Whether finished tasks are forgotten at once."""
        self.all: list[SimRepair] = []
        self._random = random
        self._is_up = is_up
        self._numbers: dict[str, int] = {}
        self._open: list[SimRepair] = []
        self._sizes: dict[str, int] = {}

    def size_of(self, table: str) -> int:
        """Bytes of a table on a node: some are large."""
        return self._sizes.setdefault(table, self._random.choice((0, 2 * GIB)))

    def start(
        self,
        now_us: int,
        *,
        node: str,
        keyspace: str,
        table: str,
        ranges: tuple[tuple[str, str], ...],
        tablets: bool,
    ) -> SimRepair:
        """Begin a repair."""
        number = 0
        if not tablets:
            number = self._numbers[node] = self._numbers.get(node, 0) + 1
        length_us = int(10 ** self._random.uniform(-2, 2) * SECOND_US)
        repair = SimRepair(
            task=str(UUID(int=self._random.getrandbits(128), version=4)),
            number=number,
            node=node,
            keyspace=keyspace,
            table=table,
            ranges=ranges,
            begin_us=now_us,
            end_us=now_us + length_us,
            fails=self._random.random() < self.failures,
        )
        self.all.append(repair)
        self._open.append(repair)
        return repair

    def numbered(self, node: str, number: int) -> SimRepair | None:
        """Return the repair that a node has by a number in this life of its."""
        if not 0 < number <= self._numbers.get(node, 0):
            return None
        return next(r for r in reversed(self.all) if (r.node, r.number) == (node, number))

    def task(self, task: str) -> SimRepair | None:
        """Return a task that the cluster still knows."""
        found = next((repair for repair in self.all if repair.task == task), None)
        if found is None or (self.forgets and not found.runs):
            return None
        return found

    def settle(self, now_us: int) -> None:
        """Bring repairs to where they are at ``now_us``."""
        for repair in [each for each in self._open if each.end_us <= now_us]:
            self._open.remove(repair)
            repair.state = "failed" if repair.fails or not self._is_up() else "done"

    def running(self, *, node: str | None) -> list[SimRepair]:
        """Return what runs on a node, or (None) of tablets."""
        return [r for r in self._open if (r.node == node if node else not r.number)]

    def abort(self, repair: SimRepair) -> None:
        """End a repair early."""
        if repair in self._open:
            self._open.remove(repair)
            repair.state = "failed"

    def interrupt(self, node: str) -> None:
        """Scylla is restarted on a node: its repairs are cut, and their numbers begin anew."""
        for repair in self.running(node=node):
            self.abort(repair)
        self._numbers[node] = 0


def ring_of(addresses: list[str]) -> tuple[RingRange, ...]:
    """Return the ring of these nodes; its last range wraps around."""
    count = len(addresses) * TOKENS_PER_NODE
    step = 2**64 // count
    tokens = [-(2**63) + step // 2 + step * position for position in range(count)]
    order = sorted(addresses)
    return tuple(
        RingRange(
            start=str(tokens[position - 1]),
            end=str(token),
            replicas=tuple(
                order[(position + offset) % len(order)] for offset in range(min(REPLICAS, len(order)))
            ),
        )
        for position, token in enumerate(tokens)
    )
