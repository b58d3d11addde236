"""Any event survives its bytes, and they are canonical."""

import json
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.support.any_events import any_event

from scylla_restore.events.chain import Sealer, genesis, unseal
from scylla_restore.events.codec import decode, encode
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.model import AnyEvent


@given(any_event())
def test_an_event_comes_back_from_its_bytes(event: AnyEvent) -> None:
    data = encode(event)
    again = decode(event.TAG, event.VERSION, data)
    assert again == event
    assert type(again) is type(event)
    assert encode(again) == data


@given(
    any_event(),
    st.text(),
    st.datetimes(timezones=st.timezones()),
    st.integers(1, 2**40),
    st.integers(1, 2**31),
)
def test_an_envelope_comes_back_from_its_record_and_the_record_is_canonical(
    event: AnyEvent, actor: str, at: datetime, seq: int, epoch: int
) -> None:
    sealer = Sealer(run="run-1", epoch=epoch, seq=seq - 1, head_hash=genesis("run-1"))
    envelope = sealer.seal(event, at=at, actor=actor)
    stored = StoredRecord(seq=seq, record=envelope.record, hash=envelope.hash)
    (again,) = unseal("run-1", [stored], after_seq=seq - 1, after_hash=genesis("run-1"), check_hashes=True)
    canonical = json.dumps(
        json.loads(envelope.record), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert again == envelope
    assert envelope.record == canonical.encode()
