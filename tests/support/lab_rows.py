"""A lab whose one node stands before the Cassandra node that all tests share: what it loads are rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import requests
from tests.support.cassandra import PASSWORD, USER, Cluster
from tests.support.cassandra_logs import Execute

from scylla_restore.engine.lab import CassandraSettings, Lab, S3Settings

SCYLLA_SAMPLES = {
    "mixed_generation_type": ("k int PRIMARY KEY, v int", 3),
    "summary_test": ("a int PRIMARY KEY", 130),
    "sliced_mutation_reads": ("pk int, ck int, v1 int, v2 set<int>, PRIMARY KEY (pk, ck)", 8),
    "partition_skipping": ("pk int PRIMARY KEY, v int", 10),
    "promoted_index_read": ("pk int, ck1 int, ck2 int, v int, PRIMARY KEY (pk, ck1, ck2)", 2),
    "counter_test": ("pk int, ck int, c1 counter, c2 counter, PRIMARY KEY (pk, ck)", 1),
    "large_partition": ("t1 text, t2 text, t3 text, PRIMARY KEY (t1, t2)", 13_520),
}
"""SSTables of Scylla's own tests, by the directory in ``samples/scylla-me``: their table's columns, and how many rows."""


def new_keyspace(execute: Execute, *, replicas: int = 1) -> str:
    """Make a keyspace that nobody else uses."""
    name = f"rows_{uuid4().hex[:12]}"
    strategy = f"{{'class': 'NetworkTopologyStrategy', 'dc1': {replicas}}}"
    execute(f"CREATE KEYSPACE {name} WITH replication = {strategy}")
    return name


def insert(execute: Execute, keyspace: str, table: str, **values: object) -> None:
    """Write a row."""
    columns, places = ", ".join(values), ", ".join("%s" for _ in values)
    execute(f"INSERT INTO {keyspace}.{table} ({columns}) VALUES ({places})", *values.values())  # noqa: S608 - names of tests' own


def read(execute: Execute, keyspace: str, table: str) -> list[tuple[object, ...]]:
    """Return all rows, in the order of tokens."""
    return execute(f"SELECT * FROM {keyspace}.{table}")  # noqa: S608 - names of tests' own


class LabWithRows:
    """The lab, and CQL to what is behind it."""

    def __init__(self, lab: Lab, execute: Execute, session: requests.Session) -> None:
        self.lab = lab
        self.execute = execute
        self.node = lab.nodes[0]
        self._session = session

    def new_keyspace(self) -> str:
        """Make a keyspace that nobody else uses."""
        return new_keyspace(self.execute)

    def send(self, method: str, path: str, *, body: object = None) -> requests.Response:
        """Ask the node."""
        return self._session.request(method, self.lab.url(self.node) + path, json=body, timeout=60)

    def ask(self, path: str) -> object:
        """Return what the node says."""
        value: object = self.send("GET", path).json()
        return value

    def directory(self, keyspace: str, table: str) -> Path:
        """Return a table's directory on the node, by its id."""
        query = "SELECT id FROM system_schema.tables WHERE keyspace_name = %s AND table_name = %s"
        ((table_id,),) = self.execute(query, keyspace, table)
        return self.lab.data_directory(self.node) / keyspace / f"{table}-{table_id.hex}"

    def insert(self, keyspace: str, table: str, **values: object) -> None:
        """Write a row."""
        insert(self.execute, keyspace, table, **values)

    def read(self, keyspace: str, table: str) -> list[tuple[object, ...]]:
        """Return all rows, in the order of tokens."""
        return read(self.execute, keyspace, table)

    def load(self, keyspace: str, table: str) -> requests.Response:
        """Load what is in the table's upload directory."""
        options = "load_and_stream=true&primary_replica_only=true"
        return self.send("POST", f"/storage_service/sstables/{keyspace}?cf={table}&{options}")


@contextmanager
def running_lab_with_rows(
    directory: Path,
    cluster: Cluster,
    execute: Execute,
    *,
    s3: S3Settings | None = None,
    scylla_version: str | None = None,
    tablets: Sequence[str] = (),
) -> Iterator[LabWithRows]:
    """Run a lab before the node of ``cluster``, with a free port."""
    lab = Lab(
        directory,
        cassandra=_settings(cluster, directory),
        s3=s3,
        scylla_version=scylla_version,
        tablets=tablets,
    )
    with lab, requests.Session() as session:
        # The environment may name a bundle of authorities, which would win over the lab's.
        session.trust_env = False
        session.verify = str(lab.certificate_path)
        session.headers["Authorization"] = f"Bearer {lab.token}"
        yield LabWithRows(lab, execute, session)


def cassandra_options(cluster: Cluster, directory: Path) -> tuple[str, ...]:
    """Return the options with which ``lab up`` stands its node before the node of ``cluster``."""
    settings = _settings(cluster, directory)
    options = ("--cassandra", ",".join(settings.urls))
    if not settings.user:
        return options
    return (*options, "--cassandra-user", settings.user, "--cassandra-password", settings.password)


def _settings(cluster: Cluster, directory: Path) -> CassandraSettings:
    directory.mkdir(parents=True, exist_ok=True)
    password = directory / "cassandra.password"
    password.write_text(PASSWORD)
    return CassandraSettings(
        urls=tuple(f"http://{address}:{cluster.jolokia_port}/jolokia" for address in cluster.addresses),
        user=USER if cluster.has_passwords else "",
        password=f"file:{password}" if cluster.has_passwords else "",
    )
