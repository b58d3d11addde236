"""How far the repair after the data is."""

from collections import Counter
from datetime import datetime
from typing import assert_never

import msgspec

from scylla_restore.events.model import RepairEvent, repairs
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.repairs import RepairKind, TableToRepair
from scylla_restore.events.projections.words import in_words


class RunningRepair(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that a node is at; ``share`` is how much of it is done, from 0 to 1."""

    keyspace: str
    table: str
    host: str
    part: int = 0
    parts: int = 1
    share: float = 0.0


class RepairProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The repair at one moment. Units are tables, or nodes' parts of large ones; ``failed`` counts attempts."""

    tables: int
    tables_repaired: int
    units: int
    units_repaired: int
    percent: float
    failed: int
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None
    running: tuple[RunningRepair, ...]


class RepairSums(msgspec.Struct, kw_only=True):
    """The fold. ``units_left`` counts them by table, ``open`` are those under way by number."""

    tables: int = 0
    units: int = 0
    units_left: dict[str, int] = msgspec.field(default_factory=dict)
    table_of: dict[int, str] = msgspec.field(default_factory=dict)
    open: dict[int, RunningRepair] = msgspec.field(default_factory=dict)
    failed: int = 0
    error: str | None = None
    last: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None


def units_of(table: TableToRepair) -> int:
    """Return how many units a table's repair is cut into."""
    if table.kind is RepairKind.RANGES:
        return len(table.nodes)
    return 1 if table.nodes else 0


def apply_repair(sums: RepairSums, event: RepairEvent, at: datetime) -> None:
    """Fold one event about the repair."""
    match event:
        case repairs.RepairPlanned():
            _begin(sums, event, at)
        case repairs.RepairPlanFailed():
            sums.error = in_words(event.failure)
        case repairs.RepairRequested():
            sums.open[event.repair] = RunningRepair(
                keyspace=event.keyspace, table=event.table, host=event.node
            )
        case repairs.RepairStarted():
            _change(sums, event.repair, part=event.part, parts=event.parts, share=event.part / event.parts)
        case repairs.RepairProgressed():
            _progress(sums, event)
        case repairs.RepairCompleted():
            _complete(sums, event.repair, at)
        case repairs.RepairFailed():
            sums.open.pop(event.repair, None)
            if event.failure.cause is not Cause.STOPPED:
                sums.failed += 1
                sums.error = in_words(event.failure)
        case _:
            assert_never(event)


def leave_repairs(sums: RepairSums) -> None:
    """Nobody attends to what was under way: an engine has gone, or the run has ended."""
    sums.open.clear()


def repair_progress(sums: RepairSums) -> RepairProgress | None:
    """Return how far the repair is, or None before it is known what there is to do."""
    if sums.started_at is None:
        return None
    left = sum(sums.units_left.values())
    done = sums.units - left + sum(min(unit.share, 1.0) for unit in sums.open.values())
    return RepairProgress(
        tables=sums.tables,
        tables_repaired=sums.tables - sum(1 for count in sums.units_left.values() if count),
        units=sums.units,
        units_repaired=sums.units - left,
        percent=100.0 if not left else min(int(done * 1000 / sums.units) / 10, 99.9),
        failed=sums.failed,
        started_at=sums.started_at,
        completed_at=sums.ended_at,
        error=sums.error if left else None,
        running=tuple(sums.open[number] for number in sorted(sums.open)),
    )


def _begin(sums: RepairSums, event: repairs.RepairPlanned, at: datetime) -> None:
    sums.started_at = sums.started_at or at
    sums.ended_at = None if any(units_of(table) for table in event.tables) else at
    sums.open.clear()
    sums.table_of.clear()
    sums.tables = len(event.tables)
    left: Counter[str] = Counter()
    for table in event.tables:
        name = f"{table.keyspace}:{table.table}"
        for _ in range(units_of(table)):
            sums.last += 1
            sums.table_of[sums.last] = name
            left[name] += 1
    sums.units_left = dict(left)
    sums.units = len(sums.table_of)


def _change(sums: RepairSums, repair: int, *, part: int, parts: int, share: float) -> None:
    unit = sums.open.get(repair)
    if unit is not None:
        sums.open[repair] = msgspec.structs.replace(unit, part=part, parts=parts, share=share)


def _progress(sums: RepairSums, event: repairs.RepairProgressed) -> None:
    unit = sums.open.get(event.repair)
    if unit is not None and event.total > 0:
        share = (unit.part + min(event.completed / event.total, 1.0)) / unit.parts
        _change(sums, event.repair, part=unit.part, parts=unit.parts, share=share)


def _complete(sums: RepairSums, repair: int, at: datetime) -> None:
    sums.open.pop(repair, None)
    name = sums.table_of.pop(repair, None)
    if name is not None:
        sums.units_left[name] -= 1
    if not sums.table_of:
        sums.ended_at = at
