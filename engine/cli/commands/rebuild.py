"""`rebuild`: makes a run's tables anew."""

from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.engine.cli.units import count_text
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.rebuilding import rebuild as rebuilt


def rebuild(run: str, /, *, context: Given) -> None:
    """Drop the tables of a run, and make them again from its log.

    They are `restore_run` and `restore_run_progress`, with Scylla Manager's columns, beside the log.

    Args:
        run: id of the run, or its beginning.
    """
    with context.log() as log:
        tables = tables_beside(log)
        if tables is None:
            raise TargetError("this log has no place for tables")
        try:
            report = rebuilt(log, tables, find_run(log, run))
        finally:
            tables.close()
    if context.output.is_json:
        context.output.document(report)
        return
    for table, before, after in (
        ("restore_run", report.before.restore_run, report.after.restore_run),
        ("restore_run_progress", report.before.restore_run_progress, report.after.restore_run_progress),
    ):
        context.output.line(f"{table:<22}{count_text(after, 'row')}, {before} before")
    context.output.line(f"made from {count_text(report.seq, 'event')} of run {report.run_id}")
