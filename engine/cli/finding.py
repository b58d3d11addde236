"""Which run is meant."""

from scylla_restore.engine.errors import TargetError
from scylla_restore.events.errors import UnknownRun
from scylla_restore.events.log.port import EventLog

_NAMED = 10


def find_run(log: EventLog, prefix: str) -> str:
    """Return the id of the run that ``prefix`` begins, or is.

    Raises:
        UnknownRun: there is none.
        TargetError: there are several; names them.
    """
    found = [run for run in log.runs() if run.startswith(prefix.lower())]
    if prefix.lower() in found:
        return prefix.lower()
    if not found:
        raise UnknownRun(prefix)
    if len(found) > 1:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise TargetError(
            f"run {prefix} is ambiguous: {', '.join(found[:_NAMED])}{more}", hint="give more of its id"
        )
    return found[0]


def newest_run(log: EventLog) -> str:
    """Return the id of the run that was started last.

    Raises:
        TargetError: there is none.
    """
    runs = log.runs()
    if not runs:
        raise TargetError("the log holds no run", hint="another log is named with --log")
    return runs[-1]
