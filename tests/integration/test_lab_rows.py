"""A lab before a real Cassandra node: its tables are the lab's, and what is loaded are rows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.lab_client import names
from tests.support.lab_rows import SCYLLA_SAMPLES, LabWithRows, new_keyspace, running_lab_with_rows

from scylla_restore.engine.errors import RestoreError, TargetError
from scylla_restore.engine.lab import CassandraSettings, Lab
from scylla_restore.engine.lab.command import UpOptions, up

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def rows(
    tmp_path_factory: pytest.TempPathFactory, cassandra: Cluster, cassandra_execute: Execute
) -> Iterator[LabWithRows]:
    with running_lab_with_rows(tmp_path_factory.mktemp("lab"), cassandra, cassandra_execute) as running:
        yield running


@pytest.fixture(scope="module")
def keyspace(rows: LabWithRows) -> str:
    """A keyspace with a table, an index and a view, and two rows."""
    name = rows.new_keyspace()
    rows.execute(f"CREATE TABLE {name}.t (k int PRIMARY KEY, v int)")
    rows.execute(f"CREATE INDEX t_by_v ON {name}.t (v)")
    rows.execute(
        f"CREATE MATERIALIZED VIEW {name}.by_v AS SELECT * FROM {name}.t "  # noqa: S608 - a name of the test's own
        "WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)"
    )
    for key in (1, 2):
        rows.insert(name, "t", k=key, v=key * 10)
    return name


@pytest.mark.parametrize("sample", SCYLLA_SAMPLES)
def test_sstables_of_scylla_are_loaded_and_their_rows_read(
    rows: LabWithRows, shared: Path, sample: str
) -> None:
    columns, count = SCYLLA_SAMPLES[sample]
    keyspace = rows.new_keyspace()
    rows.execute(f"CREATE TABLE {keyspace}.t ({columns})")
    upload = rows.directory(keyspace, "t") / "upload"
    shutil.copytree(shared / "samples" / "scylla-me" / sample, upload, dirs_exist_ok=True)
    answer = rows.load(keyspace, "t")
    assert (answer.status_code, answer.text, names(upload)) == (200, "", [])
    assert len(rows.read(keyspace, "t")) == count


def test_a_node_is_what_cassandra_is(rows: LabWithRows, cassandra: Cluster) -> None:
    info = rows.ask("/agent/node_info")
    assert isinstance(info, dict)
    told = (info["broadcast_rpc_address"], info["native_transport_port"], info["cql_password_protected"])
    assert told == (cassandra.addresses[0], str(cassandra.port), True)
    (host_id,) = rows.execute("SELECT host_id FROM system.local")[0]
    assert rows.ask("/storage_service/host_id") == [{"key": cassandra.addresses[0], "value": str(host_id)}]
    assert rows.ask("/gossiper/endpoint/live/") == [cassandra.addresses[0]]
    assert rows.ask("/gossiper/endpoint/down/") == []


def test_tables_are_there_as_soon_as_they_are_made(rows: LabWithRows, keyspace: str) -> None:
    listed = rows.ask("/column_family/name")
    assert isinstance(listed, list)
    own = {name for name in listed if name.startswith(f"{keyspace}:")}
    assert own == {f"{keyspace}:t", f"{keyspace}:by_v", f"{keyspace}:t_by_v_index"}
    assert "system:local" in listed
    directory = rows.directory(keyspace, "t").name
    answer = rows.send(
        "POST", "/agent/rclone/operations/list", body={"fs": f"data:{keyspace}/{directory}", "remote": ""}
    )
    assert "upload" in [item["Name"] for item in answer.json()["list"]]


def test_keyspaces_and_rings_are_cassandras(rows: LabWithRows, keyspace: str) -> None:
    user = rows.ask("/storage_service/keyspaces?type=user")
    assert isinstance(user, list)
    assert keyspace in user
    assert "system_auth" not in user
    assert rows.ask("/storage_service/keyspaces?replication=tablets") == []
    ring = rows.ask(f"/storage_service/describe_ring/{keyspace}")
    assert isinstance(ring, list)
    assert [part["end_token"] for part in ring] == rows.ask(f"/storage_service/tokens/{rows.node.address}")
    assert ring[0]["endpoint_details"] == [
        {"host": rows.node.address, "datacenter": "dc1", "rack": rows.node.rack}
    ]


def test_views_and_indexes_are_built(rows: LabWithRows, keyspace: str) -> None:
    path = f"/storage_service/view_build_statuses/{keyspace}"
    built = [{"key": rows.node.address, "value": "SUCCESS"}]
    while rows.ask(f"{path}/by_v") != built or rows.ask(f"{path}/t_by_v_index") != built:
        assert rows.ask(f"{path}/by_v")
    assert rows.ask(f"{path}/t") == []


def test_compaction_is_switched_in_cassandra_and_on_after_a_restart(rows: LabWithRows, keyspace: str) -> None:
    path = f"/column_family/autocompaction/{keyspace}:t"
    assert rows.ask(path) is True
    rows.send("DELETE", path)
    assert rows.ask(path) is False
    rows.lab.restart_scylla(rows.node)
    assert rows.ask(path) is True


def test_a_repair_of_rows_with_one_replica_has_nothing_to_do(rows: LabWithRows, keyspace: str) -> None:
    begin = f"/storage_service/repair_async/{keyspace}?columnFamilies=t&small_table_optimization=true"
    number = rows.send("POST", begin).json()
    assert rows.ask(f"/storage_service/repair_status?id={number}") == "SUCCESSFUL"
    assert rows.send("POST", "/raft/read_barrier").status_code == 200


def test_a_keyspace_may_say_that_it_is_on_tablets(
    tmp_path: Path, cassandra: Cluster, cassandra_execute: Execute
) -> None:
    keyspace = new_keyspace(cassandra_execute)
    cassandra_execute(f"CREATE TABLE {keyspace}.t (k int PRIMARY KEY)")
    with running_lab_with_rows(tmp_path, cassandra, cassandra_execute, tablets=[keyspace, "absent"]) as lab:
        assert lab.ask("/storage_service/keyspaces?replication=tablets") == [keyspace]
        assert lab.send("GET", f"/storage_service/describe_ring/{keyspace}").status_code == 500
        assert lab.ask(f"/storage_service/describe_ring/{keyspace}?table=t")
        begun = lab.send("POST", f"/storage_service/tablets/repair?ks={keyspace}&table=t&tokens=all").json()
        ended = lab.ask(f"/task_manager/wait_task/{begun['tablet_task_id']}?timeout=30")
    assert isinstance(ended, dict)
    assert (ended["state"], ended["type"]) == ("done", "user_repair")


def test_sstables_of_another_table_are_refused_and_stay(rows: LabWithRows, shared: Path) -> None:
    keyspace = rows.new_keyspace()
    rows.execute(f"CREATE TABLE {keyspace}.t (pk text, other blob, PRIMARY KEY (pk, other))")
    upload = rows.directory(keyspace, "t") / "upload"
    shutil.copytree(shared / "samples" / "scylla-me" / "partition_skipping", upload, dirs_exist_ok=True)
    before = names(upload)
    answer = rows.load(keyspace, "t")
    assert (answer.status_code, names(upload)) == (500, before)
    assert answer.json()["message"].startswith("Failed to load new sstables: ")


def test_tables_are_not_made_by_the_lab(rows: LabWithRows) -> None:
    with pytest.raises(TargetError, match="through CQL"):
        rows.lab.create_table("ks", "t")


def test_a_lab_without_its_cassandra_is_not_begun(tmp_path: Path) -> None:
    nowhere = CassandraSettings(urls=("http://127.0.0.1:1/jolokia",))
    with pytest.raises(RestoreError, match="Cassandra is not reached"):
        up(UpOptions(directory=tmp_path, cassandra=nowhere))
    with pytest.raises(TargetError, match="which nodes there are"):
        up(UpOptions(directory=tmp_path, nodes=3, cassandra=nowhere))


def test_a_lab_that_is_started_again_has_the_same_cassandra_behind_it(
    tmp_path: Path, cassandra: Cluster, cassandra_execute: Execute
) -> None:
    with running_lab_with_rows(tmp_path, cassandra, cassandra_execute) as first:
        host_id = first.ask("/storage_service/host_id")
    with Lab(tmp_path) as again:
        assert [{"key": node.address, "value": node.host_id} for node in again.nodes] == host_id
