"""Calls of a lab node that the recordings do not hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.lab_client import NodeClient, names, put_sstable

from scylla_restore.engine.lab import Lab


@pytest.fixture
def client(tmp_path: Path) -> Iterator[NodeClient]:
    with Lab(tmp_path, nodes=2) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


def test_a_file_is_moved_by_renaming_it(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big")
    inode = (client.upload / "me-1-big-Data.db").stat().st_ino
    moved = client.rclone(
        "operations/movefile",
        srcFs="data:ks",
        srcRemote=f"{client.directory}/upload/me-1-big-Data.db",
        dstFs="data:ks",
        dstRemote=f"{client.directory}/snapshots/found/Data.db",
    )
    assert moved.status_code == 200
    assert (client.upload.parent / "snapshots" / "found" / "Data.db").stat().st_ino == inode


def test_a_file_that_is_not_there_is_not_moved(client: NodeClient) -> None:
    answer = client.rclone(
        "operations/movefile", srcFs="data:ks", srcRemote="x", dstFs="data:ks", dstRemote="y"
    )
    assert (answer.status_code, answer.json()["message"]) == (404, "object not found")


def test_a_directory_can_be_copied_into_a_bucket(client: NodeClient) -> None:
    copied = put_sstable(client.upload / "deep", "me-1-big")
    fs = f"data:{client.table.directory}/upload"
    assert client.rclone("sync/copydir", srcFs=fs, dstFs="localstorage:b", dstRemote="out").status_code == 200
    assert names(client.bucket / "out" / "deep") == sorted(copied)


def test_an_empty_list_of_paths_cannot_be_deleted(client: NodeClient) -> None:
    answer = client.rclone("operations/deletepaths", fs="data:ks", remote="", paths=[])
    assert (answer.status_code, answer.json()["message"]) == (500, "empty paths")


@pytest.mark.parametrize(("bucket", "status"), [("b", 200), ("none", 404)])
def test_permissions_are_checked_by_writing(client: NodeClient, bucket: str, status: int) -> None:
    assert client.rclone("operations/check-permissions", fs=f"localstorage:{bucket}").status_code == status
    assert names(client.bucket) == []


def test_a_call_with_the_wrong_type_of_parameter_is_refused(client: NodeClient) -> None:
    assert client.rclone("operations/list", fs=7).status_code == 400


@pytest.mark.parametrize(
    ("query", "keyspaces"),
    [
        ("type=user", ["ks", "kt"]),
        ("type=user&replication=tablets", ["kt"]),
        ("type=user&replication=vnodes", ["ks"]),
        ("type=non_local_strategy", ["ks", "kt", "system_distributed", "system_traces"]),
        ("", ["ks", "kt", "system", "system_schema", "system_distributed", "system_traces"]),
    ],
)
def test_keyspaces_are_told_by_kind(client: NodeClient, query: str, keyspaces: list[str]) -> None:
    client.lab.create_table("kt", "t", tablets=True)
    assert client.send("GET", f"/storage_service/keyspaces?{query}").json() == keyspaces


def test_a_tasks_status_can_be_asked_for_at_any_node(client: NodeClient) -> None:
    task = client.send("POST", "/storage_service/tablets/repair?ks=ks&table=t&tokens=all").json()[
        "tablet_task_id"
    ]
    status = client.send("GET", f"/task_manager/task_status/{task}").json()
    assert (status["state"], status["keyspace"], status["table"]) == ("done", "ks", "t")
    assert client.send("GET", f"/task_manager/task_status_recursive/{task}").json() == [status]
    assert client.send("GET", "/task_manager/wait_task/none").status_code == 400


def test_the_ttl_of_tasks_is_kept_and_the_old_one_told(client: NodeClient) -> None:
    answers = [
        client.send(method, f"/task_manager/user_ttl{query}").json()
        for method, query in (("GET", ""), ("POST", "?user_ttl=300"), ("GET", ""))
    ]
    assert answers == [3600, 3600, 300]


def test_compaction_of_a_whole_keyspace_is_switched(client: NodeClient) -> None:
    client.lab.create_table("ks", "u")
    client.send("DELETE", "/storage_service/auto_compaction/ks?cf=u")
    states = [client.send("GET", f"/column_family/autocompaction/ks:{table}").json() for table in "tu"]
    assert states == [True, False]


def test_a_view_is_built_on_all_nodes_and_a_table_is_no_view(client: NodeClient) -> None:
    client.lab.create_table("ks", "v", view_of="t")
    statuses = client.send("GET", "/storage_service/view_build_statuses/ks/v").json()
    assert {status["key"]: status["value"] for status in statuses} == {
        node.address: "SUCCESS" for node in client.lab.nodes
    }
    assert client.send("GET", "/storage_service/view_build_statuses/ks/t").json() == []


def test_tokens_of_a_node_are_those_of_the_ring(client: NodeClient) -> None:
    ring = client.send("GET", "/storage_service/describe_ring/ks").json()
    tokens = client.send("GET", f"/storage_service/tokens/{client.node.address}").json()
    assert set(tokens) == {part["end_token"] for part in ring if part["endpoints"][0] == client.node.address}


def test_a_table_on_tablets_has_a_ring_of_its_own(client: NodeClient) -> None:
    client.lab.create_table("ks_tablets", "t", tablets=True)
    path = "/storage_service/describe_ring/ks_tablets"
    assert client.send("GET", path).status_code == 500
    ring = client.send("GET", f"{path}?table=t").json()
    ends = [int(part["end_token"]) for part in ring]
    assert (ring[0]["start_token"], ends) == (str(-(2**63)), sorted(ends))
    assert ends[-1] == 2**63 - 1


def test_a_node_has_no_cql_and_says_so(client: NodeClient) -> None:
    info = client.send("GET", "/agent/node_info").json()
    assert (info["native_transport_port"], info["native_transport_port_ssl"]) == ("0", "0")


def test_disk_space_of_a_table_is_what_was_loaded(client: NodeClient) -> None:
    put_sstable(client.upload, "me-1-big", content=bytes(1000))
    client.load()
    used = client.send("GET", "/column_family/metrics/total_disk_space_used/ks:t").json()
    assert used == sum(file.stat().st_size for file in client.loaded.iterdir())
