"""DATA: keep both lanes of every node busy."""

from collections.abc import Callable
from datetime import datetime

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.batch_commands import (
    check_command,
    download_command,
    load_command,
    look_command,
    move_command,
    native_command,
)
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.names import found_directory, upload_directory
from scylla_restore.engine.core.planning import Assignment, enough_at_work, next_batch, next_native_batch
from scylla_restore.engine.core.state import Batch, NodeState, Phase, RunState
from scylla_restore.events.model.alterations import AlterationIntended, UploadSetAside
from scylla_restore.events.model.batches import (
    BatchAssigned,
    BatchCheckRequested,
    DownloadRequested,
    LoadRequested,
    LoadStarted,
    NativeRestoreRequested,
)
from scylla_restore.events.model.stages import Stage
from scylla_restore.events.model.target import Method, Staging


def start_load(state: RunState, _now: datetime) -> Decision | None:
    """What is in ``upload`` is loaded, whatever else is going on."""
    if not state.to_load:
        return None
    batch = state.batches[state.to_load[0]]
    return Decision(
        events=(LoadStarted(batch=batch.id, attempt=batch.attempt),),
        commands=(load_command(state, batch, recovering=False),),
    )


def request_load(state: RunState, _now: datetime) -> Decision | None:
    """A free load lane takes the batch that was downloaded first."""
    if state.stage is not Stage.DATA or not state.prepared or not state.loads_idle:
        return None
    node = state.nodes[min(state.loads_idle)]
    batch = state.batches[node.staged[0]]
    return Decision(
        events=(LoadRequested(batch=batch.id, attempt=batch.attempt),),
        commands=(move_command(state, batch, recovering=False),),
    )


def start_download(state: RunState, _now: datetime) -> Decision | None:
    """What nothing stands in the way of any more is copied, or restored by Scylla itself."""
    for batch_id in state.to_download:
        batch = state.batches[batch_id]
        if state.nodes[batch.node].ready:
            return _begin(state, batch)
    return None


def set_upload_aside(state: RunState, _now: datetime) -> Decision | None:
    """Somebody else's files in ``upload`` are neither loaded nor deleted: they wait elsewhere.

    It has to be a node's only alteration under way. Of two, the later one could find our own files in ``upload``.
    """
    for batch_id in state.blocked:
        batch = state.batches[batch_id]
        if not state.nodes[batch.node].ready:
            continue
        found = found_directory(state, batch)
        alteration = UploadSetAside(node=batch.node, upload=upload_directory(state, batch), found=found)
        intended = AlterationIntended(
            id=f"upload_directory/{batch.node}/{state.ledger.intended}", alteration=alteration
        )
        return Decision(
            events=(intended,),
            commands=(commands.Alter(node=batch.node, alterations=((intended.id, alteration),)),),
        )
    return None


def assign_native(state: RunState, now: datetime) -> Decision | None:
    """A free load lane with nothing waiting for it takes a batch that Scylla restores by itself."""
    if state.stage is not Stage.DATA or not state.prepared or not (state.workload.left or state.returned):
        return None
    return _first(state, state.natives_idle, lambda node: next_native_batch(state, node, now))


def assign_download(state: RunState, now: datetime) -> Decision | None:
    """A free download lane takes the best batch there is for its node."""
    if state.stage is not Stage.DATA or not state.prepared or not (state.workload.left or state.returned):
        return None
    return _first(state, state.downloads_idle, lambda node: next_batch(state, node, now))


def _first(
    state: RunState, idle: set[str], find: Callable[[NodeState], Assignment | None]
) -> Decision | None:
    """Assign a batch to the first of these nodes for which there is one, those at work before the others."""
    nobody_new = enough_at_work(state)
    for address in sorted(idle, key=lambda a: (not state.nodes[a].busy, a)):
        node = state.nodes[address]
        if nobody_new and not node.busy:
            return None
        assignment = find(node)
        if assignment is not None:
            return _assign(state, node, assignment)
    return None


def _assign(state: RunState, node: NodeState, assignment: Assignment) -> Decision:
    directory = state.workload.directories[assignment.directory]
    is_native = assignment.method is Method.NATIVE
    direct = state.target.tuning.staging is Staging.OFF and not is_native
    assigned = BatchAssigned(
        batch=assignment.batch,
        attempt=assignment.attempt,
        node=node.address,
        method=assignment.method,
        directory=assignment.directory,
        sstables=tuple(directory.ids[position] for position in assignment.positions),
        size=assignment.size,
        staging=Staging.OFF if direct else Staging.AUTO,
    )
    batch = Batch(
        id=assignment.batch,
        directory=assignment.directory,
        positions=list(assignment.positions),
        size=assignment.size,
        node=node.address,
        attempt=assignment.attempt,
        phase=Phase.REQUESTED,
        method=assignment.method,
        direct=direct,
    )
    if direct:
        return Decision(events=(assigned,), commands=(look_command(state, batch),))
    begun = _begin(state, batch)
    return Decision(events=(assigned, *begun.events), commands=begun.commands)


def _begin(state: RunState, batch: Batch) -> Decision:
    """Begin an attempt that nothing stands in the way of; files that were never listed are looked for first."""
    attempt = batch.attempt
    if not batch.found and not state.workload.directories[batch.directory].is_listed:
        checked = BatchCheckRequested(batch=batch.id, attempt=attempt)
        return Decision(events=(checked,), commands=(check_command(state, batch),))
    if batch.method is Method.NATIVE:
        native = NativeRestoreRequested(batch=batch.id, attempt=attempt)
        return Decision(events=(native,), commands=(native_command(state, batch),))
    requested = DownloadRequested(batch=batch.id, attempt=attempt)
    return Decision(events=(requested,), commands=(download_command(state, batch),))
