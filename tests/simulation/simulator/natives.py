"""Scylla's side of native restores on a simulated node: tasks that read a bucket, and go on when nobody asks for them."""

from collections.abc import Callable
from random import Random
from uuid import UUID

import msgspec
from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US

Identity = tuple[str, str, str]

ENDPOINT = "http://store.example:9000"
"""How Scylla, where it is configured for it, and every agent call the store behind all locations."""


class SimNative(msgspec.Struct, kw_only=True):
    """One task; ``sstables`` in the order in which they are streamed. ``fails_after`` so many it fails, or never."""

    task: str
    keyspace: str
    table: str
    sstables: list[Identity]
    begin_us: int
    end_us: int
    fails_after: int | None
    done: int = 0
    state: str = "running"
    error: str = ""
    ended_us: int = 0

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.state == "running"


class Natives:
    """The tasks of one node's Scylla since it was started. ``loaded`` is told each SSTable that passed into the cluster."""

    def __init__(
        self,
        backup: Backup,
        random: Random,
        *,
        bytes_per_s: int,
        user_ttl: int,
        loaded: Callable[[Identity], None],
    ) -> None:
        self.failures = 0.0
        """How likely a task is to fail half-way."""
        self.user_ttl = user_ttl
        """Seconds for which a finished task is known."""
        self.violations: list[str] = []
        self._default_ttl = user_ttl
        self._backup = backup
        self._random = random
        self.bytes_per_s = bytes_per_s
        self._loaded = loaded
        self._tasks: dict[str, SimNative] = {}

    def start(
        self, now_us: int, location: str, prefix: str, target: str, names: tuple[str, ...]
    ) -> SimNative:
        """Begin to restore into ``<keyspace>:<table>``."""
        keyspace, table = target.split(":")
        running = [
            task
            for task in self.known(now_us)
            if task.runs and (task.keyspace, task.table) == (keyspace, table)
        ]
        if running:
            self.violations.append(f"{target} is restored natively by two tasks at a time")
        found = [self._truth(location, prefix, target, name) for name in names]
        size = sum(self._backup.truth[identity].size for identity in found)
        fails_after = self._random.randrange(len(found)) if self._random.random() < self.failures else None
        task = SimNative(
            task=str(UUID(int=self._random.getrandbits(128), version=4)),
            keyspace=keyspace,
            table=table,
            sstables=found,
            begin_us=now_us,
            end_us=now_us + MILLISECOND_US + size * SECOND_US // self.bytes_per_s,
            fails_after=fails_after,
        )
        self._tasks[task.task] = task
        return task

    def known(self, now_us: int) -> list[SimNative]:
        """Return the tasks that run, or ended not too long ago."""
        self.settle(now_us)
        for task in list(self._tasks.values()):
            if not task.runs and now_us > task.ended_us + self.user_ttl * SECOND_US:
                del self._tasks[task.task]
        return list(self._tasks.values())

    def settle(self, now_us: int) -> None:
        """Bring tasks to where they are at ``now_us``."""
        for task in self._tasks.values():
            if task.runs:
                self._advance(task, now_us)

    def abort(self, task: SimNative, now_us: int) -> None:
        """End a task early."""
        if task.runs:
            task.state, task.error, task.ended_us = "failed", "abort requested", now_us

    def interrupt(self, now_us: int) -> None:
        """Scylla is restarted: what was streamed is there, and the tasks are forgotten."""
        self.settle(now_us)
        self._tasks.clear()
        self.user_ttl = self._default_ttl

    def heal(self) -> None:
        """From now on nothing fails."""
        self.failures = 0.0
        for task in self._tasks.values():
            task.fails_after = None

    def _truth(self, location: str, prefix: str, target: str, name: str) -> Identity:
        identity = self._backup.origins.get((location, f"{prefix}/{name}"))
        truth = self._backup.truth.get(identity) if identity is not None else None
        if truth is None or not name.endswith("-TOC.txt") or f"{truth.keyspace}:{truth.table}" != target:
            raise AssertionError(f"{location}/{prefix}/{name} is nothing to restore into {target}")
        if any(key != f"{prefix}/{file}" for file, key in truth.objects.items()):
            raise AssertionError(f"{location}/{prefix}/{name}: Scylla would read another version of it")
        return truth.identity

    def _advance(self, task: SimNative, now_us: int) -> None:
        share = min(1.0, (now_us - task.begin_us) / max(1, task.end_us - task.begin_us))
        reached = int(len(task.sstables) * share) if share < 1 else len(task.sstables)
        while task.done < reached:
            if task.fails_after is not None and task.done >= task.fails_after:
                task.state, task.error, task.ended_us = "failed", "streaming failed: stream closed", now_us
                return
            self._loaded(task.sstables[task.done])
            task.done += 1
        if share >= 1:
            task.state, task.ended_us = "done", task.end_us
