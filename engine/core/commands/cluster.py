"""Commands about the cluster as a whole."""

from scylla_restore.engine.core.commands.base import ClusterCommand


class DiscoverCluster(ClusterCommand, frozen=True, kw_only=True):
    """→ ``ClusterDiscovered`` or ``DiscoveryFailed``."""


class ResolveTables(ClusterCommand, frozen=True, kw_only=True):
    """Find the directories of ``tables`` (``<keyspace>:<table>``). → ``TablesResolved`` or ``DiscoveryFailed``."""

    tables: tuple[str, ...]
