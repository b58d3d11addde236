"""A location, as far as the run has come with it."""

import msgspec

from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import BackupLocation


class LocationState(msgspec.Struct, kw_only=True):
    """``manifests`` is None until the location was listed; ``read`` maps a manifest's path to its SHA-256.

    ``clusters``, ``tasks`` and ``dcs`` are where the snapshot there comes from; ``nearest`` are others where it is not.
    """

    where: BackupLocation
    manifests: tuple[str, ...] | None = None
    clusters: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    dcs: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    read: dict[str, str] = {}
    indexed: bool = False
    verified: bool = False
    skipped: tuple[SkippedTable, ...] = ()
