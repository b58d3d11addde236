"""The repair of what was restored: load&stream gives each row to one replica only, the others get it from that one.

A table's repair is cut into units, each done by one node. A unit is numbered in the order of ``RepairPlanned``; an
attempt at it is (repair, number), and events about an older attempt are recognised by that.
"""

from enum import StrEnum
from typing import ClassVar

import msgspec

from scylla_restore.events.model.base import Event
from scylla_restore.events.model.failure import Failure


class RepairKind(StrEnum):
    """How a table is repaired."""

    SMALL_TABLE = "small_table"
    """One job that is optimised for tables of less than 1 GiB."""
    RANGES = "ranges"
    """Each node repairs the token ranges of which it is the first replica, some at a time."""
    TABLETS = "tablets"
    """One task of the cluster's for all tablets."""


class TableToRepair(msgspec.Struct, frozen=True, kw_only=True):
    """A restored table.

    With ``RANGES`` each of ``nodes`` is a unit, otherwise the table is one, for any of them. Without ``nodes`` there
    is one replica of everything, and nothing to repair.
    """

    keyspace: str
    table: str
    kind: RepairKind
    nodes: tuple[str, ...]


class RepairPlanned(Event, frozen=True, kw_only=True):
    """How the restored tables are repaired, in this order.

    ``members`` are the nodes that the cluster had then; ``replicas`` is how many nodes a repair involves at most.
    """

    TAG: ClassVar[str] = "RepairPlanned"
    tables: tuple[TableToRepair, ...]
    members: tuple[str, ...]
    replicas: int


class RepairPlanFailed(Event, frozen=True, kw_only=True):
    """The cluster could not be asked how its tables are to be repaired."""

    TAG: ClassVar[str] = "RepairPlanFailed"
    failure: Failure


class RepairRequested(Event, frozen=True, kw_only=True):
    """A node is about to be asked to repair."""

    TAG: ClassVar[str] = "RepairRequested"
    repair: int
    attempt: int
    node: str
    keyspace: str
    table: str
    kind: RepairKind


class RepairStarted(Event, frozen=True, kw_only=True):
    """Scylla's job for part ``part`` (from 0) of ``parts`` is known by the name ``task``; the parts before are done.

    ``ring`` is a digest of the token ranges, by which it is known whether the parts are still the same ones.
    """

    TAG: ClassVar[str] = "RepairStarted"
    repair: int
    attempt: int
    task: str
    part: int
    parts: int
    ring: str


class RepairProgressed(Event, frozen=True, kw_only=True):
    """How much of the part under way is done, in Scylla's own units."""

    TAG: ClassVar[str] = "RepairProgressed"
    repair: int
    attempt: int
    completed: int
    total: int


class RepairCompleted(Event, frozen=True, kw_only=True):
    """The unit is repaired."""

    TAG: ClassVar[str] = "RepairCompleted"
    repair: int
    attempt: int


class RepairFailed(Event, frozen=True, kw_only=True):
    """An attempt at a unit came to nothing."""

    TAG: ClassVar[str] = "RepairFailed"
    repair: int
    attempt: int
    node: str
    failure: Failure
