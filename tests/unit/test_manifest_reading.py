import gzip
import zlib

import msgspec
import pytest
from tests.support.backups import TABLE_ID, gzipped, index_entry, manifest_bytes, sstable_files

from scylla_restore.engine.backup.compressed import gunzip
from scylla_restore.engine.backup.manifest import read_manifest
from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import BackupError


def test_every_field_is_read() -> None:
    entry = {
        **index_entry(sstable_files(1)),
        "replication_type": "tablets",
        "scylla_manifests": ["m"],
        "path": "/data",
        "size": 12,
    }
    fields: dict[str, object] = {
        "version": "v2",
        "scylla_version": "2025.2.2",
        "cluster_name": "<lab> & more",
        "ip": "10.0.0.1",
        "size": 5,
        "tokens": [-(2**63), 2**63 - 1],
        "schema": "backup/schema/…",
        "rack": "r1",
        "shard_count": 8,
        "cpu_count": 9,
        "storage_size": 2**63 - 1,
        "instance_details": {"cloud_provider": "aws", "instance_type": "i4i"},
        "dc": "dc1",
        "cluster_id": "c",
        "node_id": "n",
        "task_id": "t",
        "snapshot_tag": "s",
    }
    manifest = read_manifest(manifest_bytes(entry, **fields), path="p")
    without_index = msgspec.structs.replace(manifest, index=())
    assert msgspec.to_builtins(without_index) == {**fields, "tokens": (-(2**63), 2**63 - 1), "index": ()}
    (read,) = manifest.tables
    assert read.name == TableName("ks", "t")
    assert (read.version, read.size, read.replication_type, read.path) == (TABLE_ID, 12, "tablets", "/data")
    assert read.scylla_manifests == ("m",)
    assert read.file_names(manifest="m") == sstable_files(1)


def test_absent_and_null_fields_are_empty_and_unknown_ones_are_ignored() -> None:
    least: dict[str, object] = {"keyspace": "ks", "table": "t", "version": TABLE_ID}
    nulls: dict[str, object] = {
        **least,
        "table": "u",
        "files": None,
        "scylla_manifests": None,
        "unknown": {"deep": [[[1]]]},
    }
    manifest = read_manifest(
        manifest_bytes(least, nulls, tokens=None, new=1, instance_details=None), path="p"
    )
    assert [entry.file_names(manifest="m") for entry in manifest.tables] == [[], []]
    assert (manifest.size, manifest.cluster_name) == (0, "")


def test_an_index_that_is_null_is_empty() -> None:
    assert read_manifest(gzipped({"index": None}), path="p").tables == ()


def test_what_escapes_in_json_is_read_as_meant() -> None:
    document = rb'{"cluster_name":"a\u0026\u003cb\u003e","index":[]}' + b"\n"
    assert read_manifest(gzip.compress(document), path="p").cluster_name == "a&<b>"


def test_gzip_of_several_members_is_one_manifest() -> None:
    document = b'{"index":' + b" " * 300_000 + b"[]}"
    data = gzip.compress(document[:7]) + gzip.compress(b"") + gzip.compress(document[7:])
    assert read_manifest(data, path="p").tables == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is cut off"),
        (b"{}", "is not intact"),
        (gzip.compress(b"", mtime=0)[:5], "is cut off"),
        (manifest_bytes(index_entry(sstable_files(1)))[:-9], "is cut off"),
        (manifest_bytes() + b"more", "is not intact"),
        (gzip.compress(b"", mtime=0), "cannot be read: Input data was truncated"),
        (gzip.compress(b'{"index":[', mtime=0), "cannot be read: Input data was truncated"),
        (gzip.compress(b"\x00" * 100, mtime=0), "cannot be read"),
        (gzip.compress(b'{"cluster_name":"\xff","index":[]}', mtime=0), "cannot be read"),
        (gzip.compress(b'{"x":' + b"[" * 100_000), "cannot be read"),
        (gzipped({}), "has no index"),
        (gzipped([]), "cannot be read: Expected `object`"),
        (gzipped({"index": {}}), "cannot be read: Expected `array"),
        (gzipped({"index": [], "tokens": [2**63]}), "cannot be read: Expected `int` <="),
        (gzipped({"index": [], "tokens": [1.5]}), "cannot be read: Expected `int`"),
        (gzipped({"index": [], "size": -1}), "cannot be read: Expected `int` >= 0"),
        (gzipped({"index": [{"keyspace": "ks"}]}), "missing required field `table`"),
        (manifest_bytes(index_entry([], keyspace="..")), "impossible table: keyspace '..'"),
        (manifest_bytes(index_entry([], keyspace="")), "impossible table"),
        (manifest_bytes(index_entry([], table="../../etc")), "impossible table"),
        (manifest_bytes(index_entry([], table="a\nb")), "impossible table"),
        (manifest_bytes(index_entry([], version="..")), "impossible table"),
        (manifest_bytes(index_entry([]), index_entry([])), "lists table ks.t .* twice"),
    ],
    # packed bytes hold the time: names made of them would differ from process to process
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_is_no_manifest_is_refused_with_its_path(data: bytes, problem: str) -> None:
    with pytest.raises(BackupError, match=f"manifest backup/meta/x .*{problem}"):
        read_manifest(data, path="backup/meta/x")


@pytest.mark.parametrize("files", [{"a": 1}, [1], [None], "me-1-big-Data.db"])
def test_a_list_of_files_of_another_shape_is_refused_with_its_table(files: object) -> None:
    manifest = read_manifest(manifest_bytes({**index_entry([]), "files": files}), path="p")
    with pytest.raises(BackupError, match=r"the list of files of ks\.t cannot be read"):
        manifest.tables[0].file_names(manifest="m")


def test_a_manifest_larger_than_its_limit_is_refused() -> None:
    with pytest.raises(BackupError, match="unpacks to more than 100 bytes"):
        read_manifest(manifest_bytes(index_entry(sstable_files(1))), path="p", limit_bytes=100)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_does() -> None:
    packer = zlib.compressobj(wbits=31)
    megabyte = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(megabyte) for _ in range(64)) + packer.flush()
    with pytest.raises(BackupError, match="unpacks to more than 200 times its size"):
        gunzip(bomb, what="a bomb")


def test_thousands_of_tiny_members_are_refused() -> None:
    with pytest.raises(BackupError, match="made of more than 1000 pieces"):
        gunzip(gzip.compress(b"") * 1001, what="a heap")
