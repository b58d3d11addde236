"""Why something did not work, in the words of whoever said so."""

from enum import StrEnum

import msgspec


class Cause(StrEnum):
    """The kind of a failure: what the engine decides on. The words are for people."""

    UNREACHABLE = "unreachable"
    """The node's agent, or Scylla behind it, did not answer. The node's fault, not the batch's."""
    AGENT_RESTARTED = "agent_restarted"
    """The agent forgot the job. A new attempt in a new directory is all it takes."""
    NO_SPACE = "no_space"
    """The node's disk is too full for the batch."""
    MISSING_OBJECT = "missing_object"
    """The bucket lacks a file that the manifest names: every node would meet it."""
    STOPPED = "stopped"
    """The engine itself asked for the end."""
    REFUSED = "refused"
    """The other side understood and said no."""
    INCOMPLETE = "incomplete"
    """What arrived is not what was asked for: names or sizes differ."""
    FAILED = "failed"
    """Anything else that the other side reported."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failure: the call, the node, what the other side said, and what a person can do."""

    cause: Cause
    message: str
    node: str | None = None
    call: str | None = None
    hint: str | None = None
