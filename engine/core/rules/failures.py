"""What failed is settled: who tries again, who rests, and when the run gives up."""

from datetime import datetime
from typing import Final

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.backoff import space_check, suspension
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.limits import ACTOR_CRASHES, CHECKS, JOIN_ATTEMPTS, NODE_GIVEN_UP
from scylla_restore.engine.core.planning import exhausted
from scylla_restore.engine.core.rules.ledger import undo
from scylla_restore.engine.core.state import Batch, NodeState, Phase, RunState
from scylla_restore.engine.core.state.ledger import staging_entry
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import BatchReturned
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.model.run import ActorReplaced, FailureDeclared
from scylla_restore.events.model.stages import Stage


def replace_crashed_actors(state: RunState, _now: datetime) -> Decision | None:
    """A crash is a defect of ours: a new actor takes up the old one's name, a few times."""
    if not state.crashed:
        return None
    actor = state.crashed[0]
    if state.crashes > ACTOR_CRASHES and state.declared is None:
        failure = Failure(
            cause=Cause.FAILED,
            message=f"the engine's own actors crashed {state.crashes} times, the last one was {actor}",
            hint="this is a defect of scylla-restore; `resume` carries on where the run stopped",
        )
        return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))
    return Decision(events=(ActorReplaced(actor=actor),), commands=(commands.ReplaceActor(actor=actor),))


def settle_batches(state: RunState, now: datetime) -> Decision | None:
    """A failed batch goes back to the pool; its node rests, unless the failure says nothing about the node."""
    if not state.failed:
        return None
    batch = state.batches[state.failed[0]]
    failure = batch.failure or Failure(cause=Cause.FAILED, message="no reason was recorded")
    if batch.missed:
        return _settle_missed(state, batch, failure, now)
    events: list[AnyEvent] = [BatchReturned(batch=batch.id, attempt=batch.attempt, reason=failure.message)]
    sent: tuple[commands.Command, ...] = ()
    if not state.ending:
        left = state.ledger.entries.get(staging_entry(batch.id, batch.attempt))
        if left is not None and failure.cause is not Cause.UNREACHABLE:
            # its files take space that other batches need; what cannot be removed now is removed in the end
            undoing = undo(state, batch.node, [left])
            events += undoing.events
            sent = undoing.commands
        rest = _rest(state, batch, failure, now)
        events += [rest] if rest else []
        verdict = _verdict(state, batch, failure)
        events += [verdict] if verdict else []
    return Decision(events=tuple(events), commands=sent)


def _settle_missed(state: RunState, batch: Batch, failure: Failure, now: datetime) -> Decision:
    """A location that is silent is asked again later; what it lacks, every node would miss."""
    location = state.workload.directories[batch.directory].location
    is_silent = failure.cause is Cause.UNREACHABLE and batch.missed < CHECKS
    returned = BatchReturned(
        batch=batch.id,
        attempt=batch.attempt,
        reason=failure.message,
        not_before=now + suspension(state.seed, location, batch.missed) if is_silent else None,
    )
    if is_silent or state.ending:
        return Decision(events=(returned,))
    return Decision(events=(returned, FailureDeclared(failure=failure, resumable=True, exit_code=1)))


def settle_nodes(state: RunState, now: datetime) -> Decision | None:
    """A node that did not do what it was asked for is asked again later, or ends a run that has touched nothing."""
    if not state.unsettled_nodes or state.ending:
        return None
    node = state.nodes[state.unsettled_nodes[0]]
    failure, exit_code = node.unsettled or (Failure(cause=Cause.FAILED, message="no reason was recorded"), 1)
    rest = NodeSuspended(
        node=node.address,
        until=now + suspension(state.seed, node.address, node.failures),
        failures=node.failures,
        failure=failure,
    )
    hopeless = exit_code == 2 or node.failures >= JOIN_ATTEMPTS  # noqa: PLR2004 - CLI.md's exit code
    if state.stage is Stage.INIT and hopeless:
        return Decision(events=(rest, FailureDeclared(failure=failure, resumable=False, exit_code=exit_code)))
    return Decision(events=(rest,))


