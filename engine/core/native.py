"""Who restores natively: nodes whose Scylla can read a location by itself, and batches that it would take.

``--method native`` insists on it, ``auto`` prefers it: there a batch that Scylla could not restore is downloaded for its
next attempt, and a node that fails again and again at it works in the ordinary way from then on.
"""

from scylla_restore.engine.core.limits import NATIVE_FAILURES
from scylla_restore.engine.core.state import Batch, NodeState, RunState
from scylla_restore.engine.core.versions import release_of
from scylla_restore.events.model.target import Method

NATIVE_SINCE = (2026, 1)
"""Releases before this one have the call, but not yet all that a restore relies on; who insists may use theirs."""


def is_native(state: RunState, node: NodeState, location: str) -> bool:
    """Whether a node's Scylla is to read a location by itself, as far as it can."""
    method = state.target.tuning.method
    if node.joined is None or location not in node.joined.native_endpoints:
        return False
    if method is Method.AUTO:
        return knows_native(node) and node.native_failures < NATIVE_FAILURES
    return method is Method.NATIVE


def knows_native(node: NodeState) -> bool:
    """Whether a node's release is one whose native restore is relied on."""
    release = release_of(node.joined.scylla_version) if node.joined else None
    return release is not None and release >= NATIVE_SINCE


def works_natively(state: RunState, node: NodeState) -> bool:
    """Whether a node's Scylla is to read any location by itself."""
    joined = node.joined
    return joined is not None and any(
        is_native(state, node, location) for location in joined.native_endpoints
    )


def why_not_native(state: RunState, node: NodeState, location: str) -> str | None:
    """Return why a node's Scylla is not to read a location by itself, though nobody has forbidden it; None if it is."""
    joined = node.joined
    if joined is None or is_native(state, node, location):
        return None
    if location in joined.native_refusals:
        return joined.native_refusals[location]
    if location not in joined.native_endpoints:
        return joined.unreachable_locations.get(
            location, "its agent does not tell how Scylla reaches the location"
        )
    if not knows_native(node):
        return f"it runs Scylla {joined.scylla_version}, and native restore is relied on from {release_text()} on"
    return "native restores have failed there again and again"


def method_for(state: RunState, node: NodeState, batch: Batch) -> Method | None:
    """Return how a node that reaches a batch is to restore it, or None if it must not."""
    location = state.workload.directories[batch.directory].location
    method = state.target.tuning.method
    insists = method is Method.NATIVE
    if batch.restorable and is_native(state, node, location) and (insists or not batch.native_failed):
        return Method.NATIVE
    return None if insists else Method.RCLONE


def may_take(state: RunState, node: NodeState, location: str, *, restorable: bool) -> bool:
    """Whether a node that reaches a location may restore SSTables of one kind from there, in whatever way."""
    if state.target.tuning.method is not Method.NATIVE:
        return True
    return restorable and is_native(state, node, location)


def release_text() -> str:
    """Return the first release whose native restore is relied on."""
    return ".".join(map(str, NATIVE_SINCE))
