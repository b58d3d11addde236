"""Makes a run's tables anew from its log."""

from typing import Final

import msgspec

from scylla_restore.events.errors import TablesMoved, UnknownRun
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.tables.port import ProjectionTables, RowCounts
from scylla_restore.events.tables.projector import Projector, run_key

_STEP_RECORDS: Final = 20_000
"""More than an engine takes: here nobody waits for the log meanwhile, or not often."""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a run had before and has now, which are made of all records up to ``seq``."""

    run_id: str
    seq: int
    before: RowCounts
    after: RowCounts


def rebuild(log: EventLog, tables: ProjectionTables, run: str) -> Rebuilt:
    """Drop the run's rows and make them again from its log, and from nothing else.

    An engine that works on the run meanwhile may go on; both find the other's rows and none is made twice.

    Raises:
        UnknownRun: no such run.
        LogError: log or tables do not answer, or a record cannot be read. What is missing is made by the next call.
    """
    log.head(run)
    key = run_key(log, run)
    if key is None:
        raise UnknownRun(run)
    before = tables.counts(key)
    tables.drop(key)
    projector = Projector(log, tables, run, step_records=_STEP_RECORDS)
    while True:
        try:
            if not projector.advance():
                break
        except TablesMoved:
            # The run's own engine was quicker with this step: the next one begins where it has got to.
            continue
    projector.save()
    return Rebuilt(run_id=run, seq=projector.seq, before=before, after=tables.counts(key))
