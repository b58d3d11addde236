"""Whether a location has the files of a batch, where their directory was not listed: asked before anything is copied.

The SSTables of a batch lie scattered among those of their directory. With one request either one of them is found, or
all that lie on a page:

    directory   │ · · A · · · · │ · · · · · · · │ · B · · C · D │
    batch         one request                     one request, or three where no listing can begin at B
"""

from collections.abc import Iterable, Mapping

import msgspec

from scylla_restore.actors.procedures.files import DATA, some
from scylla_restore.actors.procedures.storing import Store
from scylla_restore.engine.core.commands import BatchSSTable, CheckFiles
from scylla_restore.engine.errors import BackupError, ObjectMissing, RestoreError, StorageUnavailable

Group = tuple[BatchSSTable, ...]

HINT = "the backup was changed since it was indexed: put the object back, or exclude the table and start a new run"


class CheckPlanned(msgspec.Struct, frozen=True):
    """What one request each, or little more, can tell of a batch."""

    command: CheckFiles
    groups: tuple[Group, ...]


class GroupFound(msgspec.Struct, frozen=True):
    """The location has all files of some SSTables of a batch; ``size`` is bytes over all of them."""

    command: CheckFiles
    size: int


class GroupMissed(msgspec.Struct, frozen=True):
    """Why some SSTables of a batch are not known to be there."""

    command: CheckFiles
    error: RestoreError


async def plan_check(store: Store, command: CheckFiles) -> CheckPlanned:
    """Return in which parts the location is asked for a batch."""
    groups = in_groups(
        command.sstables,
        beside=command.beside,
        files_per_page=store.files_per_page,
        lists_ranges=store.lists_ranges,
    )
    return CheckPlanned(command, groups)


def in_groups(
    sstables: Iterable[BatchSSTable], *, beside: int, files_per_page: int, lists_ranges: bool
) -> tuple[Group, ...]:
    """Return SSTables in groups to be looked for by themselves, as few as spare requests.

    ``beside`` is how many SSTables the directory has, ``files_per_page`` what one request lists of it (0: all).
    """
    ordered = sorted(sstables, key=lambda sstable: sstable.id)
    together = 1
    if not files_per_page:
        together = len(ordered)
    elif lists_ranges:
        files = sum(len(sstable.files) for sstable in ordered)
        # so many of the batch's, and the directory's between them, are on a page
        together = max(1, files_per_page * len(ordered) ** 2 // max(1, files * beside))
    return tuple(tuple(ordered[start : start + together]) for start in range(0, len(ordered), together))


async def find_group(store: Store, command: CheckFiles, group: Group) -> GroupFound:
    """Look for some of a batch's SSTables.

    Raises:
        ObjectMissing: the location lacks a file.
        BackupError: a file is not the one that was noted.
        StorageError: the location cannot be asked, or only in other parts than was planned.
    """
    if not store.files_per_page and len(group) < len(command.sstables):
        # each part would list all of the directory now
        raise StorageUnavailable(
            f"{store.location} is read through the agents since a moment ago: the batch is looked for once more",
            location=store.location,
        )
    names = [file.object for sstable in group for file in sstable.files]
    found = await store(lambda port: port.find(f"{command.source}/", names))
    _check(group, found, where=f"{store.location}/{command.source}")
    return GroupFound(command, sum(found.values()))


def _check(group: Group, found: Mapping[str, int], *, where: str) -> None:
    if missing := {file.object for sstable in group for file in sstable.files} - found.keys():
        raise ObjectMissing(
            f"{where}: {some(missing)}: missing, though the manifest names {'it' if len(missing) == 1 else 'them'}",
            location=where,
            hint=HINT,
        )
    for sstable in group:
        data = next((file.object for file in sstable.files if file.name.endswith(DATA)), None)
        if data is not None and sstable.data_size not in {None, found[data]}:
            raise BackupError(
                f"{where}/{data} has {found[data]} bytes, but Scylla's manifest of the snapshot says {sstable.data_size}",
                hint=HINT,
            )
