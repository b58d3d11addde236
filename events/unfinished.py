"""Which runs are not over, and which one was given up last."""

from collections.abc import Iterator

from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.run import AbortedRun, RunAborted, RunCompleted, RunFailed, RunStarted
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.progress_state import RunState
from scylla_restore.events.tables.listing import known_runs
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.tables.seeing import seen_before


def unfinished(log: EventLog, run: str) -> RunStarted | None:
    """Return how a run began that can be resumed, or that an engine works on; None for one that is over.

    Reads no more than the two ends of the run's log.
    """
    ends = _ends(log, run)
    if ends is None:
        return None
    started, last = ends
    match last:
        case RunCompleted() | RunAborted():
            return None
        case RunFailed(resumable=False):
            return None
        case _:
            return started


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


def newest_aborted(
    log: EventLog, cluster_id: str, tables: ProjectionTables | None = None
) -> AbortedRun | None:
    """Return a cluster's run that was given up last when it had restored something; None if there is none."""
    known = known_runs(tables)
    for run in reversed(log.runs()):
        kept = known.get(run)
        if kept is not None and (
            kept.overview.state is not RunState.ABORTED or kept.overview.cluster_id != cluster_id
        ):
            continue
        ends = _ends(log, run)
        if ends is None or ends[0].cluster_id != cluster_id:
            continue
        started, last = ends
        if isinstance(last, RunAborted) and last.restored_bytes:
            restored = _restored_into(log, run)
            return AbortedRun(run=run, snapshot_tag=started.target.selection.snapshot_tag, tables=restored)
    return None


def _restored_into(log: EventLog, run: str) -> tuple[str, ...]:
    seen, seq = seen_before(log, run)
    for envelope in log.read(run, from_seq=seq + 1):
        progress.apply(seen.progress, envelope)
    restored = (table for table, size in seen.progress.restored_of.items() if size)
    return tuple(sorted(f"{table.keyspace}:{table.table}" for table in restored))


def newest_unfinished(log: EventLog) -> str | None:
    """Return the id of the run that was started last and is not over, if there is one."""
    return next((run for run in reversed(log.runs()) if unfinished(log, run) is not None), None)


def _ends(log: EventLog, run: str) -> tuple[RunStarted, AnyEvent] | None:
    """Return how a run began, and what came last; None for what is no run of ours."""
    try:
        head = log.head(run)
        first = next(log.read(run), None)
        last = next(log.read(run, from_seq=head.seq), None)
    except UnknownRun:
        return None
    if first is None or last is None or not isinstance(first.event, RunStarted):
        return None
    return first.event, last.event
