"""Backups that a lab writes: Scylla Manager's layout, and SSTables that the lab's own nodes load."""

from collections import Counter
from pathlib import Path

import pytest
from tests.support.lab_client import NodeClient
from tests.support.s3_server import S3Server

from scylla_restore.engine.backup.layout import ManifestPath, SchemaPath, SSTableDirectory
from scylla_restore.engine.backup.manifest import Manifest, read_manifest
from scylla_restore.engine.backup.sstable import group_sstables
from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab import Lab, S3Settings
from scylla_restore.engine.lab.backup_content import IdType
from scylla_restore.engine.lab.backup_writer import BackupRequest, BackupSummary, write_backup
from scylla_restore.engine.lab.buckets import open_bucket, put_tree
from scylla_restore.events.model.target import BackupLocation


def manifests(directory: Path, summary: BackupSummary) -> list[Manifest]:
    paths = sorted(directory.glob("buckets/b/backup/meta/**/*.json.gz"))
    read = [read_manifest(path.read_bytes(), path=path.name) for path in paths]
    return [manifest for manifest in read if manifest.snapshot_tag == summary.snapshot_tag]


def keys(bucket: Path) -> list[str]:
    return sorted(file.relative_to(bucket).as_posix() for file in bucket.rglob("*") if file.is_file())


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    with Lab(tmp_path, nodes=3) as lab:
        return lab


@pytest.mark.parametrize("id_type", ["uuid", "int", "mixed"])
def test_manifests_list_all_sstables_and_their_sizes(lab: Lab, id_type: IdType) -> None:
    request = BackupRequest(
        location="localstorage:b", keyspaces=2, tables=2, sstables=7, sstable_bytes=3000, id_type=id_type
    )
    summary = write_backup(lab.directory, request)
    assert (summary.sstables, summary.files, summary.bytes) == (28, 28 * 9, 28 * 3000)
    found: Counter[str] = Counter()
    for manifest in manifests(lab.directory, summary):
        for entry in manifest.tables:
            names = entry.file_names(manifest="m")
            group = group_sstables(names, keyspace=entry.keyspace, table=entry.table, what="a directory")
            found[str(entry.name)] += len(group.ids)
            assert entry.size == len(group.ids) * 3000
    assert found == {"ks1.t1": 7, "ks1.t2": 7, "ks2.t1": 7, "ks2.t2": 7}


def test_every_key_is_of_the_layout(lab: Lab) -> None:
    write_backup(lab.directory, BackupRequest(location="localstorage:b", id_type="mixed", sstable_bytes=1000))
    for key in keys(lab.directory / "buckets" / "b"):
        directory = SSTableDirectory.parse(key.rpartition("/")[0])
        assert directory or ManifestPath.parse(key) or SchemaPath.parse(key), key


def test_the_same_seed_makes_the_same_sstables(lab: Lab) -> None:
    request = BackupRequest(location="localstorage:b", sstables=3, sstable_bytes=1000, seed=5)
    write_backup(lab.directory, request)
    bucket = lab.directory / "buckets" / "b" / "backup" / "sst"
    before = {key for key in keys(bucket) if not key.endswith("manifest.json")}
    write_backup(lab.directory, request)
    assert {key for key in keys(bucket) if not key.endswith("manifest.json")} == before


def test_an_overwritten_integer_id_is_kept_under_the_newer_tag(lab: Lab) -> None:
    request = BackupRequest(location="localstorage:b", sstables=3, sstable_bytes=1000, id_type="int")
    write_backup(lab.directory, request)
    second = write_backup(
        lab.directory,
        BackupRequest(location="localstorage:b", sstables=3, sstable_bytes=1000, id_type="int", seed=1),
    )
    versioned = {
        key.rpartition("/")[2] for key in keys(lab.directory / "buckets" / "b") if key.endswith("UTC")
    }
    assert f"me-1-big-Data.db.{second.snapshot_tag}" in versioned
    assert f"me-1-big-TOC.txt.{second.snapshot_tag}" not in versioned


def test_tables_of_a_backup_exist_in_the_running_lab_and_can_be_loaded(tmp_path: Path) -> None:
    with Lab(tmp_path, nodes=1) as lab:
        client = NodeClient(lab)
        summary = write_backup(
            tmp_path, BackupRequest(location="localstorage:b", sstables=4, id_type="mixed")
        )
        assert "ks1:t1" in client.send("GET", "/column_family/name").json()
        entry = manifests(tmp_path, summary)[0].tables[0]
        upload = next(client.data.glob("ks1/t1-*/upload"))
        assert entry.version not in str(upload), "the live table has another id than the backup's"
        for file in tmp_path.glob("buckets/b/backup/sst/**/me-*"):
            (upload / file.name).write_bytes(file.read_bytes())
        assert (
            client.send("POST", "/storage_service/sstables/ks1?cf=t1&load_and_stream=true").status_code == 200
        )
        assert lab.loaded_sstables() == {"ks1.t1": 4}
        client.close()


def test_given_sstables_are_spread_over_the_nodes(lab: Lab, shared: Path) -> None:
    samples = shared / "samples" / "scylla-me"
    summary = write_backup(lab.directory, BackupRequest(location="localstorage:b", source=samples))
    tables = {entry.table for manifest in manifests(lab.directory, summary) for entry in manifest.tables}
    assert tables == {directory.name for directory in samples.iterdir()}
    assert summary.sstables == 9


def test_a_location_of_a_dc_holds_the_nodes_of_that_dc(lab: Lab) -> None:
    with pytest.raises(TargetError, match="no nodes in dc9"):
        write_backup(lab.directory, BackupRequest(location="dc9:localstorage:b"))


def test_a_location_that_the_lab_has_not_is_refused(lab: Lab) -> None:
    with pytest.raises(TargetError, match="has no gcs"):
        write_backup(lab.directory, BackupRequest(location="gcs:b"))


@pytest.mark.real
def test_a_backup_in_an_object_store_is_the_same_and_agents_copy_from_it(
    tmp_path: Path, s3_server: S3Server
) -> None:
    bucket = s3_server.new_bucket()
    s3 = S3Settings(
        endpoint=s3_server.endpoint,
        access_key_id=s3_server.access_key_id,
        secret_access_key=s3_server.secret_access_key,
    )
    with Lab(tmp_path, nodes=2, s3=s3) as lab:
        client = NodeClient(lab)
        request = BackupRequest(location=f"s3:{bucket}", sstables=2, sstable_bytes=5000)
        summary = write_backup(tmp_path, request)
        listing = client.rclone(
            "operations/list", fs=f"s3:{bucket}", remote="", opt={"recurse": True, "filesOnly": True}
        )
        paths = [item["Path"] for item in listing.json()["list"] if item["Name"].startswith("me-")]
        assert len(paths) == summary.files == 18
        copied = client.rclone(
            "sync/copypaths",
            srcFs=f"s3:{bucket}",
            dstFs="data:ks",
            dstRemote=f"{client.directory}/upload",
            paths=paths,
        )
        assert copied.status_code == 200
        assert client.load().status_code == 200
        assert lab.loaded_sstables() == {"ks.t": 2}
        client.close()


def test_a_tree_of_files_is_put_into_a_bucket_as_it_is(lab: Lab, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "backup" / "meta").mkdir(parents=True)
    (tree / "backup" / "meta" / "x").write_bytes(b"x")
    bucket = open_bucket(lab.files, BackupLocation(provider="localstorage", bucket="other"))
    assert put_tree(bucket, tree) == 1
    assert bucket.read("backup/meta/x") == b"x"
