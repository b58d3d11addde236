"""Which snapshots a bucket holds, told from the names of manifests alone, and which manifests a restore reads."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from scylla_restore.engine.backup.layout import ManifestPath, is_named_as_manifest
from scylla_restore.engine.core.snapshot_tag import nearest_in_words, nearest_tags
from scylla_restore.engine.core.sources import refuse_several
from scylla_restore.engine.errors import BackupError, NoSuchSnapshot


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One snapshot by one task of one cluster. ``unfinished`` are temporary manifests that have no final one."""

    snapshot_tag: str
    cluster_id: str
    task_id: str
    manifests: tuple[ManifestPath, ...]
    unfinished: tuple[ManifestPath, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every node that began to upload has finished."""
        return not self.unfinished


def find_snapshots(paths: Iterable[ManifestPath]) -> tuple[Snapshot, ...]:
    """Group manifests by snapshot, cluster and task; the manifests of each are in the order of the node ids."""
    groups: defaultdict[tuple[str, str, str], list[ManifestPath]] = defaultdict(list)
    for path in paths:
        groups[path.snapshot_tag, path.cluster_id, path.task_id].append(path)
    return tuple(_snapshot(*key, groups[key]) for key in sorted(groups))


def _snapshot(snapshot_tag: str, cluster_id: str, task_id: str, paths: list[ManifestPath]) -> Snapshot:
    final = {path for path in paths if not path.temporary}
    shadowed = {msgspec.structs.replace(path, temporary=True) for path in final}
    return Snapshot(
        snapshot_tag=snapshot_tag,
        cluster_id=cluster_id,
        task_id=task_id,
        manifests=tuple(sorted(final)),
        unfinished=tuple(sorted({path for path in paths if path.temporary} - shadowed)),
    )


def refuse_misplaced(keys: Iterable[str], *, location: str, snapshot_tag: str) -> None:
    """Make sure that what is named as a manifest of the snapshot lies where one does: it would go unnoticed.

    Raises:
        BackupError: something does not.
    """
    for key in keys:
        name = key.rpartition("/")[2]
        if is_named_as_manifest(name, snapshot_tag) and ManifestPath.parse(key) is None:
            raise BackupError(
                f"{location}/{key!r} is named as a manifest of snapshot {snapshot_tag}, but its path is not a manifest's",
                hint="if it does not belong there, move it out of backup/meta",
            )


def choose_manifests(
    paths: Iterable[ManifestPath],
    *,
    location: str,
    snapshot_tag: str,
    source_cluster: str | None = None,
    source_task: str | None = None,
) -> tuple[ManifestPath, ...]:
    """Return the manifests of one location that make up the snapshot, in the order of the node ids.

    There are none when the location does not hold the snapshot; another one may.

    Raises:
        TargetError: several clusters or tasks have the tag, and none is chosen.
        BackupError: the snapshot was never finished, or is partly deleted.
    """
    candidates = [
        snapshot
        for snapshot in find_snapshots(path for path in paths if path.snapshot_tag == snapshot_tag)
        if source_cluster in {None, snapshot.cluster_id} and source_task in {None, snapshot.task_id}
    ]
    if not candidates:
        return ()
    refuse_several(
        snapshot_tag,
        where=location,
        clusters={snapshot.cluster_id for snapshot in candidates},
        tasks={snapshot.task_id for snapshot in candidates},
    )
    (snapshot,) = candidates
    if snapshot.unfinished:
        raise BackupError(
            f"{location}: snapshot {snapshot_tag} is not complete: the manifest"
            f" {snapshot.unfinished[0].path} is still a temporary one",
            hint="restore another snapshot; or, if you know that all data is there, rename the manifest without .tmp",
        )
    return snapshot.manifests


def no_such_snapshot(
    snapshot_tag: str,
    locations: Iterable[str],
    *,
    source_cluster: str | None = None,
    source_task: str | None = None,
    there: Iterable[ManifestPath] = (),
) -> NoSuchSnapshot:
    """Return the error for a snapshot that no location holds; what is ``there`` instead tells what was meant."""
    of_cluster = f" of cluster {source_cluster}" if source_cluster else ""
    of_task = f" by task {source_task}" if source_task else ""
    names = list(locations)
    return NoSuchSnapshot(
        f"there is no snapshot {snapshot_tag}{of_cluster}{of_task} in {', '.join(names)}",
        hint=f"{_instead(snapshot_tag, list(there))}; `scylla-restore backups -L {','.join(names)}` lists what is there",
    )


def _instead(snapshot_tag: str, there: list[ManifestPath]) -> str:
    same = sorted({(path.cluster_id, path.task_id) for path in there if path.snapshot_tag == snapshot_tag})
    if same:
        owners = ", ".join(f"cluster {cluster} by task {task}" for cluster, task in same)
        return f"the tag is one of {owners}"
    return nearest_in_words(nearest_tags(snapshot_tag, (path.snapshot_tag for path in there)))
