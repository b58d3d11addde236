"""The table of ends: what is stopped, what is left to finish, what is put back, and what the run is called then.

| end      | downloads | loads            | node settings | staging                  | views, tombstone_gc |
|----------|-----------|------------------|---------------|--------------------------|---------------------|
| complete | none      | none             | put back      | removed                  | put back            |
| pause    | stopped   | left to finish   | put back      | finished batches stay    | stay                |
| fail     | stopped   | left to finish   | put back      | finished batches stay    | stay                |
| abort    | stopped   | awaited          | put back      | removed                  | put back            |

A repair under way is stopped, whatever the end, and so are native restores: they download as well as they load.

Tombstones that are collected while some data and the repair are missing could bring deleted data back, so that only a
person who asks for it has that put back before (``puts_all_back``), when the loads are over; `resume` alters it again.
What a restore of the schema has made is dropped where an end puts views back, and when the cluster refuses a statement.
"""

from datetime import datetime
from typing import assert_never

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import UNDO_ATTEMPTS
from scylla_restore.engine.core.rules.ledger import is_putting_back, kept_for_resume, of_members, put_back
from scylla_restore.engine.core.rules.prepare import discover
from scylla_restore.engine.core.schema_alterations import name_of
from scylla_restore.engine.core.state import Ending, Phase, RunState
from scylla_restore.engine.core.state.batch import COPYING, DOWNLOAD_LANE, LOAD_LANE, NATIVE, NOT_COPIED
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import SchemaAlteration, TombstoneGcDisabled, ViewDropped
from scylla_restore.events.model.batches import BatchReturned
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.run import (
    ActorAsked,
    Ask,
    FailureDeclared,
    RunAborted,
    RunCompleted,
    RunFailed,
    RunPaused,
)
from scylla_restore.events.model.schema_restore import SchemaRolledBack

PUT_RIGHT = "`scylla-restore abort` or `scylla-restore resume` puts it right"
PUT_BACK_HINT = f"once the cluster answers, {PUT_RIGHT}"


def look_for_members(state: RunState, now: datetime) -> Decision | None:
    """An engine that only ends a run has to know who is left, too: on a node that is gone nothing can be put back."""
    return discover(state, now) if state.ledger.entries or state.batches or state.repairs.units else None


def stop_downloads(state: RunState, _now: datetime) -> Decision | None:
    """Downloads end with the run, and their end is awaited: they write until then."""
    for batch in state.in_phase(*COPYING):
        if not batch.stopping:
            command = commands.StopDownload(node=batch.node, batch=batch.id, attempt=batch.attempt)
            asked = ActorAsked(actor=f"node/{batch.node}", ask=Ask.STOP_DOWNLOAD)
            return Decision(events=(asked,), commands=(command,))
    for batch in state.in_phase(*NOT_COPIED):
        reason = "the run ends before its download began"
        return Decision(events=(BatchReturned(batch=batch.id, attempt=batch.attempt, reason=reason),))
    for batch in state.in_phase(Phase.STAGED, Phase.BLOCKED):
        # what is in ``upload`` and not being loaded is loaded by whoever comes first: it does not stay there
        if state.ending is Ending.ABORT or batch.direct:
            reason = (
                "the run was aborted" if state.ending is Ending.ABORT else "the run ends before it is loaded"
            )
            return Decision(events=(BatchReturned(batch=batch.id, attempt=batch.attempt, reason=reason),))
    return None


def stop_native_restores(state: RunState, _now: datetime) -> Decision | None:
    """What Scylla restores by itself ends with the run, unless it was quicker; the batch is restored anew on resume."""
    for batch in state.in_phase(*NATIVE):
        if not batch.stopping:
            command = commands.StopNativeRestore(node=batch.node, batch=batch.id, attempt=batch.attempt)
            asked = ActorAsked(actor=f"node/{batch.node}", ask=Ask.STOP_NATIVE)
            return Decision(events=(asked,), commands=(command,))
    return None


def stop_repairs(state: RunState, _now: datetime) -> Decision | None:
    """A repair ends with the run, too, and is asked for again when the run is resumed: it can be had twice."""
    for node in state.nodes.values():
        unit = state.repairs.to_stop(node.address) if node.member else None
        if unit is not None:
            return Decision(
                events=(ActorAsked(actor=f"node/{node.address}", ask=Ask.STOP_REPAIR),),
                commands=(
                    commands.StopRepair(
                        node=node.address,
                        repair=unit.id,
                        attempt=unit.attempt,
                        keyspace=unit.keyspace,
                        table=unit.table,
                        kind=unit.kind,
                        left=unit.task,
                    ),
                ),
            )
    return None


def settle_ledger(state: RunState, _now: datetime) -> Decision | None:
    """Put back what this end puts back, node by node, the newest alteration first.

    A pause and a failure leave downloaded batches where they are, and files set aside while a load may run.
    """
    if _under_way(state):
        return None
    stays: set[str] = set()
    if state.ending in (Ending.PAUSE, Ending.FAIL):
        stays = kept_for_resume(state)
        stays |= set() if _takes_schema_back(state) else {entry.id for entry in state.ledger.of_schema()}
    return put_back(state, tries=UNDO_ATTEMPTS, stays=stays)


