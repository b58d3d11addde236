"""A run's progress as a person sees it: lines with bars on a terminal, the same lines without them on a pipe.

Fits 80 columns, and a fixed number of lines however many tables and nodes there are: those that need attention or
are at work come first, the others are counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Final

from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.units import bytes_text, count_text, duration_text, percent_text, rate_text
from scylla_restore.events.model.schema import BuildStatus
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress_document import (
    HostProgress,
    KeyspaceProgress,
    ProgressDocument,
    TableProgress,
)
from scylla_restore.events.projections.progress_state import RunState, percent_done
from scylla_restore.events.projections.repairing import RepairProgress

_NARROWEST = 60
_BAR = 20
_ATTENTION = ("suspended", "waiting")
_MOST_LINES_OF_A_TEXT = 4
_LINES_BETWEEN = 5
"""Empty lines, counts of what is not shown, and the cursor's."""
_FEWEST = 2
_STAGES: Final = {
    Stage.INIT: "looking at the cluster and the backup; nothing is altered yet",
    Stage.DROP_VIEWS: "dropping views",
    Stage.DISABLE_TGC: "disabling the garbage collection of tombstones",
    Stage.REPAIR: "repairing what was restored",
    Stage.ENABLE_TGC: "enabling the garbage collection of tombstones",
    Stage.RECREATE_VIEWS: "making views again",
    Stage.DONE: "putting back what was altered",
}
_STATES: Final = {
    "both": "downloading and loading",
    "idle": "nothing to do",
    "native": "restoring",
    "suspended": "suspended after a failure",
    "waiting": "waiting for disk space",
}


@dataclass(frozen=True)
class Shape:
    """How much room there is: columns, how many tables and hosts are shown, and whether bars are drawn.

    With ``lines`` there are as many tables and hosts as fit, but a few of each in any case.
    """

    columns: int = 80
    tables: int = 8
    hosts: int = 8
    bars: bool = True
    lines: int | None = None


EVERYTHING = 1_000_000
"""A number of lines that nothing reaches."""


