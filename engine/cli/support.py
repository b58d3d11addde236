"""What can be asked for and does not work yet: refused before anything is touched."""

from scylla_restore.engine.core.target_flags import flag_name
from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import RestoreTarget, Staging, Tuning


def check_supported(target: RestoreTarget) -> None:
    """Check that all of a target can be done; it may come from a task's properties, which have fields without flags.

    Raises:
        TargetError: something of it does not work yet.
    """
    check_tuning(target.tuning)


def check_tuning(tuning: Tuning) -> None:
    """Check that all of a tuning can be done.

    Raises:
        TargetError: something of it does not work yet.
    """
    if tuning.staging is not Staging.AUTO:
        raise _not_yet("staging")


def _not_yet(field: str) -> TargetError:
    return TargetError(f"{flag_name(field)} does not work yet", hint="leave it out")
