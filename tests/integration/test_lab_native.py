"""The lab's native restore: a task that reads SSTables from a real object store, and everything that can end it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from tests.support.lab_client import NodeClient, names
from tests.support.s3_server import S3Server

from scylla_restore.engine.lab import Lab, NodeSpec, ObjectStorageEndpoint, S3Settings, Speeds
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup

pytestmark = pytest.mark.real
TABLE = "ks1:t1"
SSTABLES = 20
CRAWL = Speeds(download_mbps=0.02)
OF_THE_OLDER_STYLE = ObjectStorageEndpoint(name="elsewhere", port=443, use_https=True)


class Backup(NamedTuple):
    """A bucket with a backup of one table on one node: where its SSTables are, and their TOCs."""

    s3: S3Settings
    bucket: str
    prefix: str
    tocs: list[str]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server) -> Backup:
    bucket = s3_server.new_bucket()
    s3 = S3Settings(
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    directory = tmp_path_factory.mktemp("origin")
    with Lab(directory, nodes=1, s3=s3):
        request = BackupRequest(location=f"s3:{bucket}", sstables=SSTABLES, sstable_bytes=20_000)
        write_backup(directory, request)
    listed = s3_server.client.list_objects_v2(Bucket=bucket, Prefix="backup/sst/")["Contents"]
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith("-TOC.txt")]
    return Backup(s3, bucket, keys[0].rpartition("/")[0], [key.rpartition("/")[2] for key in keys])


@pytest.fixture
def client(tmp_path: Path, backup: Backup, request: pytest.FixtureRequest) -> Iterator[NodeClient]:
    speeds = getattr(request, "param", Speeds())
    with Lab(
        tmp_path, nodes=1, s3=backup.s3, speeds=speeds, scylla_version="2026.1.0", tables=["ks1.t1"]
    ) as lab:
        client = NodeClient(lab)
        yield client
        client.close()


crawling = pytest.mark.parametrize("client", [CRAWL], indirect=True)


def asked(client: NodeClient, path: str) -> Any:  # noqa: ANN401 - any JSON
    return client.send("GET", path).json()


def restore(client: NodeClient, backup: Backup, tocs: object = None, **other: str) -> Any:  # noqa: ANN401 - any JSON
    query = {"endpoint": backup.s3.endpoint, "bucket": backup.bucket, "prefix": backup.prefix}
    query |= {"keyspace": "ks1", "table": "t1", "scope": "all", "primary_replica_only": "true", **other}
    body = backup.tocs if tocs is None else tocs
    return client.send("POST", f"/storage_service/restore?{urlencode(query)}", body=body).json()


def ended(client: NodeClient, task: str) -> Any:  # noqa: ANN401 - any JSON
    return asked(client, f"/task_manager/wait_task/{task}?timeout=20")


def loaded(client: NodeClient) -> list[str]:
    return [name for name in names(client.loaded.parent.parent / "ks1" / "t1") if name.endswith("-TOC.txt")]


def test_it_loads_what_is_listed_and_leaves_the_bucket_as_it_is(client: NodeClient, backup: Backup) -> None:
    status = ended(client, restore(client, backup))
    assert (status["state"], status["error"], status["type"]) == ("done", "", "download_sstables")
    assert (status["progress_completed"], status["progress_total"], status["progress_units"]) == (
        2,
        2,
        "batches",
    )
    assert loaded(client) == sorted(backup.tocs)
    assert [load.native for load in client.lab.loads()] == [True]
    assert ended(client, restore(client, backup))["state"] == "done"


def test_a_node_tells_of_its_object_stores(client: NodeClient, backup: Backup) -> None:
    info = asked(client, "/agent/node_info")
    endpoint = backup.s3.endpoint
    assert info["scylla_version"] == "2026.1.0"
    assert info["object_storage_endpoints"] == {
        endpoint: {"name": endpoint, "type": "s3", "aws_region": "us-east-1"}
    }
    configured = asked(client, "/v2/config/object_storage_endpoints")
    assert configured == {endpoint: '{"type":"s3","aws_region":"us-east-1"}'}


def test_nodes_may_differ_in_version_and_object_stores(tmp_path: Path, backup: Backup) -> None:
    old = NodeSpec(address="127.0.0.11", scylla_version="2025.1.5")
    with Lab(tmp_path, nodes=[old], s3=backup.s3, scylla_version="2026.1.0") as lab:
        client = NodeClient(lab)
        assert "object_storage_endpoints" not in asked(client, "/agent/node_info")
        assert client.send("GET", "/v2/config/object_storage_endpoints").status_code == 400
        client.close()
    other = NodeSpec(address="127.0.0.11", object_storage_endpoints=(OF_THE_OLDER_STYLE,))
    with Lab(tmp_path, nodes=[other]) as lab:
        client = NodeClient(lab)
        told = {"elsewhere": {"name": "elsewhere", "port": 443, "use_https": True}}
        assert asked(client, "/agent/node_info")["object_storage_endpoints"] == told
        client.close()


@crawling
def test_progress_is_fractional_and_an_abort_fails_the_task(client: NodeClient, backup: Backup) -> None:
    task = restore(client, backup)
    status = asked(client, f"/task_manager/task_status/{task}")
    while not status["progress_completed"]:
        assert client.send("GET", f"/task_manager/wait_task/{task}?timeout=1").status_code == 408
        status = asked(client, f"/task_manager/task_status/{task}")
    assert (status["state"], status["end_time"]) == ("running", "1970-01-01T00:00:00Z")
    assert 0 < status["progress_completed"] < 1 < status["progress_total"]
    assert client.send("POST", f"/task_manager/abort_task/{task}").status_code == 200
    status = ended(client, task)
    assert (status["state"], status["error"]) == ("failed", "abort requested")
    assert loaded(client) == []


@crawling
@pytest.mark.parametrize("by", ["restart", "fault"])
def test_a_restart_of_the_node_forgets_the_task(client: NodeClient, backup: Backup, by: str) -> None:
    task = restore(client, backup)
    (listed,) = asked(client, "/task_manager/list_module_tasks/sstables_loader")
    assert (listed["task_id"], listed["keyspace"], listed["table"]) == (task, "ks1", "t1")
    if by == "restart":
        client.lab.restart_scylla(client.node)
    else:
        client.lab.fault("lost-task", on="/task_manager/*")
    assert client.send("GET", f"/task_manager/task_status/{task}").status_code == 400
    assert asked(client, "/task_manager/list_module_tasks/sstables_loader") == []


def test_an_ended_task_is_known_for_as_long_as_user_ttl_says(client: NodeClient, backup: Backup) -> None:
    assert client.send("POST", "/task_manager/user_ttl?user_ttl=0").json() == 3600
    task = restore(client, backup, backup.tocs[:1])
    client.send("GET", f"/task_manager/wait_task/{task}?timeout=20")
    client.send("GET", f"/task_manager/wait_task/{task}?timeout=20")
    assert client.send("GET", f"/task_manager/task_status/{task}").status_code == 400
    assert len(loaded(client)) == 1


@pytest.mark.parametrize("kind", ["failed-restore", "corrupt"])
def test_a_restore_fails_by_fault(client: NodeClient, backup: Backup, kind: Any) -> None:  # noqa: ANN401 - a literal
    client.lab.fault(kind, times=1)
    status = ended(client, restore(client, backup))
    assert status["state"] == "failed"
    assert status["error"]
    # A batch of 16 that was streamed stays; a restore of everything fails with its last one, or with its first.
    assert len(loaded(client)) == (16 if kind == "failed-restore" else 0)


@pytest.mark.parametrize(
    ("toc", "words"),
    [
        ("me-1-big-TOC.txt", "integer generation"),
        ("me-3gzu_2k6c_bmdfuwesbhpbjzzugv-big-TOC.txt.sm_20261122114012UTC", "invalid SSTable file name"),
        ("me-3gzu_2k6c_bmdfuwesbhpbjzzugv-big-TOC.txt", "object not found"),
    ],
)
def test_what_cannot_be_restored_fails_the_task(
    client: NodeClient, backup: Backup, toc: str, words: str
) -> None:
    status = ended(client, restore(client, backup, [toc]))
    assert (status["state"], loaded(client)) == ("failed", [])
    assert words in status["error"]


@pytest.mark.parametrize(
    ("body", "query", "message"),
    [
        ({}, {}, "malformatted sstables in body"),
        (None, {"endpoint": "http://other:9000"}, "endpoint http://other:9000 not found"),
        (None, {"primary_replica_only": "maybe"}, "Parameter primary_replica_only is not a bool"),
        (None, {"scope": "moon"}, "invalid scope parameter value: moon"),
        (None, {"table": "absent"}, "Can't find a column family absent in keyspace ks1"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: NodeClient, backup: Backup, body: object, query: dict[str, str], message: str
) -> None:
    assert restore(client, backup, body, **query) == {"message": message, "code": 400}
