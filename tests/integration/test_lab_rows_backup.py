"""Rows are written through CQL, backed up in Scylla Manager's layout, lost, and loaded by a lab node: they are all back."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from tests.support.cassandra import Cluster
from tests.support.cassandra_logs import Execute
from tests.support.lab_client import names
from tests.support.lab_rows import LabWithRows, running_lab_with_rows
from tests.support.s3_server import S3Server

from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab import Lab, S3Settings
from scylla_restore.engine.lab.backup_content import IdType
from scylla_restore.engine.lab.backup_writer import BackupRequest, write_backup
from scylla_restore.engine.lab.buckets import open_bucket
from scylla_restore.events.model.target import BackupLocation

pytestmark = pytest.mark.real
ROWS = 200
COMPONENTS = 9


@pytest.fixture(scope="module")
def rows(
    tmp_path_factory: pytest.TempPathFactory,
    cassandra: Cluster,
    cassandra_execute: Execute,
    s3_server: S3Server,
) -> Iterator[LabWithRows]:
    s3 = S3Settings(
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    directory = tmp_path_factory.mktemp("lab")
    with running_lab_with_rows(
        directory, cassandra, cassandra_execute, s3=s3, scylla_version="2026.1.0"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def keyspace(rows: LabWithRows) -> str:
    """A keyspace with rows in a table, and a view of it."""
    name = rows.new_keyspace()
    rows.execute(f"CREATE TABLE {name}.t (k int, c int, v text, PRIMARY KEY (k, c))")
    rows.execute(f"CREATE INDEX t_by_v ON {name}.t (v)")
    for number in range(ROWS):
        rows.insert(name, "t", k=number % 7, c=number, v=f"row {number}")
    return name


class Backup(msgspec.Struct, frozen=True):
    """What a bucket holds of table ``t``: the directory of its SSTables, their files, and the schema's statements."""

    prefix: str
    files: list[str]
    statements: dict[tuple[str, str], str]


def back_up(rows: LabWithRows, location: str, keyspace: str, id_type: IdType) -> Backup:
    """Write a backup and read of it what is needed to load it by hand."""
    provider, _, name = location.partition(":")
    request = BackupRequest(location=location, patterns=(keyspace,), id_type=id_type)
    summary = write_backup(rows.lab.directory, request)
    with closing(open_bucket(rows.lab.files, BackupLocation(provider=provider, bucket=name))) as bucket:
        node = f"cluster/{rows.lab.cluster_id}"
        dc = f"backup/sst/{node}/dc/dc1/node/{rows.node.host_id}/keyspace/{keyspace}/table/t"
        (version,) = bucket.names(dc)
        assert version == rows.directory(keyspace, "t").name.rpartition("-")[2]
        schemas = f"backup/schema/{node}"
        (schema,) = [each for each in bucket.names(schemas) if summary.snapshot_tag in each]
        packed = bucket.read(f"{schemas}/{schema}")
        assert packed is not None
        described = msgspec.json.decode(gzip.decompress(packed), type=list[dict[str, str]])
        files = [each for each in bucket.names(f"{dc}/{version}") if not each.endswith(".json")]
    return Backup(
        prefix=f"{dc}/{version}",
        files=sorted(files),
        statements={(each["type"], each["name"]): each["cql_stmt"] for each in described},
    )


@pytest.mark.parametrize("id_type", ["int", "uuid"])
def test_rows_come_back_through_upload(rows: LabWithRows, keyspace: str, id_type: IdType) -> None:
    before = rows.read(keyspace, "t")
    backup = back_up(rows, f"localstorage:{id_type}", keyspace, id_type)
    assert len(backup.files) % COMPONENTS == 0
    assert all(name.startswith("me-") for name in backup.files)
    assert {name.split("-")[1].isdecimal() for name in backup.files} == {id_type == "int"}
    rows.execute(f"TRUNCATE {keyspace}.t")
    assert rows.read(keyspace, "t") == []
    directory = rows.directory(keyspace, "t")
    copied = rows.send(
        "POST",
        "/agent/rclone/sync/copypaths",
        body={
            "srcFs": f"localstorage:{id_type}",
            "srcRemote": backup.prefix,
            "dstFs": f"data:{keyspace}",
            "dstRemote": f"{directory.name}/upload",
            "paths": backup.files,
        },
    )
    assert copied.status_code == 200, copied.text
    assert rows.load(keyspace, "t").text == ""
    assert (rows.read(keyspace, "t"), len(before)) == (before, ROWS)
    assert (names(directory / "upload"), names(directory / "snapshots")) == ([], [])


def test_rows_come_back_natively(rows: LabWithRows, keyspace: str, s3_server: S3Server) -> None:
    before = rows.read(keyspace, "t")
    bucket = s3_server.new_bucket()
    backup = back_up(rows, f"s3:{bucket}", keyspace, "uuid")
    rows.execute(f"TRUNCATE {keyspace}.t")
    query = {"endpoint": s3_server.endpoint, "bucket": bucket, "prefix": backup.prefix}
    query |= {"keyspace": keyspace, "table": "t", "scope": "all", "primary_replica_only": "true"}
    tocs = [name for name in backup.files if name.endswith("-TOC.txt")]
    task = rows.send("POST", f"/storage_service/restore?{urlencode(query)}", body=tocs).json()
    status = rows.ask(f"/task_manager/wait_task/{task}?timeout=30")
    assert isinstance(status, dict)
    assert (status["state"], status["error"]) == ("done", "")
    assert (rows.read(keyspace, "t"), len(before)) == (before, ROWS)


def test_the_schema_is_cassandras_own(rows: LabWithRows, keyspace: str) -> None:
    statements = back_up(rows, "localstorage:schema", keyspace, "int").statements
    assert set(statements) == {("keyspace", keyspace), ("table", "t"), ("index", "t_by_v")}
    table_id = rows.directory(keyspace, "t").name.rpartition("-")[2]
    assert table_id in statements["table", "t"].replace("-", "")


def test_a_backup_of_no_tables_is_refused(rows: LabWithRows, tmp_path: Path) -> None:
    nothing = BackupRequest(location="localstorage:none", patterns=("no_such_keyspace",))
    with pytest.raises(TargetError, match="no such tables"):
        write_backup(rows.lab.directory, nothing)
    with Lab(tmp_path, nodes=1) as lab, pytest.raises(TargetError, match="no real cluster"):
        write_backup(lab.directory, nothing)
