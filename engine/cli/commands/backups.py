"""`backups`: what is there to be restored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from cyclopts import Parameter

from scylla_restore.engine.api import (
    Backup,
    CataloguedSnapshot,
    Stores,
    find_backups,
    told_by_manifests,
    told_by_names,
)
from scylla_restore.engine.cli.backups_view import backups_lines
from scylla_restore.engine.cli.context import Context, Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.units import count_text
from scylla_restore.engine.core.location import parse_locations
from scylla_restore.engine.core.snapshot_tag import nearest_in_words, nearest_tags, snapshot_time
from scylla_restore.engine.errors import NoSuchSnapshot, TargetError
from scylla_restore.events.model.target import BackupLocation

_NOT_WHOLE: Final = 1
_NOTE_EVERY_S: Final = 5.0


def backups(
    *,
    location: Annotated[tuple[str, ...], Parameter(name=("--location", "-L"), show_default=False)] = (),
    details: Annotated[bool, Parameter(negative="")] = False,
    snapshot_tag: Annotated[str | None, Parameter(name=("--snapshot-tag", "-T"))] = None,
    context: Given,
) -> int:
    """List the snapshots in backup locations, oldest first. Asks no cluster, and reads no more than names.

    Args:
        location: <provider>:<bucket>, comma-separated or repeated; provider is s3, gcs, azure, localstorage.
        details: read the manifests, too: the cluster's name, keyspaces, tables and bytes.
        snapshot_tag: this snapshot alone, in detail.
    """
    if not location:
        raise TargetError("no backup location is given", hint="name one with --location s3:my-bucket")
    where = parse_locations(location)
    if snapshot_tag is not None:
        snapshot_time(snapshot_tag)
    with diagnosed(context), Stores(context.file.config, context.environment) as stores:
        found = _found(stores, where, snapshot_tag)
        listed = (
            _detailed(found, stores, where, context)
            if details or snapshot_tag is not None
            else [told_by_names(snapshot) for snapshot in found]
        )
    _tell(listed, where, context, with_tables=snapshot_tag is not None)
    return _NOT_WHOLE if any(backup.problems for backup in listed) else 0


def _found(
    stores: Stores, where: Sequence[BackupLocation], snapshot_tag: str | None
) -> tuple[CataloguedSnapshot, ...]:
    found = find_backups({place.key: stores.open(place) for place in where})
    if snapshot_tag is None:
        return found
    wanted = tuple(snapshot for snapshot in found if snapshot.snapshot_tag == snapshot_tag)
    if not wanted:
        tags = nearest_tags(snapshot_tag, (snapshot.snapshot_tag for snapshot in found))
        raise NoSuchSnapshot(
            f"there is no snapshot {snapshot_tag} in {', '.join(place.key for place in where)}",
            hint=nearest_in_words(tags),
        )
    return wanted


def _detailed(
    found: Sequence[CataloguedSnapshot], stores: Stores, where: Sequence[BackupLocation], context: Context
) -> list[Backup]:
    """Read the manifests; says every few seconds how far that is."""
    total = sum(len(snapshot.all_manifests) for snapshot in found)
    read, told_at = 0, context.clock.now()
    listed = []
    for backup in told_by_manifests(found, {place.key: stores.open(place) for place in where}):
        listed.append(backup)
        read += len(found[len(listed) - 1].all_manifests)
        if _is_due(told_at, context.clock.now()):
            told_at = context.clock.now()
            context.output.note(f"{read} of {count_text(total, 'manifest')} read")
    return listed


def _is_due(told_at: datetime, now: datetime) -> bool:
    return (now - told_at).total_seconds() >= _NOTE_EVERY_S


def _tell(
    listed: Sequence[Backup], where: Sequence[BackupLocation], context: Context, *, with_tables: bool
) -> None:
    if context.output.is_json:
        context.output.document(listed)
    elif not listed:
        context.output.note(f"no backup of Scylla Manager is in {', '.join(place.key for place in where)}")
    for line in () if context.output.is_json else backups_lines(listed, with_tables=with_tables):
        context.output.line(line)
    for backup in listed:
        for problem in backup.problems:
            context.output.warn(f"{backup.tag}: {problem}")
