import pytest
from tests.support.backups import CLUSTER, OTHER_CLUSTER, OTHER_TASK, TAG, TASK, manifest_path

from scylla_restore.engine.backup.layout import ManifestPath
from scylla_restore.engine.backup.snapshots import choose_manifests, find_snapshots, no_such_snapshot
from scylla_restore.engine.errors import BackupError, TargetError

OLDER = "sm_20240101000004UTC"


def chosen(
    paths: list[ManifestPath], *, cluster: str | None = None, task: str | None = None
) -> tuple[ManifestPath, ...]:
    return choose_manifests(
        paths, location="s3:b", snapshot_tag=TAG, source_cluster=cluster, source_task=task
    )


def test_the_manifests_of_the_tag_are_chosen_in_the_order_of_the_nodes() -> None:
    a, b = manifest_path(node_id="a", dc="z"), manifest_path(node_id="b", dc="a")
    assert chosen([b, manifest_path(snapshot_tag=OLDER), a]) == (a, b)


def test_a_location_without_the_tag_has_no_manifests_to_choose() -> None:
    assert chosen([manifest_path(snapshot_tag=OLDER)]) == ()
    assert chosen([]) == ()


def test_a_temporary_manifest_beside_its_final_one_is_ignored() -> None:
    assert chosen([manifest_path(temporary=True), manifest_path()]) == (manifest_path(),)


@pytest.mark.parametrize(
    "difference", [{"node_id": "n"}, {"dc": "dc2"}, {"temporary": True}], ids=["node", "dc", "alone"]
)
def test_a_temporary_manifest_without_its_final_one_fails_the_snapshot(difference: dict[str, str]) -> None:
    final = [] if "temporary" in difference else [manifest_path()]
    temporary = manifest_path(**{**difference, "temporary": True})
    with pytest.raises(BackupError, match="is not complete") as caught:
        chosen([*final, temporary])
    assert temporary.path in caught.value.message


def test_a_temporary_manifest_of_another_snapshot_does_no_harm() -> None:
    assert chosen([manifest_path(), manifest_path(snapshot_tag=OLDER, temporary=True)]) == (manifest_path(),)


def test_a_tag_in_two_clusters_is_refused_until_one_is_chosen() -> None:
    other = manifest_path(cluster_id=OTHER_CLUSTER)
    with pytest.raises(TargetError, match=f"several clusters: {CLUSTER}, {OTHER_CLUSTER}") as caught:
        chosen([other, manifest_path()])
    assert caught.value.hint == "choose one with --source-cluster"
    assert chosen([other, manifest_path()], cluster=OTHER_CLUSTER) == (other,)


def test_a_tag_in_two_tasks_is_refused_until_one_is_chosen() -> None:
    other = manifest_path(task_id=OTHER_TASK, temporary=True)
    with pytest.raises(TargetError, match=f"several tasks: {TASK}, {OTHER_TASK}") as caught:
        chosen([other, manifest_path()])
    assert caught.value.hint == "choose one with --source-task"
    assert chosen([other, manifest_path()], task=TASK) == (manifest_path(),)


def test_a_chosen_cluster_that_is_not_there_leaves_nothing() -> None:
    assert chosen([manifest_path()], cluster=OTHER_CLUSTER) == ()
    error = no_such_snapshot(TAG, ["s3:b", "gcs:c"], source_cluster=OTHER_CLUSTER, source_task=TASK)
    assert (
        error.message
        == f"there is no snapshot {TAG} of cluster {OTHER_CLUSTER} by task {TASK} in s3:b, gcs:c"
    )
    assert error.exit_code == 2


def test_snapshots_are_told_from_names_alone() -> None:
    paths = [
        manifest_path(node_id="b"),
        manifest_path(node_id="a"),
        manifest_path(node_id="a", temporary=True),
        manifest_path(snapshot_tag=OLDER, temporary=True),
        manifest_path(task_id=OTHER_TASK),
    ]
    found = find_snapshots(paths)
    assert [(s.snapshot_tag, s.task_id, len(s.manifests), s.is_complete) for s in found] == [
        (OLDER, TASK, 0, False),
        (TAG, TASK, 2, True),
        (TAG, OTHER_TASK, 1, True),
    ]
