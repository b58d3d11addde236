"""Snapshots of several buckets, told from names."""

from tests.support.backups import (
    CLUSTER,
    OTHER_CLUSTER,
    OTHER_TASK,
    TAG,
    TASK,
    index_entry,
    manifest_bytes,
    manifest_path,
)

from scylla_restore.engine.backup.catalogue import KeyspaceSize, TableSize, catalogue, contents_of, sizes_of
from scylla_restore.engine.backup.manifest import read_manifest

OLDER = "sm_20240101000004UTC"


def test_a_snapshot_is_one_of_a_cluster_wherever_its_parts_are() -> None:
    here, there = manifest_path(dc="dc1"), manifest_path(dc="dc2", node_id="n2")
    (found,) = catalogue({"s3:a": [here], "s3:b": [there]})

    assert (found.snapshot_tag, found.cluster_id, found.time.year) == (TAG, CLUSTER, 2025)
    assert [(placed.location, placed.path) for placed in found.manifests] == [("s3:a", here), ("s3:b", there)]
    assert found.unfinished == ()


def test_snapshots_come_oldest_first_and_each_cluster_has_its_own() -> None:
    paths = [manifest_path(), manifest_path(cluster_id=OTHER_CLUSTER), manifest_path(snapshot_tag=OLDER)]

    assert [(found.snapshot_tag, found.cluster_id) for found in catalogue({"s3:a": paths})] == [
        (OLDER, CLUSTER),
        (TAG, CLUSTER),
        (TAG, OTHER_CLUSTER),
    ]


def test_tasks_of_one_tag_are_parts_of_one_snapshot() -> None:
    (found,) = catalogue({"s3:a": [manifest_path(), manifest_path(task_id=OTHER_TASK)]})

    assert {placed.path.task_id for placed in found.all_manifests} == {TASK, OTHER_TASK}


def test_a_temporary_manifest_counts_where_it_has_no_final_one_in_its_location() -> None:
    whole = [manifest_path(), manifest_path(temporary=True)]
    (complete,) = catalogue({"s3:a": whole})
    (broken,) = catalogue({"s3:a": whole, "s3:b": [manifest_path(node_id="n2", temporary=True)]})

    assert complete.unfinished == ()
    assert [placed.location for placed in broken.unfinished] == ["s3:b"]


def test_buckets_without_manifests_hold_no_snapshots() -> None:
    assert catalogue({"s3:a": [], "s3:b": []}) == ()


def test_sizes_are_sums_over_nodes_and_directories_of_a_table() -> None:
    directories = [
        index_entry([], table="a"),
        index_entry([], table="b"),
        index_entry([], table="b", version="0" * 32),
        index_entry([], keyspace="other"),
    ]
    entries = [{**directory, "size": 1} for directory in directories]
    contents = contents_of(read_manifest(manifest_bytes(*entries, cluster_name="prod"), path="m"))

    assert contents.cluster_name == "prod"
    assert sizes_of([contents, contents]) == (
        KeyspaceSize(
            keyspace="ks", size=6, tables=(TableSize(table="a", size=2), TableSize(table="b", size=4))
        ),
        KeyspaceSize(keyspace="other", size=2, tables=(TableSize(table="t", size=2),)),
    )
