"""A plan as a person reads it: within 80 columns where names allow it, and within a screen unless all is asked for."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scylla_restore.engine.api import Plan
from scylla_restore.engine.api.plan import (
    PlannedKeyspace,
    PlannedLocation,
    PlannedNode,
    PlannedTable,
    PlannedView,
)
from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.tables import column_lines
from scylla_restore.engine.cli.units import bytes_text, count_text, duration_text
from scylla_restore.engine.core.snapshot_tag import snapshot_time
from scylla_restore.events.model.locations import SkippedTable

_INDENT: Final = " " * 10
_MOST_NODES: Final = 20
"""More nodes than these are summed up by DC."""
_MOST_KEYSPACES: Final = 20
_MOST_SKIPPED: Final = 5
_MOST_VIEWS: Final = 5


def plan_lines(plan: Plan, *, columns: int = 80, show_tables: bool = False) -> list[str]:
    """Return what would be restored, from where, by whom, how long it takes, what is skipped, and what to look at.

    ``show_tables`` asks for all tables, restored and skipped, however many there are.
    """
    lines = [
        *_summary(plan, columns),
        "",
    ]
    if not plan.statements:
        lines += [*(_tables(plan.units) if show_tables else _keyspaces(plan.units)), "", *_nodes(plan.nodes)]
    if plan.views:
        lines += ["", *_views(plan.views, columns, show_tables=show_tables)]
    if plan.skipped:
        lines += ["", *_skipped(plan.skipped, columns, show_tables=show_tables)]
    if plan.warnings:
        lines.append("")
    for warning in plan.warnings:
        lines += _wrapped(f"warning: {warning}", columns, indent=" " * 9)
    return lines


def _summary(plan: Plan, columns: int) -> Iterator[str]:
    tables = sum(len(keyspace.tables) for keyspace in plan.units)
    where = f"{count_text(tables, 'table')} in {count_text(len(plan.units), 'keyspace')}"
    dcs = sorted({node.dc for node in plan.nodes})
    yield f"snapshot  {plan.snapshot_tag}, taken at {at_text(snapshot_time(plan.snapshot_tag))}"
    for location in plan.locations:
        yield from _wrapped(f"from      {_location(location, len(plan.nodes))}", columns)
    yield from _wrapped(
        f"into      {plan.cluster}, {count_text(len(plan.nodes), 'node')} in {', '.join(dcs)}", columns
    )
    if plan.statements:
        yield f"restores  the schema: {count_text(plan.statements, 'statement')}, none of whose objects is there yet"
        return
    yield f"restores  {count_text(plan.sstables, 'SSTable')}, {bytes_text(plan.bytes)}, of {where}"
    yield from _wrapped(
        f"takes     about {duration_text(plan.estimated_seconds)} in {count_text(plan.batches, 'batch', 'batches')}; "
        f"{plan.estimate}",
        columns,
    )


def _location(location: PlannedLocation, nodes: int) -> str:
    readers = "all nodes" if len(location.hosts) == nodes else f"{len(location.hosts)} of {nodes} nodes"
    return (
        f"{location.location}, {bytes_text(location.size)} in {count_text(location.sstables, 'SSTable')}: "
        f"{count_text(location.manifests, 'manifest')} of DC {', '.join(location.dcs) or '-'}, "
        f"cluster {', '.join(location.cluster_ids) or '-'}; read by {readers}"
    )


def _keyspaces(units: Sequence[PlannedKeyspace]) -> list[str]:
    shown = sorted(
        sorted(units, key=lambda unit: -unit.size)[:_MOST_KEYSPACES], key=lambda unit: unit.keyspace
    )
    rest = [unit for unit in units if unit not in shown]
    lines = column_lines(
        ("KEYSPACE", "TABLES", "SSTABLES", "SIZE"),
        [(unit.keyspace, str(len(unit.tables)), str(unit.sstables), bytes_text(unit.size)) for unit in shown],
    )
    if rest:
        size = bytes_text(sum(unit.size for unit in rest))
        lines.append(
            f"… and {count_text(len(rest), 'more keyspace')} of {size}; --show-tables lists all tables"
        )
    return lines


def _tables(units: Iterable[PlannedKeyspace]) -> list[str]:
    return column_lines(
        ("TABLE", "SSTABLES", "SIZE"),
        [
            (_name(unit, table), str(table.sstables), bytes_text(table.size))
            for unit in units
            for table in unit.tables
        ],
    )


def _name(unit: PlannedKeyspace, table: PlannedTable) -> str:
    return f"{unit.keyspace}.{table.table}" + (f" (from {table.source})" if table.source else "")


def _nodes(nodes: Sequence[PlannedNode]) -> list[str]:
    if len(nodes) <= _MOST_NODES:
        header = ("NODE", "DC", "SHARDS", "BATCHES", "SSTABLES", "SIZE", "DONE AFTER")
        return column_lines(header, [(node.host, node.dc, *_share([node])) for node in nodes])
    by_dc: defaultdict[str, list[PlannedNode]] = defaultdict(list)
    for node in nodes:
        by_dc[node.dc].append(node)
    header = ("DC", "NODES", "SHARDS", "BATCHES", "SSTABLES", "SIZE", "DONE AFTER")
    return column_lines(header, [(dc, str(len(of_dc)), *_share(of_dc)) for dc, of_dc in by_dc.items()])


def _share(nodes: Sequence[PlannedNode]) -> tuple[str, ...]:
    """Return what nodes have to do together."""
    return (
        str(sum(node.shards for node in nodes)),
        str(sum(node.batches for node in nodes)),
        str(sum(node.sstables for node in nodes)),
        bytes_text(sum(node.size for node in nodes)),
        duration_text(max(node.seconds for node in nodes)),
    )


def _views(views: Sequence[PlannedView], columns: int, *, show_tables: bool) -> Iterator[str]:
    """Yield the views that are dropped meanwhile, by what they are."""
    by_type: defaultdict[str, list[str]] = defaultdict(list)
    for view in views:
        by_type[view.type].append(f"{view.keyspace}.{view.view}")
    for kind, names in sorted(by_type.items()):
        shown = names if show_tables else names[:_MOST_VIEWS]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        yield from _wrapped(f"rebuilds  {', '.join(shown)}{more}: {kind}", columns)


def _skipped(skipped: Sequence[SkippedTable], columns: int, *, show_tables: bool) -> Iterator[str]:
    """Yield the reasons, each with the tables that it keeps out."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for table in skipped:
        by_reason[table.reason].append(f"{table.keyspace}.{table.table}")
    for reason, tables in sorted(by_reason.items()):
        shown = tables if show_tables else tables[:_MOST_SKIPPED]
        more = f" and {len(tables) - len(shown)} more" if len(tables) > len(shown) else ""
        yield from _wrapped(f"skipped   {', '.join(shown)}{more}: {reason}", columns)


def _wrapped(text: str, columns: int, *, indent: str = _INDENT) -> list[str]:
    return textwrap.wrap(
        text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
