"""The words that an agent and Scylla use where they offer nothing else to decide on. The only place that knows them."""

import re

from scylla_restore.events.model.failure import Cause

_MISSING_OBJECT = ("object not found",)
_OUT_OF_SPACE = ("no space left on device", "disk quota exceeded", "not enough space")
_TOGGLE_IS_BUSY = "toggle is busy"
_COLOCATED = re.compile(r"colocated with the base table '([^']+)'\.'([^']+)'")


def cause_of_copy_error(words: str) -> Cause:
    """Return what a copy job's error text stands for."""
    if is_out_of_space(words):
        return Cause.NO_SPACE
    if _says(words, _MISSING_OBJECT):
        return Cause.MISSING_OBJECT
    return Cause.FAILED


def is_out_of_space(words: str) -> bool:
    """Whether an error text says that a disk is full."""
    return _says(words, _OUT_OF_SPACE)


def is_busy_toggle(words: str) -> bool:
    """Whether Scylla refused a switch only because another one is being thrown."""
    return _says(words, (_TOGGLE_IS_BUSY,))


def colocated_base(words: str) -> tuple[str, str] | None:
    """Return keyspace and name of the table whose tablets a refused one shares, if that is why it was refused."""
    match = _COLOCATED.search(words)
    return (match[1], match[2]) if match else None


def _says(words: str, phrases: tuple[str, ...]) -> bool:
    lower = words.lower()
    return any(phrase in lower for phrase in phrases)
