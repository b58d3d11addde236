"""Which runs are not over."""

from collections.abc import Iterator

from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunStarted
from scylla_restore.events.tables.listing import known_runs
from scylla_restore.events.tables.port import ProjectionTables


def unfinished(log: EventLog, run: str) -> RunStarted | None:
    """Return how a run began that can be resumed, or that an engine works on; None for one that is over.

    Reads no more than the two ends of the run's log.
    """
    try:
        head = log.head(run)
        first = next(log.read(run), None)
        last = next(log.read(run, from_seq=head.seq), None)
    except UnknownRun:
        return None
    if first is None or last is None or not isinstance(first.event, RunStarted):
        return None
    match last.event:
        case RunCompleted() | RunAborted():
            return None
        case RunFailed(resumable=False):
            return None
        case _:
            return first.event


def unfinished_runs(
    log: EventLog, cluster_id: str, tables: ProjectionTables | None = None
) -> Iterator[tuple[str, RunStarted]]:
    """Yield a cluster's runs that are not over, and how they began, oldest first.

    The log alone decides. ``tables`` spare it a look at runs that are over for good, or another cluster's, which they
    cannot be wrong about however far they are behind.
    """
    known = known_runs(tables)
    for run in log.runs():
        kept = known.get(run)
        if kept is not None and (kept.overview.is_over or kept.overview.cluster_id != cluster_id):
            continue
        started = unfinished(log, run)
        if started is not None and started.cluster_id == cluster_id:
            yield run, started


def newest_unfinished(log: EventLog) -> str | None:
    """Return the id of the run that was started last and is not over, if there is one."""
    return next((run for run in reversed(log.runs()) if unfinished(log, run) is not None), None)
