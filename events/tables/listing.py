"""All runs at a glance, without reading every log from its start."""

from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections import progress
from scylla_restore.events.projections.runs import RunOverview, overview_of_completed, overview_of_progress
from scylla_restore.events.tables.port import KeptRun, ProjectionTables
from scylla_restore.events.tables.seeing import seen_before


def known_runs(tables: ProjectionTables | None) -> dict[str, KeptRun]:
    """Return what the tables tell of all runs, by id; nothing where they cannot be asked: the log knows as well."""
    if tables is None:
        return {}
    try:
        return tables.runs()
    except LogError:
        return {}


def list_runs(log: EventLog, tables: ProjectionTables | None) -> list[RunOverview]:
    """Return all runs, oldest first, as their logs tell of them now.

    Tables answer for runs whose last record they know; of others only what came since they were put away is read.

    Raises:
        LogError: the log cannot be read.
    """
    known = known_runs(tables)
    return [_overview(log, run, known.get(run)) for run in log.runs()]


def _overview(log: EventLog, run: str, known: KeptRun | None) -> RunOverview:
    head = log.head(run)
    if known is not None and (known.position.seq, known.position.hash) == (head.seq, head.hash):
        return known.overview
    first = next(log.read(run))
    last = next(log.read(run, from_seq=head.seq), first)
    if (completed := overview_of_completed(first, last)) is not None:
        return completed
    seen, seq = seen_before(log, run)
    for envelope in log.read(run, from_seq=seq + 1):
        progress.apply(seen.progress, envelope)
    return overview_of_progress(seen.progress)
