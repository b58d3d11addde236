"""What runs have left altered in clusters, as their logs tell it."""

from collections.abc import Iterator
from typing import Final

import msgspec

from scylla_restore.engine.api.loading import load_run
from scylla_restore.engine.core.rules.ledger import kept_for_resume, of_members
from scylla_restore.engine.core.state import RunState, Status
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.projections.words import alteration_in_words, kind_of

_CAN_BE_FIXED: Final = ("left", "unfinished")


class LeftAltered(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it was before the run; ``made`` is false where only the intent is known.

    ``node`` is empty where the whole cluster is altered. ``why`` tells why it stays: ``at_work`` (an engine needs it),
    ``resume`` (a downloaded batch that waits for ``resume``), ``unfinished`` (the run needs it until it is complete, and
    alters it again when it goes on), ``node_left`` (the cluster has the node no more), or ``left`` behind, for no good reason.
    """

    kind: str
    node: str
    what: str
    made: bool
    why: str


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """A run and what it has left altered; ``can_be_fixed`` tells that something of it can be put back now."""

    run_id: str
    cluster: str
    cluster_id: str
    snapshot_tag: str
    state: str
    is_owned: bool
    can_be_fixed: bool
    altered: tuple[LeftAltered, ...]


def check_run(log: EventLog, run: str) -> Checkup:
    """Return what a run has left altered.

    Raises:
        UnknownRun: no such run.
        LogError: the log does not answer, or a record cannot be read.
    """
    state = load_run(log, run).state
    is_owned = log.is_owned(run)
    altered = tuple(_left(state, is_owned=is_owned))
    return Checkup(
        run_id=run,
        cluster=state.cluster,
        cluster_id=state.cluster_id,
        snapshot_tag=state.target.selection.snapshot_tag,
        state=state.status.value,
        is_owned=is_owned,
        can_be_fixed=not _is_over(state) and any(each.why in _CAN_BE_FIXED for each in altered),
        altered=altered,
    )


def check_all(log: EventLog) -> Iterator[Checkup]:
    """Yield a checkup of each run that has left anything altered, oldest first."""
    for run in log.runs():
        checkup = check_run(log, run)
        if checkup.altered:
            yield checkup


def _is_over(state: RunState) -> bool:
    return state.status in (Status.DONE, Status.ABORTED)


def _left(state: RunState, *, is_owned: bool) -> Iterator[LeftAltered]:
    kept = kept_for_resume(state)
    members = {entry.id for entry in of_members(state)}
    for entry in state.ledger.entries.values():
        why = "left"
        if is_owned:
            why = "at_work"
        elif entry.id not in members:
            why = "node_left"
        elif entry.id in kept and state.status is not Status.RUNNING:
            why = "resume"
        elif entry.is_of_schema and state.status is not Status.RUNNING:
            why = "unfinished"
        yield LeftAltered(
            kind=kind_of(entry.alteration),
            node=entry.node,
            what=alteration_in_words(entry.alteration),
            made=entry.made,
            why=why,
        )
