"""What stands behind the Scylla API of a lab node: the lab's own emulation, or a real database."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Protocol

from scylla_restore.engine.lab.cluster import Membership
from scylla_restore.engine.lab.loaded import Load
from scylla_restore.engine.lab.repairs import RunningRepair
from scylla_restore.engine.lab.ring import RingRange
from scylla_restore.engine.lab.sstables import FoundSSTable
from scylla_restore.engine.lab.state import Table


class SideFailure(Exception):
    """What is behind a node could not do what it was asked for; the message is its reason."""


def table_missing(keyspace: str) -> SideFailure:
    """A keyspace on tablets has no ring of its own."""
    return SideFailure(f"keyspace {keyspace} is on tablets: its tables have a ring each, and none was named")


class Sink(Protocol):
    """Where the SSTables go that a node loads."""

    def stream(self, directory: Path, table: Table, batch: Sequence[FoundSSTable]) -> list[str]:
        """Take SSTables out of a directory: all of them or none. Return the names that they are kept under.

        Raises:
            LoadFailure: in the words of who refuses them.
        """
        ...

    def finish(self, directory: Path, table: Table, half_deleted: Sequence[FoundSSTable]) -> None:
        """Take what a killed load had begun to take."""
        ...

    def record(self, load: Load) -> None:
        """Keep a load in the node's record."""
        ...


class ScyllaSide(Protocol):
    """What one node holds and does. Methods raise ``SideFailure``; names are ``keyspace`` and ``table`` as in CQL."""

    @property
    def sink(self) -> Sink:
        """Where loads go."""
        ...

    def membership(self) -> Membership:
        """Return who is not up and normal."""
        ...

    def keyspaces(self, kind: str) -> list[str]:
        """Return names of keyspaces; ``kind`` is ``all``, ``user`` or ``non_local_strategy``."""
        ...

    def tables(self) -> Sequence[Table]:
        """Return all tables and views but the system's."""
        ...

    def system_tables(self) -> Sequence[str]:
        """Return the system's tables as ``keyspace:table``."""
        ...

    def tablet_keyspaces(self) -> AbstractSet[str]:
        """Return which keyspaces are on tablets."""
        ...

    def find(self, keyspace: str, table: str) -> Table | None:
        """Return a table or view but the system's, if there is one."""
        ...

    def tokens(self, address: str) -> list[int]:
        """Return the tokens of a node."""
        ...

    def ring(self, keyspace: str, table: str) -> list[RingRange]:
        """Return the ranges of a keyspace, or, where it is on tablets, the tablets of a table."""
        ...

    def disk_space(self, keyspace: str, table: str) -> int:
        """Return the bytes of a table's SSTables on this node."""
        ...

    def compacts(self, table: Table) -> bool:
        """Whether a table is compacted as need be."""
        ...

    def set_compaction(self, table: Table, *, on: bool) -> None:
        """Switch that for a table on this node."""
        ...

    def view_build(self, keyspace: str, view: str) -> dict[str, str]:
        """Return how far each node is with building a view; nothing where there is no such view."""
        ...

    def repair(self, keyspace: str, table: str, ranges: str) -> RunningRepair | None:
        """Begin a repair of ``ranges`` (``start:end,…``; empty: all there are). None: there is nothing to do."""
        ...

    def wait_for_schema(self, timeout_s: float) -> None:
        """Wait until all nodes have the same schema."""
        ...

    def restart(self) -> None:
        """Forget what a restart of a node forgets."""
        ...
