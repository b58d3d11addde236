"""What the backup holds."""

from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.target import IndexVia


class SSTableShape(msgspec.Struct, frozen=True, kw_only=True):
    """What many SSTables of a directory share: version (``me``), format (``big``) and component suffixes."""

    version: str
    format: str
    components: tuple[str, ...]


class SkippedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the backup that is not restored, and why."""

    keyspace: str
    table: str
    reason: str


class LocationOpened(Event, frozen=True, kw_only=True):
    """A location was listed; ``manifests`` are the paths that belong to the snapshot and the selection.

    ``clusters``, ``tasks`` and ``dcs`` are those of the snapshot there, whether a DC mapping names them or not.
    ``via`` is who lists and reads: the engine itself, or agents; ``because`` is why not the engine, where it tried.
    ``nearest`` are the tags nearest in time in a location that does not have the snapshot.
    """

    TAG: ClassVar[str] = "LocationOpened"
    location: str
    manifests: tuple[str, ...]
    clusters: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    dcs: tuple[str, ...] = ()
    via: IndexVia = IndexVia.DIRECT
    because: str = ""
    nearest: tuple[str, ...] = ()


class ManifestRead(Event, frozen=True, kw_only=True):
    """One node's manifest; ``sha256`` is that of the object's bytes, so that a resume can tell a changed backup."""

    TAG: ClassVar[str] = "ManifestRead"
    location: str
    path: str
    sha256: str
    cluster_id: str
    cluster_name: str
    dc: str
    node_id: str
    tables: int
    size: int
    scylla_version: str = ""


class DirectoryIndexed(Event, frozen=True, kw_only=True):
    """SSTables of one remote directory, packed: position i of ``ids``, ``sizes`` and ``shape_of`` is one SSTable.

    ``sizes`` are bytes over all components. ``shape_of`` is empty when all have shape 0. ``suffixes`` names, for
    versioned SSTables only, the snapshot tag that each component's object name ends in. A large directory is
    spread over several of these events. ``target_keyspace`` and ``target_table`` are where it goes, and empty where
    that is called as it was.

    ``data_sizes`` are there where no listing was needed: bytes of the file ``Data.db`` alone, which are exact, while
    ``sizes`` are so only in their sum. ``first_tokens`` and ``last_tokens`` are there where Scylla has noted them.
    """

    TAG: ClassVar[str] = "DirectoryIndexed"
    directory: str
    location: str
    path: str
    dc: str
    node_id: str
    keyspace: str
    table: str
    ids: tuple[str, ...]
    sizes: tuple[int, ...]
    shapes: tuple[SSTableShape, ...]
    shape_of: tuple[int, ...] = ()
    suffixes: dict[str, dict[str, str]] = {}
    target_keyspace: str = ""
    target_table: str = ""
    data_sizes: tuple[int, ...] = ()
    first_tokens: tuple[int, ...] = ()
    last_tokens: tuple[int, ...] = ()

    @property
    def goes_to(self) -> tuple[str, str]:
        """Keyspace and table of the cluster that it is restored into."""
        return self.target_keyspace or self.keyspace, self.target_table or self.table


class LocationIndexed(Event, frozen=True, kw_only=True):
    """All of a location's directories are known. ``retries`` are requests that it took more than once."""

    TAG: ClassVar[str] = "LocationIndexed"
    location: str
    directories: int
    sstables: int
    size: int
    skipped: tuple[SkippedTable, ...] = ()
    retries: int = 0


class LocationUnanswered(Event, frozen=True, kw_only=True):
    """Requests to a location have to be made again, since it is busy or silent: ``retries`` of them so far.

    Told every few seconds while that is so, until ``LocationAnswered`` or a failure.
    """

    TAG: ClassVar[str] = "LocationUnanswered"
    location: str
    retries: int


class LocationAnswered(Event, frozen=True, kw_only=True):
    """A location answers at once again, or is asked for nothing any more."""

    TAG: ClassVar[str] = "LocationAnswered"
    location: str


class LocationVerified(Event, frozen=True, kw_only=True):
    """On resume: the location's manifests are the ones that the run was indexed from."""

    TAG: ClassVar[str] = "LocationVerified"
    location: str


class LocationFailed(Event, frozen=True, kw_only=True):
    """A location could not be read, or does not hold what it should."""

    TAG: ClassVar[str] = "LocationFailed"
    location: str
    failure: Failure
    exit_code: int = 1
