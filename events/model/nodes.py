"""The cluster and its nodes."""

from datetime import datetime
from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure


class DiscoveredNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node as the cluster tells of it."""

    address: str
    host_id: str
    dc: str
    rack: str


class TableDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the target cluster and its directory ``<table>-<32 hex>`` below ``data:<keyspace>``."""

    keyspace: str
    table: str
    directory: str


class ClusterDiscovered(Event, frozen=True, kw_only=True):
    """The target as it is now: all nodes, and the keyspaces and tables that a restore may write to."""

    TAG: ClassVar[str] = "ClusterDiscovered"
    name: str
    nodes: tuple[DiscoveredNode, ...]
    keyspaces: tuple[str, ...]
    user_keyspaces: tuple[str, ...]
    tables: tuple[str, ...]


class DiscoveryFailed(Event, frozen=True, kw_only=True):
    """The cluster could not be asked, or is not in a state to be restored into."""

    TAG: ClassVar[str] = "DiscoveryFailed"
    failure: Failure
    exit_code: int = 1


class TablesResolved(Event, frozen=True, kw_only=True):
    """Where each restored table lives on the nodes."""

    TAG: ClassVar[str] = "TablesResolved"
    tables: tuple[TableDirectory, ...]


class NodeJoined(Event, frozen=True, kw_only=True):
    """A node answered and takes part; ``locations`` are those it can list, as ``<provider>:<bucket>``.

    ``native_endpoints`` maps those of them that Scylla itself can read, too, to what its configuration calls the store;
    ``native_refusals`` maps the others to why it cannot.
    """

    TAG: ClassVar[str] = "NodeJoined"
    node: str
    host_id: str
    dc: str
    rack: str
    shards: int
    scylla_version: str
    agent_version: str
    locations: tuple[str, ...]
    unreachable_locations: dict[str, str] = {}
    clock_skew_ms: int | None = None
    """By how much the node's clock is ahead of the engine's, where it tells."""
    native_endpoints: dict[str, str] = {}
    native_refusals: dict[str, str] = {}


class TablesInspected(Event, frozen=True, kw_only=True):
    """What there was in the tables on a node before the run touched them.

    ``used`` maps ``<keyspace>:<table>`` to the bytes on disk, of those that have any. ``staging`` are directories of
    other restores, ``uploads`` those ``upload`` directories that hold files; all are paths below ``data:``.
    """

    TAG: ClassVar[str] = "TablesInspected"
    node: str
    used: dict[str, int] = {}
    staging: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()


class NodeSettingsRead(Event, frozen=True, kw_only=True):
    """How a node is set before the run touches it.

    ``bandwidth_rate`` is the agent's text (``off``, ``100M``); ``compaction`` maps ``<keyspace>:<table>``
    to whether automatic compaction is on; ``cpus`` are those that the agent is pinned to. ``user_ttl`` is for how many
    seconds Scylla knows of a finished task, None where it was not asked or does not tell.
    """

    TAG: ClassVar[str] = "NodeSettingsRead"
    node: str
    transfers: int
    bandwidth_rate: str
    compaction: dict[str, bool]
    cpus: tuple[int, ...] = ()
    user_ttl: int | None = None


class NodeFailed(Event, frozen=True, kw_only=True):
    """A node did not do what it was asked for, outside any batch."""

    TAG: ClassVar[str] = "NodeFailed"
    node: str
    failure: Failure
    exit_code: int = 1


class NodeSuspended(Event, frozen=True, kw_only=True):
    """A node gets nothing new until ``until``."""

    TAG: ClassVar[str] = "NodeSuspended"
    node: str
    until: datetime
    failures: int
    failure: Failure


class NodeWaitingForSpace(Event, frozen=True, kw_only=True):
    """A node's disk is too full for more; it is asked again at ``until``."""

    TAG: ClassVar[str] = "NodeWaitingForSpace"
    node: str
    until: datetime
    failure: Failure


class NodeReadmitted(Event, frozen=True, kw_only=True):
    """A suspended or waiting node is given work again."""

    TAG: ClassVar[str] = "NodeReadmitted"
    node: str
