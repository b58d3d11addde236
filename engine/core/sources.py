"""One snapshot of one cluster by one task is restored; a tag alone may stand for several."""

from collections.abc import Collection

from scylla_restore.engine.errors import TargetError


def refuse_several(
    snapshot_tag: str, *, where: str, clusters: Collection[str], tasks: Collection[str]
) -> None:
    """Make sure that a tag means one cluster's and one task's snapshot.

    Raises:
        TargetError: it occurs in several.
    """
    if len(clusters) > 1:
        raise TargetError(
            f"{where}: snapshot {snapshot_tag} occurs in backups of several clusters: {', '.join(sorted(clusters))}",
            hint="choose one with --source-cluster",
        )
    if len(tasks) > 1:
        raise TargetError(
            f"{where}: snapshot {snapshot_tag} occurs in backups of several tasks: {', '.join(sorted(tasks))}",
            hint="choose one with --source-task",
        )
