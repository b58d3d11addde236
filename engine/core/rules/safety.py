"""What makes a restore dangerous, found out before the first alteration."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.cql import quoted
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.rules.asking import actor_of, ask, is_asked
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.core.versions import is_newer
from scylla_restore.engine.core.words import some_of
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import Ask
from scylla_restore.events.model.stages import Stage


def inspect_tables(state: RunState, _now: datetime) -> Decision | None:
    """Have every node look what the tables hold. Only before the first alteration: later they hold what was restored."""
    if state.stage is not Stage.INIT or not state.resolved:
        return None
    for node in state.nodes.values():
        if node.joined is None or node.inspected is not None or node.suspended_until is not None:
            continue
        if not is_asked(state, actor_of(node), Ask.INSPECT_TABLES):
            command = commands.InspectTables(
                node=node.address, run=state.run, directories=tuple(sorted(state.directories.items()))
            )
            return ask(actor_of(node), Ask.INSPECT_TABLES, command)
    return None


def dangers(state: RunState) -> Iterator[Failure]:
    """Yield whatever makes the restore dangerous, the worst first."""
    yield from _newer_backup(state)
    yield from _other_restores(state)
    if not state.target.selection.allow_non_empty:
        yield from _tables_with_data(state)


def _newer_backup(state: RunState) -> Iterator[Failure]:
    backups = sorted(version for place in state.locations.values() for version in place.versions)
    for node in state.nodes.values():
        own = node.joined.scylla_version if node.joined and node.member else ""
        newer = next((version for version in backups if is_newer(version, own)), None)
        if newer is not None:
            yield _refused(
                f"the backup was written by ScyllaDB {newer}, and {node.address} has {own}: it may not read its SSTables",
                "upgrade the cluster to at least the backup's release, then restore",
            )
            return


def _other_restores(state: RunState) -> Iterator[Failure]:
    found = [
        f"{node.address}:data:{path}"
        for node in state.nodes.values()
        if node.inspected and node.member
        for path in node.inspected.staging
    ]
    if found:
        yield _refused(
            f"another run restores into these tables, or has left files there: {some_of(found)}",
            "wait for that run, resume or abort it; `scylla-restore doctor --fix` mends what runs of this log have left. "
            "Directories of an engine that will never come back can be removed by hand",
        )


def _tables_with_data(state: RunState) -> Iterator[Failure]:
    used: defaultdict[str, int] = defaultdict(int)
    for node in state.nodes.values():
        if node.inspected and node.member:
            for table, size in node.inspected.used.items():
                used[table] += size
    recorded = state.schema.recorded
    filled = recorded.filled if recorded else ()
    tables = [
        f"{table.replace(':', '.', 1)} ({f'{used[table]:,} bytes' if table in used else 'rows that are not on disk yet'})"
        for table in sorted({*used, *filled})
    ]
    if not tables:
        return
    message = f"{'a table holds' if len(tables) == 1 else f'{len(tables)} tables hold'} data already: {some_of(tables)}"
    aborted = state.aborted
    left = sorted({*used, *filled}.intersection(aborted.tables)) if aborted else []
    if aborted is None or not left:
        yield _refused(
            message,
            "truncate what is not wanted any more, leave these tables out with --keyspace, "
            "or restore on top of it with --allow-non-empty: the newest write of each cell wins",
        )
        return
    where = some_of(table.replace(":", ".", 1) for table in left)
    truncate = some_of(f"`TRUNCATE {_quoted(table)};`" for table in left)
    yield _refused(
        f"{message}. Run {aborted.run}, snapshot {aborted.snapshot_tag}, had restored into {where} when it was aborted",
        f"if nothing else is in them, empty them: {truncate}; or restore on top of what they hold with "
        "--allow-non-empty: the newest write of each cell wins, and what comes twice is there once",
    )


def _quoted(table: str) -> str:
    return ".".join(quoted(name) for name in table.split(":", 1))


def _refused(message: str, hint: str) -> Failure:
    return Failure(cause=Cause.REFUSED, message=message, hint=hint)
