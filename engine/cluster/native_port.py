"""The part of the node port that is about native restores: Scylla reads a bucket by itself, as one of its tasks."""

from typing import Protocol

NATIVE_RESTORES = "sstables_loader"
"""The module of Scylla's task manager whose tasks they are."""

NATIVE_RESTORE = "download_sstables"
"""The type of such a task."""


class NativeCalls(Protocol):
    """Native restores of one node."""

    def start_native_restore(
        self,
        *,
        endpoint: str,
        bucket: str,
        prefix: str,
        keyspace: str,
        table: str,
        sstables: tuple[str, ...],
    ) -> str:
        """Begin to restore SSTables, named by their TOC objects below ``prefix``, and return the task's id.

        Rows go to primary replicas. Never repeated by the gateway: a lost answer may mean that a task runs.
        """
        ...

    def user_ttl(self) -> int:
        """Return for how many seconds Scylla knows of a finished task that somebody asked for."""
        ...

    def set_user_ttl(self, seconds: int) -> None:
        """Set it."""
        ...
