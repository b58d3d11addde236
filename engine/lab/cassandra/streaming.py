"""Loads of a lab node that stream SSTables into Cassandra, as ``sstableloader`` does."""

import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scylla_restore.engine.lab.cassandra.disguise import plain_name
from scylla_restore.engine.lab.cassandra.jolokia import Jolokia
from scylla_restore.engine.lab.loaded import Load, LoadedFiles
from scylla_restore.engine.lab.side import SideFailure
from scylla_restore.engine.lab.sstables import DELETION_MARK, FoundSSTable, LoadFailure
from scylla_restore.engine.lab.state import Table

_TIMEOUT_S = 3600.0


class CassandraSink:
    """A ``Sink`` that streams every row to all its replicas. What was streamed is not kept as files."""

    def __init__(
        self, jolokia: Jolokia, all_nodes: Sequence[Jolokia], data: Path, loads: LoadedFiles
    ) -> None:
        self._jolokia = jolokia
        self._all_nodes = all_nodes
        # Beside the data: files are moved there by their names alone.
        self._places = data.parent / "lab-loads"
        self._loads = loads

    def stream(self, directory: Path, table: Table, batch: Sequence[FoundSSTable]) -> list[str]:
        """Stream a batch, and remove its files."""
        if not batch:
            return []
        place = self._places / str(uuid.uuid4())
        # Cassandra takes keyspace and table from the path.
        target = place / table.keyspace / table.table
        target.mkdir(parents=True)
        try:
            for sstable in batch:
                _link(directory, sstable, target)
            self._jolokia.execute("bulkLoad", str(target), kind=type(None), timeout_s=_TIMEOUT_S)
            self._flush(table)
        except SideFailure as failure:
            raise LoadFailure(str(failure)) from None
        finally:
            shutil.rmtree(place, ignore_errors=True)
        for sstable in batch:
            _remove(directory, sstable)
        return [sstable.name for sstable in batch]

    def _flush(self, table: Table) -> None:
        """Have rows on disk, as after Scylla's streaming: those of a table with views came as writes."""
        for node in self._all_nodes:
            # The rows are there: a node that cannot be asked now is no reason to stream them again.
            with suppress(SideFailure):
                node.execute("forceKeyspaceFlush", table.keyspace, [table.table], kind=type(None))

    def finish(self, directory: Path, table: Table, half_deleted: Sequence[FoundSSTable]) -> None:  # noqa: ARG002 - a ``Sink``'s own signature
        """Remove what a killed load had begun to remove: it was streamed."""
        for sstable in half_deleted:
            _remove(directory, sstable)

    def record(self, load: Load) -> None:
        """Append a load to the node's record."""
        self._loads.record(load)


def _link(directory: Path, sstable: FoundSSTable, target: Path) -> None:
    for component in sstable.components:
        source = directory / f"{sstable.name}-{component}"
        name = plain_name(directory, sstable, component)
        if name is None:
            continue
        try:
            (target / name).hardlink_to(source)
        except OSError:
            # Another file system, as for what a native restore has read.
            shutil.copyfile(source, target / name)


def _remove(directory: Path, sstable: FoundSSTable) -> None:
    toc = directory / f"{sstable.name}-TOC.txt"
    mark = directory / f"{sstable.name}-{DELETION_MARK}"
    if toc.exists():
        toc.replace(mark)
    for component in sstable.components:
        if component != DELETION_MARK:
            with suppress(FileNotFoundError):
                (directory / f"{sstable.name}-{component}").unlink()
    mark.unlink(missing_ok=True)
