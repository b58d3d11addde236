"""`events` and `audit`: the record itself."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from scylla_restore.engine.cli.audit_view import audit_lines
from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.event_line import event_line
from scylla_restore.engine.cli.finding import find_run
from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model.run import RunAborted, RunCompleted, RunFailed, RunPaused
from scylla_restore.events.record import json_line

_POLL_S = 0.2
_AUDIT_FAILED = 1


def events(
    run: str,
    /,
    *,
    follow: Annotated[bool, Parameter(negative="")] = False,
    since: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    context: Given,
) -> None:
    """Print a run's log, an event a line.

    Args:
        run: id of the run, or its beginning.
        follow: go on with what is added, until the run ends.
        since: begin with the event of this sequence number.
    """
    with context.log() as log:
        run_id = find_run(log, run)
        last: Envelope | None = None
        while True:
            for envelope in log.read(run_id, from_seq=since if last is None else last.seq + 1):
                context.output.line(
                    json_line(envelope).decode() if context.output.is_json else event_line(envelope)
                )
                last = envelope
            if not follow or _is_end(last):
                return
            context.clock.wait(_POLL_S)


def audit(run: str, /, *, context: Given) -> int:
    """Verify a run's record, and tell what was restored where, from which files, by whom, when.

    Args:
        run: id of the run, or its beginning.
    """
    from scylla_restore.events.audit import audit as audited  # noqa: PLC0415  # `events` need not load it

    with context.log() as log:
        report = audited(log, find_run(log, run))
    if context.output.is_json:
        context.output.document(report)
    else:
        for line in audit_lines(report):
            context.output.line(line)
    return 0 if report.ok else _AUDIT_FAILED


def _is_end(last: Envelope | None) -> bool:
    return last is not None and isinstance(last.event, RunPaused | RunFailed | RunAborted | RunCompleted)
