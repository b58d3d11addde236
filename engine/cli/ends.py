"""How a run ended, in words, and the exit code."""

from scylla_restore.engine.api import Outcome
from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.cli.foreground import ForegroundRun
from scylla_restore.engine.cli.retyping import command_to_type
from scylla_restore.engine.cli.units import bytes_text, count_text, duration_text
from scylla_restore.engine.core.state import Status
from scylla_restore.events.model.run import RunFailed, RunPaused
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.projections.progress_document import ProgressDocument
from scylla_restore.events.projections.words import in_words

PAUSED = 3
_NAMED = 5


def tell_end(run: ForegroundRun, context: Context) -> int:
    """Say how a run ended, the last document included, and return the exit code of `run` and `resume`."""
    progress = run.document(context.clock.now())
    if context.output.is_json:
        context.output.document(progress)
    if run.outcome is None:
        _tell_cut_off(run.run.id, context)
        return PAUSED
    _tell(run.outcome, progress, run.elapsed_s(context.clock.now()), context)
    if run.outcome.status is Status.DONE and (reason := run.run.schema_left_alone):
        context.output.warn(f"views and tombstone_gc were left as they are: {reason}")
    return run.outcome.exit_code


def tell_aborted(progress: ProgressDocument, context: Context) -> None:
    """Say that a run was given up."""
    _result(context, f"aborted: everything that run {progress.run_id} altered is undone")
    if progress.restored:
        context.output.warn(
            f"the tables hold {progress.sstables_restored} of the backup's {progress.sstables} SSTables "
            f"({bytes_text(progress.restored)} of {bytes_text(progress.size)}): truncate them before you restore again"
        )
    if progress.views and progress.stage not in (Stage.INIT, Stage.DROP_VIEWS):
        views = count_text(len(progress.views), "view is", "views are")
        context.output.warn(
            f"{views} there again, as before the run, and built from what the tables hold: the cluster goes on with that"
        )


def _tell(outcome: Outcome, progress: ProgressDocument, elapsed_s: float | None, context: Context) -> None:
    match outcome.status:
        case Status.DONE:
            took = "" if elapsed_s is None else f" in {duration_text(elapsed_s)}"
            what = f"{count_text(progress.sstables_restored, 'SSTable')}, {bytes_text(progress.restored)}"
            if progress.statements:
                what = f"{count_text(progress.statements_applied, 'statement')} of the schema"
            _result(context, f"done: {what}, are in cluster {progress.cluster}{took} (run {progress.run_id})")
        case Status.PAUSED:
            _tell_paused(outcome.paused, progress, context)
        case Status.ABORTED:
            context.output.error(
                f"run {progress.run_id} was aborted: everything that it altered is undone, and the tables hold "
                f"{bytes_text(progress.restored)} of {bytes_text(progress.size)} of the backup",
                "truncate the tables before you restore again",
            )
        case _:
            _tell_failed(outcome, progress, context)


def _tell_failed(outcome: Outcome, progress: ProgressDocument, context: Context) -> None:
    if outcome.error is not None:
        context.output.error(str(outcome.error), outcome.error.hint)
    elif outcome.failure is not None:
        words = in_words(outcome.failure)
        if outcome.is_over:
            context.output.error(words, outcome.failure.hint)
            return
        context.output.error(f"run {progress.run_id} failed: {words}", outcome.failure.hint)
        if outcome.failed is not None:
            _tell_schema(outcome.failed, context)
        context.output.say(_ways_on(progress.run_id, context))


def _tell_paused(paused: RunPaused | None, progress: ProgressDocument, context: Context) -> None:
    if paused is None:
        return
    left = []
    if paused.staged_batches:
        stays = ("downloaded batch stays", "downloaded batches stay")
        what = count_text(paused.staged_batches, *stays)
        left.append(f"{what} on the nodes ({bytes_text(paused.staged_bytes)}), to be loaded then")
    if paused.loads_running:
        goes_on = ("load goes on in Scylla until it is done", "loads go on in Scylla until they are done")
        left.append(count_text(paused.loads_running, *goes_on))
    context.output.say(f"paused: {paused.reason}")
    context.output.say("; ".join(left) or "nothing of the run is under way or left on the nodes")
    _tell_schema(paused, context)
    context.output.say(_ways_on(progress.run_id, context))


def _tell_schema(end: RunPaused | RunFailed, context: Context) -> None:
    """Name what stays altered in the schema until the run goes on, or is given up."""
    left = []
    if end.views_dropped:
        left.append(f"{_some(end.views_dropped, 'view', 'views')} dropped")
    if end.tombstone_gc_disabled:
        left.append(f"tombstone_gc disabled for {_some(end.tombstone_gc_disabled, 'table', 'tables')}")
    if left:
        context.output.say(f"stays so until `resume` or `abort`: {'; '.join(left)}")


def _some(names: tuple[str, ...], one: str, many: str) -> str:
    """Return how many there are, and the first of their names."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{count_text(len(names), one, many)} ({', '.join(names[:_NAMED])}{more})"


def _tell_cut_off(run: str, context: Context) -> None:
    context.output.say(
        "stopped at once: what was under way on the nodes goes on there, and their settings are as the run needed them"
    )
    context.output.say(_ways_on(run, context))


def _ways_on(run: str, context: Context) -> str:
    return (
        f"hint: `{command_to_type(context, 'resume', run)}` carries on, "
        f"`{command_to_type(context, 'abort', run)}` gives it up and puts everything back"
    )


def _result(context: Context, text: str) -> None:
    if context.output.is_json:
        context.output.note(text)
    else:
        context.output.line(text)
