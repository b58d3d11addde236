"""Repairs that Cassandra does."""

from collections.abc import Sequence
from typing import Self

from scylla_restore.engine.lab.cassandra.jolokia import Jolokia

_FAILED = "FAILED"
_RUNNING = "IN_PROGRESS"


class CassandraRepair:
    """A full repair of a table, by one node or by several at a time."""

    def __init__(self, commands: Sequence[tuple[Jolokia, int]]) -> None:
        self._commands = commands

    @classmethod
    def begin(cls, nodes: Sequence[Jolokia], keyspace: str, table: str, ranges: str) -> Self | None:
        """Begin it: of ``ranges``, or by each of the nodes of the ranges that it owns first.

        None: no row has more than one replica.
        """
        options = {"parallelism": "parallel", "incremental": "false", "columnFamilies": table}
        if ranges:
            options |= {"primaryRange": "false", "ranges": ranges}
        else:
            options |= {"primaryRange": "true"}
        begun = [(node, node.execute("repairAsync", keyspace, options, kind=int)) for node in nodes]
        commands = [(node, command) for node, command in begun if command]
        return cls(commands) if commands else None

    def state(self) -> str:
        """Return how it stands: ``running``, ``done`` or ``failed``."""
        told = [
            node.execute("getParentRepairStatus", command, kind=object) for node, command in self._commands
        ]
        # A command that has just begun is not known yet.
        states = [words[0] if isinstance(words, list) and words else _RUNNING for words in told]
        if _FAILED in states:
            return "failed"
        return "running" if _RUNNING in states else "done"

    def abort(self) -> None:
        """End all repairs of these nodes: Cassandra cannot end one."""
        for node, _ in self._commands:
            node.execute("forceTerminateAllRepairSessions", kind=type(None))
