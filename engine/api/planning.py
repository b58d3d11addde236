"""From a dry run to a plan."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from scylla_restore.engine.api.connection import ClusterConnection
from scylla_restore.engine.api.disks import Disks, look_at_disks
from scylla_restore.engine.api.plan import Plan, make_plan
from scylla_restore.engine.api.plan_warnings import warnings_of
from scylla_restore.engine.api.run import Outcome
from scylla_restore.engine.api.speeds import in_words, likely_speeds, seen_speeds
from scylla_restore.engine.core.rehearsal import Part, Rehearsal, rehearse
from scylla_restore.engine.core.state import RunState
from scylla_restore.engine.errors import EngineCrashed, RunFailedError, TargetError
from scylla_restore.events.errors import LogError
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections.words import in_words as failure_in_words
from scylla_restore.events.unfinished import newest_aborted, unfinished_runs

_ANY_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_REFUSED: Final = 2


class _Past(msgspec.Struct, frozen=True, kw_only=True):
    """What the log tells of the run of the cluster that is not over."""

    has_unfinished: bool = False
    warnings: tuple[str, ...] = ()


def plan_from(state: RunState, outcome: Outcome | None, cluster: ClusterConnection, log: EventLog) -> Plan:
    """Return the plan of a dry run that has ended, and use its state up; ``log`` is asked about earlier runs.

    Raises:
        TargetError: the restore that was asked for cannot be.
        RunFailedError: something else stands in its way.
        EngineCrashed: a defect of ours.
    """
    _refuse(outcome)
    past = _past(log, state)
    if state.restores_schema:
        nothing = Rehearsal(parts={address: Part() for address in state.nodes}, left=0)
        estimate = "the nodes take their time for each statement, tens of milliseconds to seconds"
        return make_plan(state, nothing, Disks(), warnings=past.warnings, estimate=estimate)
    found = look_at_disks(cluster, state)
    seen = seen_speeds(log, state.cluster_id)
    estimate = in_words(seen, state)
    # The workload's sums are those of the whole backup, and stay so in the rehearsal.
    rehearsal = rehearse(state, likely_speeds(state, seen), _ANY_MOMENT)
    warnings = past.warnings + tuple(warnings_of(state, rehearsal, found, has_unfinished=past.has_unfinished))
    return make_plan(state, rehearsal, found, warnings=warnings, estimate=estimate)


def _refuse(outcome: Outcome | None) -> None:
    if outcome is None or isinstance(outcome.error, EngineCrashed):
        # Its own hint is about a run that can be resumed.
        words = "the dry run did not end" if outcome is None else str(outcome.error)
        raise EngineCrashed(words, hint="this is a defect of scylla-restore: nothing was touched")
    if outcome.error is not None:
        raise outcome.error
    if outcome.failure is not None:
        kind = TargetError if outcome.exit_code == _REFUSED else RunFailedError
        raise kind(failure_in_words(outcome.failure), hint=outcome.failure.hint)


def _past(log: EventLog, state: RunState) -> _Past:
    """Ask the log about earlier runs; the one that was given up last is told to the state, for its warnings."""
    try:
        other = next(unfinished_runs(log, state.cluster_id), None)
        state.aborted = newest_aborted(log, state.cluster_id)
    except LogError as error:
        return _Past(warnings=(f"the event log cannot be asked about earlier runs: {error}",))
    if other is None:
        return _Past()
    run, started = other
    warning = (
        f"cluster {state.cluster} has an unfinished run, and no other can be started: {run}, snapshot "
        f"{started.target.selection.snapshot_tag}; resume or abort it first"
    )
    return _Past(has_unfinished=True, warnings=(warning,))