def progress_lines(
    progress: ProgressDocument,
    shape: Shape,
    *,
    elapsed_s: float | None = None,
    is_left_alone: bool = False,
    notices: Sequence[str] = (),
) -> list[str]:
    """Return the whole view; no line is wider than ``shape.columns``, unless that is less than 60.

    ``is_left_alone`` says that no engine is at work although the run has not ended; ``notices`` are what it waits for.
    """
    width = max(shape.columns, _NARROWEST)
    now = [] if is_left_alone else doing(progress)
    error = [f"error: {progress.error}"] if progress.error else []
    # What somebody has to know comes first: a small terminal shows no more than its lines.
    known = [
        line
        for text in (*now, *notices, *error)
        for line in wrap(text, width, subsequent_indent="  ", max_lines=_MOST_LINES_OF_A_TEXT)
    ]
    above = [
        *_summary(progress, shape, elapsed_s, is_left_alone=is_left_alone),
        *(["", *known] if known else []),
    ]
    below = [*_repair(progress.repair, shape), *_views(progress, shape)]
    shape = _fitted(progress, shape, used=len(above) + len(below))
    rest = ["", *_tables(progress.keyspaces, shape), "", *_hosts(progress.hosts, shape)]
    lines = [*above, *([] if progress.statements else rest), *below]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def _fitted(progress: ProgressDocument, shape: Shape, *, used: int) -> Shape:
    """Return the shape with the lines that are left over ``used`` ones shared among tables and hosts."""
    if shape.lines is None:
        return shape
    wanted_tables = sum(len(keyspace.tables) for keyspace in progress.keyspaces)
    room = shape.lines - used - _LINES_BETWEEN
    tables = max(min(wanted_tables, room // 2), room - len(progress.hosts), _FEWEST)
    tables = min(tables, max(wanted_tables, 1))
    return replace(shape, tables=tables, hosts=max(room - tables, _FEWEST))


def doing(progress: ProgressDocument) -> list[str]:
    """Return a line that tells what a running run does at the moment; nothing of one that does not run."""
    if progress.state is not RunState.RUNNING:
        return []
    if progress.stage is not Stage.DATA:
        return [f"now: {_STAGES[progress.stage]}"]
    if progress.statements:
        return ["now: making the schema, one statement after another"]
    counts = Counter(_STATES.get(host.state, host.state) for host in progress.hosts)
    if not counts:
        return ["now: looking which nodes there are"]
    parts = [f"{words} on {count_text(number, 'node')}" for words, number in counts.most_common()]
    return [f"now: {', '.join(parts)}"]


def status_line(progress: ProgressDocument) -> str:
    """Return the progress on one line, for a pipe that is written to while the run goes on."""
    percent = percent_done(progress.state, restored=progress.restored, size=progress.size)
    if progress.statements:
        where = f"{progress.run_id[:8]} {progress.state.value} {progress.stage.value}"
        return f"{where} {_of_statements(progress):.1f} %, {_statements(progress)}"
    parts = [
        f"{progress.run_id[:8]} {progress.state.value} {progress.stage.value} {percent:.1f} %",
        f"restored {bytes_text(progress.restored)} of {bytes_text(progress.size)}",
        f"downloaded {bytes_text(progress.downloaded)}",
    ]
    if progress.repair is not None:
        parts.append(f"repaired {progress.repair.percent:.1f} %")
    if progress.stage is Stage.RECREATE_VIEWS:
        built = sum(view.build_status == BuildStatus.SUCCESS for view in progress.views)
        parts.append(f"{built} of {count_text(len(progress.views), 'view')} built")
    if progress.failed:
        parts.append(f"failed {bytes_text(progress.failed)}")
    if progress.eta_seconds is not None:
        parts.append(f"{duration_text(progress.eta_seconds)} left")
    return ", ".join(parts)


def _of_statements(progress: ProgressDocument) -> float:
    return percent_done(progress.state, restored=progress.statements_applied, size=progress.statements)


def _statements(progress: ProgressDocument) -> str:
    return f"{progress.statements_applied} of {count_text(progress.statements, 'statement')} applied"


def _summary(
    progress: ProgressDocument, shape: Shape, elapsed_s: float | None, *, is_left_alone: bool
) -> list[str]:
    percent = percent_done(progress.state, restored=progress.restored, size=progress.size)
    state = ["no engine at work" if is_left_alone else progress.state.value]
    if progress.state is not RunState.DONE:
        state.append(progress.stage.value)
    state.append(f"started {at_text(progress.started_at)}")
    if elapsed_s is not None:
        state.append(f"for {duration_text(elapsed_s)}")
    if progress.eta_seconds is not None:
        state.append(f"{duration_text(progress.eta_seconds)} left")
    sizes = f"{bytes_text(progress.restored)} of {bytes_text(progress.size)} restored"
    counts = [
        f"{bytes_text(progress.downloaded)} downloaded",
        f"{progress.sstables_restored} of {progress.sstables} SSTables",
        f"{progress.batches_restored} batches",
    ]
    trouble = []
    if progress.retries:
        trouble.append(count_text(progress.retries, "attempt") + " after a batch's first")
    if progress.failed:
        trouble.append(f"{bytes_text(progress.failed)} failed and wait for the next")
    head = [f"run {progress.run_id}", f"{progress.cluster}  {progress.snapshot_tag}", ", ".join(state), ""]
    if progress.statements:
        bar = _bar(progress.statements_applied, progress.statements, shape, width=30)
        return [*head, f"{bar}{_of_statements(progress):.1f} %  {_statements(progress)}"]
    return [
        *head,
        f"{_bar(progress.restored, progress.size, shape, width=30)}{percent:.1f} %  {sizes}",
        ", ".join(counts),
        *([", ".join(trouble)] if trouble else []),
    ]


def _tables(keyspaces: tuple[KeyspaceProgress, ...], shape: Shape) -> list[str]:
    """Return a line per table: failed ones first, then those at work, then the largest that are left."""
    rows = [(keyspace.keyspace, table) for keyspace in keyspaces for table in keyspace.tables]
    if not rows:
        return ["no tables are known yet"]
    rows.sort(key=lambda row: _need(row[1]))
    shown, rest = rows[: shape.tables], [table for _, table in rows[shape.tables :]]
    width = min(max(len(f"{keyspace}.{table.table}") for keyspace, table in shown), 30)
    lines = [_table(keyspace, table, width, shape) for keyspace, table in sorted(shown, key=_by_name)]
    if rest:
        left = sum(table.size - table.restored for table in rest)
        lines.append(f"… and {count_text(len(rest), 'more table')}, {bytes_text(left)} of them left")
    return lines


def _by_name(row: tuple[str, TableProgress]) -> tuple[str, str]:
    return row[0], row[1].table


def _need(table: TableProgress) -> tuple[bool, bool, int]:
    is_under_way = table.restored < table.downloaded
    return table.error is None, not is_under_way, table.restored - table.size


def _table(keyspace: str, table: TableProgress, width: int, shape: Shape) -> str:
    name = _fit(f"{keyspace}.{table.table}", width)
    share = percent_text(table.restored, table.size)
    error = f"  {table.error}" if table.error else ""
    return f"{name:<{width}}  {_bar(table.restored, table.size, shape)}{share:>7}  {bytes_text(table.size):>10}{error}"


def _hosts(hosts: tuple[HostProgress, ...], shape: Shape) -> list[str]:
    """Return a line per host: those in trouble first, then the busy ones."""
    if not hosts:
        return ["no nodes are known yet"]
    order = {host.host: position for position, host in enumerate(hosts)}
    ranked = sorted(hosts, key=lambda host: (host.state not in _ATTENTION, host.state == "idle"))
    shown, rest = ranked[: shape.hosts], ranked[shape.hosts :]
    width = min(max(len(host.host) for host in shown), 24)
    lines = [_host(host, width) for host in sorted(shown, key=lambda host: order[host.host])]
    if rest:
        busy = sum(host.state != "idle" for host in rest)
        lines.append(f"… and {count_text(len(rest), 'more node')}, {busy} of them at work")
    return lines


def _host(host: HostProgress, width: int) -> str:
    return (
        f"{_fit(host.host, width):<{width}}  {host.state:<11}  "
        f"down {bytes_text(host.downloaded_bytes):>10} {rate_text(host.downloaded_bytes, host.download_ms):>12}  "
        f"load {rate_text(host.streamed_bytes, host.stream_ms):>12}"
    )


def _repair(repair: RepairProgress | None, shape: Shape) -> list[str]:
    """Return a line for all of the repair, and one for each unit under way."""
    if repair is None:
        return []
    counts = f"{repair.tables_repaired} of {count_text(repair.tables, 'table')} repaired"
    failed = f", {count_text(repair.failed, 'attempt')} failed" if repair.failed else ""
    bar = _bar(int(repair.percent * 10), 1000, shape, width=30)
    lines = ["", f"{bar}{repair.percent:.1f} %  {counts}{failed}"]
    lines += [
        f"{unit.host} repairs {unit.keyspace}.{unit.table}, {int(unit.share * 1000) / 10:.1f} %"
        for unit in repair.running[: shape.hosts]
    ]
    return [*lines, f"error: {repair.error}"] if repair.error else lines


def _views(progress: ProgressDocument, shape: Shape) -> list[str]:
    """Return a line for all views once they are built anew, and one for each that is not done."""
    if not progress.views or progress.stage not in (Stage.RECREATE_VIEWS, Stage.DONE):
        return []
    left = [view for view in progress.views if view.build_status != BuildStatus.SUCCESS]
    total = len(progress.views)
    bar = _bar(total - len(left), total, shape, width=30)
    lines = ["", f"{bar}{total - len(left)} of {count_text(total, 'view')} built"]
    lines += [
        f"{view.keyspace}.{view.view}  {view.build_status}, {view.built} of {count_text(view.nodes, 'node')}"
        for view in left[: shape.hosts]
    ]
    more = len(left) - shape.hosts
    return [*lines, f"… and {count_text(more, 'more view')}"] if more > 0 else lines


def _bar(part: int, whole: int, shape: Shape, *, width: int = _BAR) -> str:
    if not shape.bars:
        return ""
    filled = part * width // whole if whole else width
    return f"{'━' * filled}{'─' * (width - filled)} "


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
