"""Who else restores into the cluster, as the log tells."""

from collections.abc import Callable

from scylla_restore.actors.procedures.patience import pauses
from scylla_restore.actors.runtime import Call, Sleep
from scylla_restore.engine.core.commands import SeekOtherRuns
from scylla_restore.events.errors import LogError, LogUnavailable
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import OtherRunsSought, UnfinishedRun
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.unfinished import newest_aborted, unfinished_runs

_LONGEST_PAUSE_S = 5


async def seek_other_runs(
    log: EventLog, tables: ProjectionTables | None, command: SeekOtherRuns, report: Callable[[AnyEvent], None]
) -> None:
    """Report the cluster's other runs that are not over, and the one given up last. A log that does not answer is asked until it does."""

    def search(log: EventLog) -> OtherRunsSought:
        unfinished = unfinished_runs(log, command.cluster_id, tables)
        return OtherRunsSought(
            unfinished=tuple(
                UnfinishedRun(run=run, snapshot_tag=started.target.selection.snapshot_tag)
                for run, started in unfinished
                if run != command.run
            ),
            aborted=newest_aborted(log, command.cluster_id, tables),
        )

    for pause in pauses(1, _LONGEST_PAUSE_S):
        try:
            report(await Call(log, search))
        except LogUnavailable:
            await Sleep(pause)
        except LogError as error:
            failure = Failure(
                cause=Cause.FAILED,
                message=f"the event log cannot be searched for other runs: {error}",
                hint=error.hint,
            )
            report(OtherRunsSought(failure=failure, exit_code=error.exit_code))
            return
        else:
            return
