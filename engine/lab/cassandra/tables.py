"""Which tables, views and indexes a Cassandra node has, from its MBeans alone: no CQL, so no password."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from scylla_restore.engine.lab.cassandra.jolokia import Jolokia
from scylla_restore.engine.lab.state import Table

_TABLE = "org.apache.cassandra.db:type=ColumnFamilies,keyspace={},columnfamily={}"
_INDEX = "org.apache.cassandra.db:type=IndexColumnFamilies,keyspace={},columnfamily={}"
_NAMES = uuid.UUID("0f6a1f6a-43cf-4a8b-8a0e-6c6162696478")
INDEX_SUFFIX = "_index"
"""Scylla has a view of this name for an index."""


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """A secondary index: of ``table``."""

    keyspace: str
    table: str
    name: str

    @property
    def view(self) -> Table:
        """The view that Scylla would have in its place."""
        made_id = uuid.uuid5(_NAMES, f"{self.keyspace}.{self.name}").hex
        return Table(keyspace=self.keyspace, table=self.name + INDEX_SUFFIX, id=made_id, view_of=self.table)


def read_tables(jolokia: Jolokia) -> list[Table]:
    """Return all tables and views, the system's included; which of them are views is not told."""
    found = jolokia.read_all(_TABLE.format("*", "*"), "DataPaths")
    tables = []
    for value in found.values():
        # What was dropped meanwhile has words of an error in place of its paths.
        paths = value.get("DataPaths")
        if isinstance(paths, list) and paths:
            directory = Path(paths[0])
            name, _, table_id = directory.name.rpartition("-")
            tables.append(Table(keyspace=directory.parent.name, table=name, id=table_id))
    return sorted(tables, key=lambda each: (each.keyspace, each.table))


def read_indexes(jolokia: Jolokia) -> Iterator[Index]:
    """Yield all secondary indexes."""
    for mbean in jolokia.search(_INDEX.format("*", "*")):
        keys = dict(part.split("=", 1) for part in mbean.partition(":")[2].split(","))
        table, _, name = keys["columnfamily"].partition(".")
        yield Index(keyspace=keys["keyspace"], table=table, name=name)


def is_built(jolokia: Jolokia, index: Index) -> bool:
    """Whether a node has built an index."""
    built = jolokia.read(_TABLE.format(index.keyspace, index.table), "BuiltIndexes", list[str])
    return index.name in built
