"""From a lab's nodes to the schema of the real Cassandra behind them, as they tell where it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.lab_rows import LabWithRows, running_lab_with_rows

from scylla_restore.engine.api.connection import ClusterConnection, cluster_connection
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.errors import SchemaUnavailable
from scylla_restore.engine.lab import Lab
from scylla_restore.engine.schema.port import SchemaNotOffered


def connection_to(directory: Path) -> ClusterConnection:
    chosen = choose_cluster(load_config(directory / "scylla-restore.toml").config)
    return cluster_connection(chosen, {})


@pytest.fixture(scope="module")
def rows(
    tmp_path_factory: pytest.TempPathFactory, cassandra: Cluster, cassandra_execute: Execute
) -> Iterator[LabWithRows]:
    with running_lab_with_rows(tmp_path_factory.mktemp("lab"), cassandra, cassandra_execute) as running:
        yield running


@pytest.mark.real
def test_the_schema_is_where_nodes_say_that_cql_is(rows: LabWithRows) -> None:
    keyspace = rows.new_keyspace()
    rows.execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY)")
    connection = connection_to(rows.lab.directory)
    gateway = connection.schema()
    assert not isinstance(gateway, SchemaNotOffered)
    assert [table.table for table in gateway.tables(frozenset({keyspace}))] == ["t"]
    assert connection.schema() is gateway
    connection.close()
    with pytest.raises(SchemaUnavailable):
        gateway.schema_versions()


def test_a_lab_without_cql_says_so(tmp_path: Path) -> None:
    with Lab(tmp_path):
        connection = connection_to(tmp_path)
        told = connection.schema()
        connection.close()
    assert isinstance(told, SchemaNotOffered)
    assert "127.0.0.11" in told.reason
