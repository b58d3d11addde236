"""What an answer that says no means: the only place where the words of agents and of Scylla are looked at.

Neither has error codes, so some refusals can be told by their text alone.
"""

import re

import msgspec

from scylla_restore.engine.errors import (
    DirectoryMissing,
    JobUnknown,
    LoadBusy,
    NodeBusy,
    NodeError,
    NodeRefused,
    NodeUnreachable,
    NotAuthorized,
    TaskUnknown,
)

_LOADING = "Already loading SSTables"
_TOGGLE_BUSY = "Autocompaction toggle is busy"
_JOB_NOT_FOUND = "job not found"
_UNKNOWN_TASK = re.compile(r"unknown repair id|task with id \S+ not found", re.IGNORECASE)
_NO_SECTION = "didn't find section in config file"

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_LATER = frozenset({429, 503})
_GATEWAY = frozenset({502, 504})
_LONGEST_WORDS = 1000


class _Answer(msgspec.Struct):
    """An error of the agent (which names the rclone ``path``) or of Scylla (which does not)."""

    message: str = ""
    path: str | None = None


_decoder = msgspec.json.Decoder(_Answer)


def refusal(*, node: str, call: str, status: int, body: bytes, secret: str) -> NodeError:
    """Return the error that an answer with ``status`` stands for; ``secret`` is kept out of its words."""
    answer = _read(body)
    words = _clean(answer.message, secret) or "no reason given"
    from_rclone = answer.path is not None
    if status in _GATEWAY and not from_rclone:
        return NodeUnreachable(
            f"scylla behind the agent of node {node} did not answer {call} (status {status})",
            node=node,
            call=call,
        )
    kind, hint = _kind_of(status, words, from_rclone=from_rclone)
    message = f"node {node} refused {call} with status {status}: {words}"
    if kind is NotAuthorized:
        message = f"node {node} does not accept the auth token: {words}"
    return kind(message, node=node, call=call, status=status, hint=hint)


def _kind_of(  # noqa: PLR0911 - one return a kind
    status: int, words: str, *, from_rclone: bool
) -> tuple[type[NodeRefused], str | None]:
    """Return which error it is, and what can be done about it."""
    if status == _UNAUTHORIZED:
        return NotAuthorized, "it has to be the auth_token of scylla-manager-agent.yaml on the nodes"
    if _LOADING in words:
        return LoadBusy, None
    if status in _LATER | _GATEWAY or _TOGGLE_BUSY in words:
        return NodeBusy, None
    if words == _JOB_NOT_FOUND:
        return JobUnknown, None
    if not from_rclone and _UNKNOWN_TASK.search(words):
        return TaskUnknown, None
    if _NO_SECTION in words:
        return NodeRefused, "set the location's provider up in scylla-manager-agent.yaml on the node"
    return (DirectoryMissing if status == _NOT_FOUND and from_rclone else NodeRefused), None


def _read(body: bytes) -> _Answer:
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Answer(message=body.decode("utf-8", errors="replace"))


def _clean(words: str, secret: str) -> str:
    if secret:
        words = words.replace(secret, "***")
    printable = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(printable.split())[:_LONGEST_WORDS]
