"""Scylla's load, with and without streaming, of what lies in a table's upload directory."""

import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.loaded import Load, LoadedSSTable
from scylla_restore.engine.lab.pace import MIB, slowed
from scylla_restore.engine.lab.request_log import timestamp
from scylla_restore.engine.lab.side import Sink
from scylla_restore.engine.lab.sstables import FoundSSTable, LoadFailure, check, scan
from scylla_restore.engine.lab.state import NodeSpec, Speeds, Table
from scylla_restore.engine.lab.throttle import Throttle

_BATCH = 16
_PIECE = 4 * MIB


class LoadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is loaded; ``slow`` is a fault."""

    stream: bool
    primary_replica_only: bool = False
    skip_cleanup: bool = False
    skip_reshape: bool = False
    scope: str = "all"
    slow: bool = False


class Loader:
    """All loads of one node, one at a time on each of its shards. ``is_slow`` tells of faults set meanwhile."""

    def __init__(
        self, node: NodeSpec, speeds: Speeds, data: Path, sink: Sink, is_slow: Callable[[], bool]
    ) -> None:
        self._shards = node.shards
        self._rate = speeds.load_mbps * MIB or None
        self._least_s = speeds.load_min_s
        self._data = data
        self._sink = sink
        self._is_slow = is_slow
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._throttle = Throttle()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Kill the node: loads under way end without an outcome."""
        self._stopped.set()

    def load(self, table: Table, options: LoadOptions) -> None:
        """Load the table's upload directory; blocks until that is done.

        Raises:
            LoadFailure: in Scylla's words.
        """
        # The hash of the table's name, whatever its keyspace, picks the shard that coordinates.
        shard = zlib.crc32(table.table.encode()) % self._shards
        with self._lock:
            if shard in self._busy:
                raise LoadFailure("Already loading SSTables. Try again later")
            self._busy.add(shard)
        # Scylla's defect: refused here, the shard stays busy until the node restarts.
        if (options.stream or table.tablets) and options.skip_cleanup:
            raise LoadFailure("Skipping cleanup is not possible when doing load-and-stream")
        if (options.stream or table.tablets) and options.skip_reshape:
            raise LoadFailure("Skipping reshape is not possible when doing load-and-stream")
        try:
            self._load_guarded(table, options)
        finally:
            with self._lock:
                self._busy.discard(shard)

    def _load_guarded(self, table: Table, options: LoadOptions) -> None:
        if table.view_of:
            raise LoadFailure(
                "Loading Materialized View SSTables is not supported. Re-create the view instead."
            )
        if options.scope == "node" and options.primary_replica_only:
            raise LoadFailure("Node scoped streaming of primary replica only is not supported")
        began_s, began_at = time.monotonic(), time.time()
        sstables: list[LoadedSSTable] = []
        error = ""
        try:
            self._load_all(table, options, sstables)
            self._stopped.wait(max(0.0, self._least_s - (time.monotonic() - began_s)))
        except LoadFailure as failure:
            error = str(failure)
            raise
        finally:
            self._sink.record(
                Load(
                    at=timestamp(began_at),
                    keyspace=table.keyspace,
                    table=table.table,
                    seconds=round(time.monotonic() - began_s, 6),
                    sstables=tuple(sstables),
                    error=error,
                )
            )

    def _load_all(self, table: Table, options: LoadOptions, sstables: list[LoadedSSTable]) -> None:
        upload = self._data / table.directory / "upload"
        found = scan(file.name for file in upload.iterdir()) if upload.is_dir() else scan(())
        for orphan in found.orphans:
            with suppress(FileNotFoundError):
                (upload / orphan).unlink()
        self._sink.finish(upload, table, found.half_deleted)
        failures: list[LoadFailure] = []
        for shard in range(self._shards):
            own = found.complete[shard :: self._shards]
            try:
                for first in range(0, len(own), _BATCH):
                    sstables += self._load_batch(upload, table, own[first : first + _BATCH], options)
            except LoadFailure as failure:
                # The other shards finish their work before the call fails.
                failures.append(failure)
        if failures:
            raise failures[0]

    def _load_batch(
        self, upload: Path, table: Table, batch: tuple[FoundSSTable, ...], options: LoadOptions
    ) -> list[LoadedSSTable]:
        """Check and stream a batch, then unlink its files: all of them, or, when one fails, none."""
        sizes = [check(upload, sstable) for sstable in batch]
        self._stream(sum(sizes), options)
        kept = self._sink.stream(upload, table, batch)
        return [
            LoadedSSTable(name=sstable.name, kept_as=kept_as, size=size)
            for sstable, kept_as, size in zip(batch, kept, sizes, strict=True)
        ]

    def _stream(self, size: int, options: LoadOptions) -> None:
        while size > 0:
            rate = slowed(self._rate) if options.slow or self._is_slow() else self._rate
            piece = min(size, _PIECE) if rate is not None else size
            if not self._throttle.push(piece, rate, self._stopped):
                raise LoadFailure("the node is shutting down")
            size -= piece
