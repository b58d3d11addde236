"""A backup that Scylla Manager itself wrote."""

import tarfile
from pathlib import Path

import pytest
from tests.support.backups import index_entry_of

from scylla_restore.engine.backup.directory import directory_of
from scylla_restore.engine.backup.layout import ManifestPath, SchemaPath, SSTableDirectory
from scylla_restore.engine.backup.manifest import read_manifest
from scylla_restore.engine.backup.schema import read_schema, views_of
from scylla_restore.engine.backup.snapshots import choose_manifests
from scylla_restore.engine.core.table_name import TableName

TAG = "sm_20261122114012UTC"


@pytest.fixture(scope="module")
def objects(shared: Path) -> dict[str, bytes]:
    with tarfile.open(shared / "samples" / "real-backup.tar.gz") as archive:
        members = [member for member in archive if member.isfile()]
        files = {member.name: archive.extractfile(member) for member in members}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_every_path_of_a_real_backup_is_understood(objects: dict[str, bytes]) -> None:
    kinds = {"meta": ManifestPath.parse, "schema": SchemaPath.parse}
    for path in objects:
        kind = path.split("/")[1]
        parsed = kinds[kind](path) if kind in kinds else SSTableDirectory.parse(path.rpartition("/")[0])
        assert parsed is not None
        assert path.startswith(parsed.path)


def test_a_real_backup_is_indexed_from_its_manifest_and_listing(objects: dict[str, bytes]) -> None:
    paths = [found for path in objects if (found := ManifestPath.parse(path))]
    (manifest_path,) = choose_manifests(paths, location="s3:b", snapshot_tag=TAG)
    manifest = read_manifest(objects[manifest_path.path], path=manifest_path.path)
    assert (manifest.cluster_name, manifest.cluster_id) == ("lab", manifest_path.cluster_id)
    assert manifest.tokens == (0, -9_000_000_000_000_000_000)
    indexed: dict[TableName, tuple[str, ...]] = {}
    total = 0
    for entry in manifest.tables:
        prefix = f"{directory_of(entry, manifest_path).path}/"
        listing = {
            path.removeprefix(prefix): len(data) for path, data in objects.items() if path.startswith(prefix)
        }
        for event in index_entry_of(entry, listing, manifest=manifest_path):
            indexed[entry.name] = event.ids
            assert sum(event.sizes) == entry.size
            total += sum(event.sizes)
    assert indexed[TableName("ks", "t")] == ("1", "2")
    assert indexed[TableName("system_schema", "columns")] == ("3gsm_0lob_1zdg02we44my8dy25w",)
    assert total == manifest.size


def test_the_schema_of_a_real_backup_is_read(objects: dict[str, bytes]) -> None:
    (path,) = (path for path in objects if SchemaPath.parse(path))
    rows = read_schema(objects[path], path=path)
    assert ("ks", "table", "t") in [(row.keyspace, row.type, row.name) for row in rows]
    assert views_of(rows) == frozenset()
