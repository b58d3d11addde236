import pytest
from tests.support.backups import CLUSTER, NODE, TABLE_ID, TAG, TASK, manifest_path

from scylla_restore.engine.backup.layout import (
    ManifestPath,
    SchemaKind,
    SchemaPath,
    SSTableDirectory,
    snapshot_manifest_name,
)

MANIFEST = f"backup/meta/cluster/{CLUSTER}/dc/dc1/node/{NODE}/task_{TASK}_tag_{TAG}_manifest.json.gz"
SCHEMA = f"backup/schema/cluster/{CLUSTER}/task_{TASK}_tag_{TAG}_schema_with_internals.json.gz"
DIRECTORY = f"backup/sst/cluster/{CLUSTER}/dc/dc1/node/{NODE}/keyspace/ks/table/t/{TABLE_ID}"


@pytest.mark.parametrize(
    ("path", "parsed"),
    [
        (MANIFEST, manifest_path()),
        (f"{MANIFEST}.tmp", manifest_path(temporary=True)),
        (MANIFEST.replace("/dc1/", "/Süd 1_x.y/"), manifest_path(dc="Süd 1_x.y")),
        (MANIFEST.replace(NODE, "some_node"), manifest_path(node_id="some_node")),
    ],
)
def test_a_manifest_path_is_read_and_written_as_the_same_text(path: str, parsed: ManifestPath) -> None:
    assert ManifestPath.parse(path) == parsed
    assert parsed.path == path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backup/", "/backup/"),
        ("backup/", ""),
        ("meta", "sst"),
        ("/dc/", "/DC/"),
        ("/node/", "/nodes/"),
        ("/dc1/", "//"),
        ("/dc1/", "/../"),
        ("/dc1/", "/./"),
        ("/dc1/", "/d\nc/"),
        ("/dc1/", "/d\\c/"),
        ("/dc1/", f"/{'d' * 256}/"),
        ("/dc1/", "/dc1/dc2/"),
        (NODE, ".."),
        (NODE, "a\x00b"),
        (CLUSTER, CLUSTER.upper()),
        (CLUSTER, "cluster"),
        (TASK, "task"),
        ("task_", "tisk_"),
        ("_tag_", "_teg_"),
        ("0004UTC", "9999UTC"),
        ("sm_", "sn_"),
        ("manifest.json.gz", "manifest.json"),
        ("manifest.json.gz", "manifest.json.gz_more"),
        ("manifest.json.gz", "manifest.json.gz.tmp.tmp"),
        ("manifest.json.gz", "manifest.json.gz/more"),
        ("manifest.json.gz", "manifest.json.gz\n"),
    ],
)
def test_what_is_nearly_a_manifest_path_is_not_one(old: str, new: str) -> None:
    assert old in MANIFEST
    assert ManifestPath.parse(MANIFEST.replace(old, new, 1)) is None


@pytest.mark.parametrize("kind", list(SchemaKind))
def test_a_schema_path_is_read_and_written_as_the_same_text(kind: SchemaKind) -> None:
    schema = SchemaPath(cluster_id=CLUSTER, task_id=TASK, snapshot_tag=TAG, kind=kind)
    assert SchemaPath.parse(schema.path) == schema
    assert schema.path == SCHEMA.replace(SchemaKind.CQL.value, kind.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema/cluster", "schema"),
        (CLUSTER, "x"),
        (TASK, "x"),
        ("_with_internals", "_without"),
        ("json.gz", "json.gz.tmp"),
        ("sm_2025", "sm_2x25"),
        ("task_", "a/task_"),
    ],
)
def test_what_is_nearly_a_schema_path_is_not_one(old: str, new: str) -> None:
    assert old in SCHEMA
    assert SchemaPath.parse(SCHEMA.replace(old, new, 1)) is None


@pytest.mark.parametrize(
    ("keyspace", "table"), [("ks", "t"), ("alternator_a.b-c", "T!:l"), ("Ks", "t$paxos")]
)
def test_an_sstable_directory_is_read_and_written_as_the_same_text(keyspace: str, table: str) -> None:
    directory = SSTableDirectory(
        cluster_id=CLUSTER, dc="dc1", node_id=NODE, keyspace=keyspace, table=table, version=TABLE_ID
    )
    assert SSTableDirectory.parse(directory.path) == directory
    assert directory.path == DIRECTORY.replace("/ks/table/t/", f"/{keyspace}/table/{table}/")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/ks/", "/../"),
        ("/t/", "//"),
        ("/t/", "/t/u/"),
        (TABLE_ID, TABLE_ID.upper()),
        (TABLE_ID, TABLE_ID[1:]),
        (TABLE_ID, f"{TABLE_ID}/"),
        (CLUSTER, "x"),
        ("/sst/", "/meta/"),
    ],
)
def test_what_is_nearly_an_sstable_directory_is_not_one(old: str, new: str) -> None:
    assert old in DIRECTORY
    assert SSTableDirectory.parse(DIRECTORY.replace(old, new, 1)) is None


def test_scyllas_own_manifest_has_its_name() -> None:
    assert snapshot_manifest_name(TAG, NODE) == f"tag_{TAG}_node_{NODE}_manifest.json"
