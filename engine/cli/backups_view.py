"""Backups as a person reads them: by cluster, a line for each snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scylla_restore.engine.api.backups import Backup
from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.tables import column_lines
from scylla_restore.engine.cli.units import bytes_text, count_text

_HEADER: Final = ("TAG", "TAKEN", "NODES", "STATE")
_NAMED_UNFINISHED: Final = 3


def backups_lines(backups: Sequence[Backup], *, with_tables: bool) -> list[str]:
    """Return a block for each cluster; ``with_tables`` lists the tables of each snapshot whose manifests were read."""
    by_cluster: defaultdict[str, list[Backup]] = defaultdict(list)
    for backup in backups:
        by_cluster[backup.cluster_id].append(backup)
    lines: list[str] = []
    for cluster_id, of_cluster in by_cluster.items():
        lines += ["", *_cluster(cluster_id, of_cluster)]
        if with_tables:
            for backup in of_cluster:
                lines += ["", *_snapshot(backup)]
    return lines[1:]


def _cluster(cluster_id: str, backups: Sequence[Backup]) -> Iterator[str]:
    name = next((backup.cluster_name for backup in reversed(backups) if backup.cluster_name), None)
    yield f"cluster {cluster_id}{f' ({name})' if name else ''}, {count_text(len(backups), 'snapshot')}"
    is_detailed = any(backup.bytes is not None for backup in backups)
    header = (*_HEADER, "DCS", *(("TABLES", "SIZE") if is_detailed else ()))
    yield from column_lines(header, [_row(backup, is_detailed=is_detailed) for backup in backups])


def _row(backup: Backup, *, is_detailed: bool) -> tuple[str, ...]:
    state = "complete" if backup.complete else "NOT COMPLETE"
    row = (backup.tag, at_text(backup.time), str(len(backup.nodes)), state, ", ".join(backup.dcs))
    if not is_detailed:
        return row
    return (*row, str(len(backup.tables or ())), "-" if backup.bytes is None else bytes_text(backup.bytes))


def _snapshot(backup: Backup) -> Iterator[str]:
    yield f"{backup.tag} in {', '.join(backup.locations)}, by task {', '.join(backup.tasks)}"
    rows = [
        (f"  {unit.keyspace}.{table.table}", bytes_text(table.size))
        for unit in backup.units or ()
        for table in unit.tables
    ]
    if rows:
        yield from column_lines(("  TABLE", "SIZE"), rows)
    yield from _unfinished(backup.unfinished)
    for problem in backup.problems:
        yield f"  problem: {problem}"


def _unfinished(manifests: Sequence[str]) -> Iterable[str]:
    lines = [f"  not finished: {manifest}" for manifest in manifests[:_NAMED_UNFINISHED]]
    more = len(manifests) - len(lines)
    return [*lines, f"  … and {more} more that are not finished"] if more else lines
