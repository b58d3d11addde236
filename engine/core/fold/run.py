"""How events about the run as a whole change the state."""

from typing import assert_never

import msgspec

from scylla_restore.engine.core.fold.schema import keep_index
from scylla_restore.engine.core.fold.statements import keep_created
from scylla_restore.engine.core.state import Ending, LocationState, Phase, RunState, Status
from scylla_restore.events.model import RunEvent, run, stages
from scylla_restore.events.model.run import Ask

CRASH_COUNTS_AS = 3
"""A crash is a defect that will likely come again: it counts as so many failures of the node."""


def fold_run(state: RunState, event: RunEvent) -> None:
    """Fold one event about the run, its stages or its actors."""
    match event:
        case run.RunStarted():
            _started(state, event)
        case run.OwnerChanged():
            _begin_again(state)
        case run.OtherRunsSought():
            _sought(state, event)
        case run.RunResumed():
            _resume(state)
        case run.SettingsChanged():
            state.target = msgspec.structs.replace(state.target, tuning=event.after)
            _index_nodes(state)
        case run.PauseRequested():
            if state.ending is None:
                state.ending, state.ending_reason = Ending.PAUSE, event.reason
                state.puts_all_back = event.puts_all_back
        case run.AbortRequested():
            state.status, state.ending = Status.RUNNING, Ending.ABORT
        case run.FailureDeclared():
            if state.ending is not Ending.ABORT:
                state.ending = Ending.FAIL
            state.declared = event
        case run.RunPaused():
            state.status, state.ending = Status.PAUSED, None
        case run.RunFailed():
            state.status, state.ending = Status.FAILED, None
        case run.RunAborted():
            state.status, state.ending = Status.ABORTED, None
        case run.RunCompleted():
            state.status, state.ending = Status.DONE, None
        case run.ActorFailed():
            _crashed(state, event.actor)
        case run.ActorReplaced():
            _replace(state, event.actor)
        case run.ActorAsked():
            _ask(state, event.actor, event.ask)
        case stages.StageEntered():
            state.stage = event.stage
            keep_index(state)
            if event.stage is stages.Stage.DONE:
                state.ending = Ending.COMPLETE
        case stages.StageCompleted():
            state.completed.add(event.stage)
            if event.stage is stages.Stage.DATA:
                keep_created(state)
        case _:
            assert_never(event)


def _started(state: RunState, event: run.RunStarted) -> None:
    state.target = event.target
    state.workload.by_dc = bool(event.target.selection.dc_mapping)
    state.cluster, state.cluster_id, state.seed = event.cluster, event.cluster_id, event.seed
    state.dry_run = event.dry_run
    for location in event.target.selection.locations:
        state.locations[location.key] = LocationState(where=location)


def _sought(state: RunState, event: run.OtherRunsSought) -> None:
    if event.failure is None:
        state.others, state.aborted = event.unfinished, event.aborted
    else:
        state.refusal = (event.failure, event.exit_code)


def _crashed(state: RunState, actor: str) -> None:
    state.crashed.append(actor)
    state.crashes += 1
    node = state.nodes.get(actor.removeprefix("node/"))
    if node is not None:
        node.failures += CRASH_COUNTS_AS


def _resume(state: RunState) -> None:
    state.status, state.ending_reason, state.declared = Status.RUNNING, "", None
    state.puts_all_back = False
    state.ending = Ending.COMPLETE if state.stage is stages.Stage.DONE else None
    for unit in state.repairs.units.values():
        unit.failures.clear()
        unit.failed_at = None
    for batch in state.batches.values():
        # whoever resumes has put right what made it fail: it may be tried on every node again
        batch.failures.clear()
        batch.missed = 0
        batch.native_failed = False


def _ask(state: RunState, actor: str, ask: Ask) -> None:
    state.asked.add((actor, ask))
    if ask is Ask.INDEX:
        key = actor.removeprefix("location/")
        state.locations[key].read.clear()
        state.workload.forget_location(key)
        return
    if ask is Ask.ALTER_SCHEMA:
        for entry in state.ledger.of_schema():
            entry.untouched = False
    node = state.nodes.get(actor.removeprefix("node/"))
    if node is None:
        return
    if ask is Ask.RECOVER:
        node.attended = True
        if node.load is not None and state.batches[node.load].phase is Phase.BLOCKED:
            # it is moved once more, which tells whether anything is still in its way
            state.batches[node.load].phase = Phase.MOVING
    elif ask is Ask.ALTER:
        node.altered = all(entry.made for entry in state.ledger.settings_of(node.address))
    elif ask is Ask.STOP_REPAIR:
        state.repairs.stop(node.address)
    elif ask is Ask.STOP_NATIVE and node.load is not None:
        state.batches[node.load].stopping = True
    elif ask is Ask.STOP_DOWNLOAD and node.download is not None:
        state.batches[node.download].stopping = True
    state.index_node(node)


def _begin_again(state: RunState) -> None:
    """A new engine knows what the log says, but nobody has answered *it* yet."""
    state.asked.clear()
    state.crashed.clear()
    state.crashes = 0
    state.refusal = None
    state.rediscovered = state.resolved = False
    for location in state.locations.values():
        location.verified = False
    for node in state.nodes.values():
        node.joined = None
        node.settings = node.inspected = None
        node.altered = False
        node.suspended_until = None
        node.waits_for_space = False
        node.failures = node.shortages = node.native_failures = 0
        node.unsettled = None
        _abandon(state, node.address)
        state.index_node(node)
    for address in list(state.repairs.running):
        state.repairs.leave(address)
    state.unsettled_nodes.clear()
    state.schema.agreed.clear()
    state.schema.failure = None
    state.schema.verified = False
    state.statements.failure = state.statements.asked = None
    for entry in state.ledger.entries.values():
        # what was altered on a node may have been reset by a restart; the schema is what it was made
        entry.made = entry.made and entry.is_of_schema and not entry.undoing
        entry.fresh = False
        entry.undoing = False
        entry.undo_failures = 0
    keep_index(state)


def _index_nodes(state: RunState) -> None:
    for node in state.nodes.values():
        state.index_node(node)


def _replace(state: RunState, actor: str) -> None:
    """The actor's successor has to be asked again for what was not answered."""
    state.crashed.remove(actor)
    state.asked = {(name, ask) for name, ask in state.asked if name != actor}
    address = actor.removeprefix("node/")
    node = state.nodes.get(address)
    if node is None:
        _check_again(state, actor.removeprefix("location/"))
        return
    node.altered = False
    node.settings = None
    state.ledger.distrust_settings_of(address)
    for entry in state.ledger.entries.values():
        if entry.node == address:
            entry.undo_failures += entry.undoing
            entry.undoing = False
    _abandon(state, address)
    state.repairs.leave(address)
    state.index_node(node)


def _check_again(state: RunState, location: str) -> None:
    """Nobody looks for a batch's files in a location any more."""
    for batch in state.in_phase(Phase.CHECKING):
        if state.workload.directories[batch.directory].location == location:
            batch.phase = Phase.CLEAR
            state.to_download.append(batch.id)


def _abandon(state: RunState, address: str) -> None:
    """What is in flight on a node is attended by nobody until it is recovered."""
    node = state.nodes[address]
    held = [b for b in (node.download, node.load) if b is not None]
    node.attended = not held
    for batch in held:
        state.batches[batch].stopping = False
    state.to_load = [b for b in state.to_load if state.batches[b].node != address]
    state.blocked = [b for b in state.blocked if state.batches[b].node != address]
    state.to_download = [b for b in state.to_download if state.batches[b].node != address]
