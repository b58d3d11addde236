"""A record: the bytes of one event in its place, as they are stored and hashed.

A record is the canonical JSON (see ``scylla_restore.events.codec``) of

    {"actor", "at", "data", "epoch", "seq", "type", "version"}

where ``at`` is RFC 3339 in UTC, ending in ``Z``. What is hashed is what is stored: a record is never made anew from
what was read.
"""

from datetime import datetime

import msgspec

from scylla_restore.events.envelope import Envelope


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record's parts. Its fields stand in the order of their names: that is what makes it canonical."""

    actor: str
    at: datetime
    data: msgspec.Raw
    epoch: int
    seq: int
    type: str
    version: int


class _Line(msgspec.Struct, frozen=True):
    """What ``events --json`` prints, in the order in which people read it."""

    seq: int
    at: datetime
    epoch: int
    actor: str
    type: str
    version: int
    data: msgspec.Raw
    prev_hash: str
    hash: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def pack(record: Record) -> bytes:
    """Return the canonical bytes; ``record.data`` has to be canonical already, ``record.at`` in UTC.

    Raises:
        ValueError: the actor's name is not Unicode.
    """
    return _encoder.encode(record)


def unpack(record: bytes) -> Record:
    """Return the parts of a stored record.

    Raises:
        ValueError: these bytes are no record.
    """
    try:
        return _decoder.decode(record)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"is no record: {error}") from error


def json_line(envelope: Envelope) -> bytes:
    """Return one line (without its end) of ``events --json``: the stored record and both hashes, in hexadecimal.

    Whoever drops ``prev_hash`` and ``hash`` and writes the rest canonically has the record's bytes again.
    """
    record = unpack(envelope.record)
    return _encoder.encode(
        _Line(
            seq=record.seq,
            at=record.at,
            epoch=record.epoch,
            actor=record.actor,
            type=record.type,
            version=record.version,
            data=record.data,
            prev_hash=envelope.prev_hash.hex(),
            hash=envelope.hash.hex(),
        )
    )