def _takes_schema_back(state: RunState) -> bool:
    """Whether a pause or a failure puts the schema back as well."""
    if state.puts_all_back:
        return True
    # a schema of which the cluster refused a part is of no use to anybody
    refused = state.declared is not None and state.declared.failure.cause is Cause.REFUSED
    return state.restores_schema and state.ending is Ending.FAIL and refused


def conclude(state: RunState, _now: datetime) -> Decision | None:
    """Say what became of the run."""
    if _under_way(state) or is_putting_back(state):
        return None
    event: AnyEvent
    match state.ending:
        case Ending.COMPLETE:
            event = RunCompleted(restored_bytes=state.restored_bytes, sstables=state.restored_sstables)
            event = _left_altered(state, "everything is restored") if of_members(state) else event
        case Ending.PAUSE:
            event = _paused(state)
        case Ending.FAIL:
            event = _failed(state)
        case Ending.ABORT:
            event = RunAborted(restored_bytes=state.restored_bytes)
            if of_members(state):
                left = _left_altered(state, "the run could not be undone")
                event = RunFailed(
                    failure=left.failure,
                    resumable=True,
                    exit_code=1,
                    views_dropped=_views_dropped(state),
                    tombstone_gc_disabled=_tombstone_gc_disabled(state),
                )
        case None:
            return None
        case _:
            assert_never(state.ending)
    if state.statements.rolled_back and not state.statements.done:
        return Decision(events=(SchemaRolledBack(statements=state.statements.rolled_back), event))
    return Decision(events=(event,))


def _under_way(state: RunState) -> bool:
    """Whether something has to end first."""
    phases = DOWNLOAD_LANE | NATIVE | {Phase.FAILED, Phase.MOVING, Phase.IN_UPLOAD}
    if state.ending is Ending.ABORT or state.puts_all_back:
        phases |= LOAD_LANE
    return bool(state.in_phase(*phases)) or any(state.nodes[n].member for n in state.repairs.running)


def _paused(state: RunState) -> RunPaused:
    staged = state.in_phase(Phase.STAGED, Phase.BLOCKED)
    return RunPaused(
        reason=state.ending_reason,
        staged_batches=len(staged),
        staged_bytes=sum(batch.size for batch in staged),
        loads_running=len(state.in_phase(Phase.LOADING)),
        views_dropped=_views_dropped(state),
        tombstone_gc_disabled=_tombstone_gc_disabled(state),
    )


def _failed(state: RunState) -> RunFailed:
    declared = state.declared
    if declared is None:
        failure = Failure(cause=Cause.FAILED, message="no reason was recorded")
        return RunFailed(failure=failure, resumable=True, exit_code=1)
    return RunFailed(
        failure=declared.failure,
        resumable=declared.resumable,
        exit_code=declared.exit_code,
        views_dropped=_views_dropped(state),
        tombstone_gc_disabled=_tombstone_gc_disabled(state),
    )


def _views_dropped(state: RunState) -> tuple[str, ...]:
    views = (e.alteration.view for e in state.ledger.of_schema() if isinstance(e.alteration, ViewDropped))
    return tuple(sorted(f"{view.keyspace}.{view.name}" for view in views))


def _tombstone_gc_disabled(state: RunState) -> tuple[str, ...]:
    tables = (e.alteration for e in state.ledger.of_schema() if isinstance(e.alteration, TombstoneGcDisabled))
    return tuple(sorted(f"{table.keyspace}.{table.table}" for table in tables))


def _how_to_put_back(because: Failure | None) -> str:
    if because is None or because.cause is Cause.UNREACHABLE or not because.hint:
        return PUT_BACK_HINT
    # whoever reads it has been told of `resume` and `abort` already, or is told of them here
    return because.hint if "scylla-restore" in because.hint else f"{because.hint}; then {PUT_RIGHT}"


def _left_altered(state: RunState, so_far: str) -> FailureDeclared:
    entries = of_members(state)
    left = [name_of(e.alteration) for e in entries if isinstance(e.alteration, SchemaAlteration)]
    on_nodes = [entry.node for entry in entries if not entry.is_of_schema]
    if on_nodes:
        left.append(f"{len(on_nodes)} alterations on {', '.join(sorted(set(on_nodes)))}")
    because = next((entry.failure for entry in entries if entry.failure is not None), None)
    failure = Failure(
        cause=because.cause if because else Cause.UNREACHABLE,
        message=f"{so_far}, but {', '.join(left)} could not be put back"
        + (f": {because.message}" if because else ""),
        call=because.call if because else None,
        hint=_how_to_put_back(because),
    )
    return FailureDeclared(failure=failure, resumable=True, exit_code=1)
