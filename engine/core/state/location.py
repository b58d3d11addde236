"""A location, as far as the run has come with it."""

import msgspec

from scylla_restore.events.model.locations import SkippedTable
from scylla_restore.events.model.target import BackupLocation


class LocationState(msgspec.Struct, kw_only=True):
    """``manifests`` is None until the location was listed; ``read`` maps a manifest's path to its SHA-256.

    ``clusters``, ``tasks`` and ``dcs`` are where the snapshot there comes from, ``versions`` the ScyllaDB that wrote it;
    ``nearest`` are other snapshots, where it is not there.
    """

    where: BackupLocation
    manifests: tuple[str, ...] | None = None
    clusters: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    dcs: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    versions: set[str] = set()
    read: dict[str, str] = {}
    indexed: bool = False
    verified: bool = False
    skipped: tuple[SkippedTable, ...] = ()
