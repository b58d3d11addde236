"""Scylla's side of a simulated node: load&stream, exclusive per shard, which goes on when its caller is gone."""

import zlib
from collections.abc import Callable
from random import Random

import msgspec
from tests.simulation.simulator.disk import Directory, Disk
from tests.simulation.simulator.scheduler import MILLISECOND_US, SECOND_US

BATCH = 16


class Load(msgspec.Struct):
    """One load: what it found in ``upload`` at its start, in the order in which it streams."""

    keyspace: str
    table: str
    upload: str
    groups: list[list[str]]
    begin_us: int
    end_us: int
    fails_after: int | None
    """Groups that are streamed before it fails, or None."""
    done: int = 0
    result: str | None = None
    """None while it runs, "" for success, or the exception's text."""


def sstable_of(name: str) -> str:
    """The SSTable that a file in ``upload`` belongs to, by its name alone."""
    return name.split("-", 2)[1] if name.count("-") > 1 else name


class Loads:
    """The loads of one node. ``loaded`` is told each file that passed into the cluster."""

    def __init__(
        self, disk: Disk, random: Random, *, shards: int, bytes_per_s: int, loaded: Callable[[Directory], str]
    ) -> None:
        self.disk = disk
        self.shards = shards
        self.bytes_per_s = bytes_per_s
        self.failures = 0.0
        """How likely a load is to fail half-way."""
        self.renames = 0.0
        """How likely a load is to give an SSTable a new name first."""
        self.renamed: set[str] = set()
        """Upload directories in which a load has given an SSTable another name."""
        self.running: dict[int, Load] = {}
        self.foreign_us: dict[int, int] = {}
        """Shard → until when somebody else's load excludes ours."""
        self._random = random
        self._loaded = loaded

    def shard_of(self, table: str) -> int:
        """The shard that coordinates loads of the table."""
        return zlib.crc32(table.encode()) % self.shards

    def busy(self, table: str, now_us: int) -> bool:
        """Whether another load excludes one of this table."""
        shard = self.shard_of(table)
        return shard in self.running or self.foreign_us.get(shard, 0) > now_us

    def running_in(self, upload: str) -> Load | None:
        """The load that reads from ``upload`` now."""
        return next((load for load in self.running.values() if load.upload == upload), None)

    def start(self, keyspace: str, table: str, upload: str, now_us: int) -> Load:
        """Scan ``upload`` and begin to stream what is there."""
        files = self.disk.directories.get(upload, {})
        self._drop_unlisted(files)
        if files and self._random.random() < self.renames:
            self._rename_one(files)
            self.renamed.add(upload)
        groups: dict[str, list[str]] = {}
        for name in sorted(files):
            groups.setdefault(sstable_of(name), []).append(name)
        size = sum(file.size for file in files.values())
        fails_after = None
        if groups and self._random.random() < self.failures:
            fails_after = self._random.randrange(len(groups))
        load = Load(
            keyspace=keyspace,
            table=table,
            upload=upload,
            groups=list(groups.values()),
            begin_us=now_us,
            end_us=now_us + MILLISECOND_US + size * SECOND_US // self.bytes_per_s,
            fails_after=fails_after,
        )
        self.running[self.shard_of(table)] = load
        return load

    def settle(self, now_us: int) -> None:
        """Bring running loads to where they are at ``now_us``."""
        for shard, load in list(self.running.items()):
            self._advance(load, now_us)
            if load.result is not None:
                del self.running[shard]

    def interrupt(self, now_us: int) -> None:
        """Scylla restarts: what has not been streamed yet stays where it is."""
        self.settle(now_us)
        for load in self.running.values():
            load.result = "restarted"
        self.running.clear()
        self.foreign_us.clear()

    def _advance(self, load: Load, now_us: int) -> None:
        length = max(1, load.end_us - load.begin_us)
        share = min(1.0, (now_us - load.begin_us) / length)
        reached = int(len(load.groups) * share) if share < 1 else len(load.groups)
        files = self.disk.directories.get(load.upload, {})
        while load.done < reached:
            if load.fails_after is not None and load.done >= load.fails_after:
                load.result = "std::runtime_error (streaming failed: stream closed)"
                return
            there = {name: files[name] for name in load.groups[load.done] if name in files}
            # where nobody attends to a load any more, files may be set aside under it
            broken = (
                self._loaded(there)
                if there
                else "std::filesystem::filesystem_error (No such file or directory)"
            )
            if broken:
                load.result = broken
                return
            for name in load.groups[load.done]:
                files.pop(name, None)
            load.done += 1
        if share >= 1:
            load.result = ""

    @staticmethod
    def _drop_unlisted(files: Directory) -> None:
        """Components without their TOC are removed at the scan."""
        with_toc = {sstable_of(name) for name in files if name.endswith("TOC.txt")}
        for name in [name for name in files if sstable_of(name) not in with_toc]:
            del files[name]

    @staticmethod
    def _rename_one(files: Directory) -> None:
        """An SSTable of a level other than 0 gets a new generation before it is streamed."""
        old = sstable_of(min(files))
        new = f"9zzz_9zzz_{zlib.crc32(old.encode()):018d}"
        for name in [name for name in files if sstable_of(name) == old]:
            files[name.replace(old, new, 1)] = files.pop(name)
