"""A location, as far as the run has come with it."""

import msgspec

from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import BackupLocation


class LocationState(msgspec.Struct, kw_only=True):
    """``manifests`` is None until the location was listed; ``read`` maps a manifest's path to its SHA-256."""

    where: BackupLocation
    manifests: tuple[str, ...] | None = None
    read: dict[str, str] = {}
    indexed: bool = False
    verified: bool = False
    skipped: tuple[SkippedTable, ...] = ()
