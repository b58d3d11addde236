"""How rules ask actors for something that no other event announces."""

from scylla_restore.engine.core import commands
from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.state import NodeState, RunState
from scylla_restore.events.model.run import ActorAsked, Ask

SUPERVISOR = "supervisor"


def actor_of(node: NodeState) -> str:
    """Return the name of a node's actor."""
    return f"node/{node.address}"


def is_asked(state: RunState, actor: str, what: Ask) -> bool:
    """Whether an actor was asked for something already."""
    return (actor, what) in state.asked


def ask(actor: str, what: Ask, command: commands.Command) -> Decision:
    """Send a command to an actor that has not been asked for it yet."""
    return Decision(events=(ActorAsked(actor=actor, ask=what),), commands=(command,))
