"""What a lab's backup is made of: tables with their SSTables, ids, tokens and schema."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from scylla_restore.engine.lab.backup_content import IdType, TableContent, given_tables, made_tables
from scylla_restore.engine.lab.backup_files import schema_file, table_version
from scylla_restore.engine.lab.ring import tokens
from scylla_restore.engine.lab.state import LabRecord, NodeSpec


class BackupRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to back up.

    ``keyspaces``, ``tables`` (of each keyspace), ``sstables`` (of each table) and ``sstable_bytes`` are for SSTables
    that are made, the same ones for the same ``seed``; ``source`` names a directory of given ones (see
    ``given_tables``). With a real cluster behind the lab nothing is made: ``patterns`` choose among its tables, as
    ``TableFilter`` has it. A location with a DC is for the nodes of that DC only. Without ``snapshot_tag`` it is now.
    """

    location: str
    keyspaces: int = 1
    tables: int = 1
    sstables: int = 8
    sstable_bytes: int = 64 << 10
    id_type: IdType = "uuid"
    seed: int = 0
    source: Path | None = None
    patterns: tuple[str, ...] = ()
    snapshot_tag: str = ""


class BackedUpTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table in a backup; ``version`` is its id, 32 hex digits."""

    keyspace: str
    table: str
    version: str


class Origin(Protocol):
    """Where a backup comes from. Errors are ``TargetError``."""

    def tables(self, snapshot_tag: str) -> Iterable[TableContent]:
        """Yield the tables of the snapshot."""
        ...

    def version(self, keyspace: str, table: str) -> str:
        """Return a table's id."""
        ...

    def tokens(self, node: NodeSpec) -> list[int]:
        """Return a node's tokens."""
        ...

    def schema(self, tables: Sequence[BackedUpTable]) -> bytes:
        """Return the schema file."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


class MadeOrigin:
    """Tables and SSTables that are made up, or SSTables that are given; the schema is made up in any case."""

    def __init__(self, record: LabRecord, request: BackupRequest) -> None:
        self._record = record
        self._request = request

    def tables(self, snapshot_tag: str) -> Iterable[TableContent]:  # noqa: ARG002 - nothing has to be frozen
        """Yield them."""
        request = self._request
        if request.source is not None:
            return given_tables(request.source)
        return made_tables(
            keyspaces=request.keyspaces,
            tables=request.tables,
            sstables=request.sstables,
            sstable_bytes=request.sstable_bytes,
            id_type=request.id_type,
            seed=request.seed,
        )

    def version(self, keyspace: str, table: str) -> str:
        """Return an id made of the name."""
        return table_version(self._record.cluster_id, keyspace, table)

    def tokens(self, node: NodeSpec) -> list[int]:
        """Return those of the lab's own ring."""
        return tokens(node)

    def schema(self, tables: Sequence[BackedUpTable]) -> bytes:
        """Return one in which all tables have the same columns."""
        return schema_file(self._record, [(each.keyspace, each.table, each.version) for each in tables])

    def close(self) -> None:
        """Do nothing: there is nothing to leave."""