def declare_refusal(state: RunState, _now: datetime) -> Decision | None:
    """The cluster or a location said no. Before the first alteration that is the end of the run."""
    if state.refusal is None or state.ending is not None:
        return None
    failure, exit_code = state.refusal
    touched = state.stage is not Stage.INIT
    return Decision(
        events=(FailureDeclared(failure=failure, resumable=touched, exit_code=1 if touched else exit_code),)
    )


def readmit_nodes(state: RunState, now: datetime) -> Decision | None:
    """A node that has rested long enough is given work again."""
    for address in sorted(state.suspended):
        until = state.nodes[address].suspended_until
        if until is not None and until <= now:
            return Decision(events=(NodeReadmitted(node=address),))
    return None


def give_up_nodes(state: RunState, _now: datetime) -> Decision | None:
    """What is held by a node that left the cluster, or that nobody can attend to, goes back to the pool."""
    if not (state.rediscovered or state.ending):
        return None
    for node in state.nodes.values():
        gone = not node.member
        if not (gone or node.failures >= NODE_GIVEN_UP) or not node.busy:
            continue
        held = [
            b for b in (node.download, node.load) if b is not None and (gone or _forsaken(state, node, b))
        ]
        if gone or not node.attended or not node.altered:
            held += node.staged
        if not held:
            continue
        reason = f"{node.address} " + (
            "left the cluster" if gone else f"failed {node.failures} times in a row"
        )
        return Decision(
            events=tuple(
                BatchReturned(batch=b, attempt=state.batches[b].attempt, reason=reason) for b in held
            )
        )
    return None


_WAITING: Final = frozenset({Phase.BLOCKED, Phase.OCCUPIED, Phase.CLEAR})
"""Nobody was asked for anything about a batch: a node that is not set up is not asked either."""


def _forsaken(state: RunState, node: NodeState, batch: int) -> bool:
    """Whether nobody is at work on a batch in a lane: it is not taken up, or waits for files to be set aside."""
    return not node.attended or (not node.altered and state.batches[batch].phase in _WAITING)


def nobody_left(state: RunState, _now: datetime) -> Decision | None:
    """Every node has failed again and again: somebody has to look."""
    if state.stage is not Stage.DATA or not state.rediscovered or not state.data_left:
        return None
    members = [node for node in state.nodes.values() if node.member]
    if any(node.failures < NODE_GIVEN_UP for node in members):
        return None
    failure = Failure(
        cause=Cause.UNREACHABLE,
        message=f"all {len(members)} nodes have failed {NODE_GIVEN_UP} times or more in a row",
        hint="`scylla-restore events` shows why; put it right, then `scylla-restore resume`",
    )
    return Decision(events=(FailureDeclared(failure=failure, resumable=True, exit_code=1),))


def _rest(state: RunState, batch: Batch, failure: Failure, now: datetime) -> AnyEvent | None:
    node = state.nodes[batch.node]
    if failure.cause is Cause.STOPPED or node.suspended_until is not None:
        return None
    if failure.cause is Cause.NO_SPACE:
        until = now + space_check(state.seed, node.address, node.shortages)
        return NodeWaitingForSpace(node=node.address, until=until, failure=failure)
    until = now + suspension(state.seed, node.address, node.failures)
    return NodeSuspended(node=node.address, until=until, failures=node.failures, failure=failure)


def _verdict(state: RunState, batch: Batch, failure: Failure) -> FailureDeclared | None:
    """The run fails at once on what every node would meet, or when a batch has failed everywhere."""
    if failure.cause is Cause.MISSING_OBJECT:
        return FailureDeclared(failure=failure, resumable=True, exit_code=1)
    return worn_out(state, batch, failure) if exhausted(state, batch, NODE_GIVEN_UP) else None


def worn_out(state: RunState, batch: Batch, failure: Failure) -> FailureDeclared:
    """Return what there is to say of a batch that has failed everywhere."""
    directory = state.workload.directories[batch.directory]
    attempts = sum(batch.failures.values())
    return FailureDeclared(
        failure=Failure(
            cause=failure.cause,
            message=f"{len(batch.positions)} SSTables of {directory.keyspace}.{directory.table} from "
            f"{directory.location}/{directory.path} failed {attempts} times, the last time on {batch.node}: "
            f"{failure.message}",
            node=batch.node,
            call=failure.call,
            hint=failure.hint or "put the cause right, then `scylla-restore resume`",
        ),
        resumable=True,
        exit_code=1,
    )
