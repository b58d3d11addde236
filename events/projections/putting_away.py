"""Folds as bytes: what is put away beside a log, so that it need not be read from its start again."""

from typing import TypeVar

import msgspec

State = TypeVar("State", bound=msgspec.Struct)


def encode(state: msgspec.Struct) -> bytes:
    """Return a fold as a checkpoint keeps it."""
    return msgspec.msgpack.encode(state)


def decode(data: bytes, kind: type[State]) -> State:
    """Return the fold that a checkpoint kept.

    Raises:
        ValueError: it cannot be read, or is of another shape; the log has to be folded from the start.
    """
    state = msgspec.msgpack.decode(data, type=kind)
    # Fields that are missing would be taken for empty ones: what is not exactly what we write was written by others.
    if encode(state) != data:
        raise ValueError("the checkpoint is of another shape")
    return state
