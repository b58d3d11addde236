"""The keyspace and its tables, made on first use: by several engines at once, if need be."""

from collections.abc import Mapping
from typing import Final, Protocol
from uuid import UUID, uuid5

from scylla_restore.events.errors import UnusableLog

_MARK: Final = "scylla-restore event log, version "
_VERSION: Final = 1
_NAMESPACE: Final = UUID("7f2d8a0e-64b5-4c0f-9c57-3f6f6b1f5d6a")
_REPLICAS: Final = 3

TABLES: Final = {
    "pieces": "(run text, key blob, number int, piece blob, PRIMARY KEY ((run, key), number))",
    "runs": "(catalogue int, last bigint static, run text, number bigint, PRIMARY KEY (catalogue, run))",
    "requests": "(run text, kind text, requested_by text, posted timeuuid, PRIMARY KEY (run, kind))",
    "checkpoints": "(run text, name text, seq bigint, hash blob, key blob, size bigint, PRIMARY KEY (run, name))",
    # The last one: where it is, all are.
    "records": """(
        run text, bucket int,
        epoch bigint static, owner text static, lease text static, base bigint static,
        head bigint static, head_hash blob static, size bigint static, closed boolean static,
        seq bigint, hash blob, count int, records blob, hashes blob, pieces int,
        PRIMARY KEY ((run, bucket), seq)
    )""",
}


class SchemaServer(Protocol):
    """What making a schema needs of a server."""

    def tables(self, keyspace: str) -> Mapping[str, str] | None:
        """Return the tables of a keyspace with their comments, or None where there is no such keyspace."""
        ...

    def replication(self, keyspace: str) -> Mapping[str, str]:
        """Return how a keyspace is replicated: its ``class``, and what goes with that."""
        ...

    def datacenters(self) -> Mapping[str, int]:
        """Return the data centers with their numbers of nodes."""
        ...

    def knows_tablets(self) -> bool:
        """Whether a keyspace can be made of tablets."""
        ...

    def alter(self, statement: str) -> None:
        """Execute a statement that alters the schema, and wait until all nodes agree on it.

        Raises:
            UnusableLog: the server refuses.
            LogUnavailable: it does not answer, or nodes do not agree.
        """
        ...


def ensure_schema(server: SchemaServer, keyspace: str, *, create: bool) -> None:
    """See to it that the keyspace holds a log; with ``create`` what is missing is made.

    Raises:
        UnusableLog: there is none and it is not to be made, or what is there is not ours.
        LogUnavailable: the server does not answer.
    """
    tables = server.tables(keyspace)
    missing = [name for name in TABLES if name not in (tables or {})]
    if missing:
        if not create:
            raise UnusableLog(f"there is no log in the keyspace {keyspace}", hint="name another with --log")
        if tables is None:
            _create_keyspace(server, keyspace)
        for name in missing:
            server.alter(_create_table(keyspace, name))
        tables = server.tables(keyspace)
    for name in TABLES:
        _check(keyspace, name, (tables or {}).get(name))


def datacenters_of(replication: Mapping[str, str], cluster: Mapping[str, int]) -> set[str]:
    """Return the data centers that a keyspace has replicas in."""
    if not replication.get("class", "").endswith("NetworkTopologyStrategy"):
        return set(cluster)
    return {name for name, count in replication.items() if name in cluster and count != "0"}


def _create_keyspace(server: SchemaServer, keyspace: str) -> None:
    counts = {dc: min(_REPLICAS, nodes) for dc, nodes in sorted(server.datacenters().items())}
    replicas = "".join(f", {_text(dc)}: {count}" for dc, count in counts.items())
    statement = (
        f'CREATE KEYSPACE IF NOT EXISTS "{keyspace}" '
        f"WITH replication = {{'class': 'NetworkTopologyStrategy'{replicas}}}"
    )
    if server.knows_tablets():
        # Conditional writes are not for tablets in most versions; some allow nothing but tablets.
        try:
            server.alter(f"{statement} AND tablets = {{'enabled': false}}")
        except UnusableLog:
            pass
        else:
            return
    server.alter(statement)


def _create_table(keyspace: str, name: str) -> str:
    # Two engines that make a table at one time through two nodes would make two tables, were it not for the id.
    table_id = uuid5(_NAMESPACE, f"{keyspace}.{name}")
    return (
        f'CREATE TABLE IF NOT EXISTS "{keyspace}".{name} {TABLES[name]} '
        f"WITH id = {table_id} AND comment = {_text(f'{_MARK}{_VERSION}')} AND default_time_to_live = 0"
    )


def _check(keyspace: str, table: str, comment: str | None) -> None:
    version = (comment or "").removeprefix(_MARK)
    if version == str(_VERSION):
        return
    if version != comment and version.isdecimal():
        raise UnusableLog(
            f"the log in the keyspace {keyspace} has version {version}, this program knows versions up to {_VERSION}",
            hint="it was written by a newer scylla-restore: use that version or a later one",
        )
    raise UnusableLog(
        f"the keyspace {keyspace} has a table {table} of another program",
        hint="name another keyspace with --log",
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
