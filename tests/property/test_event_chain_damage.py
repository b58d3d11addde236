"""Whatever is done to a chain is noticed, at the first record that it touches."""

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.event_logs import AT
from tests.support.event_samples import SAMPLES

from scylla_restore.events.chain import Sealer, genesis
from scylla_restore.events.envelope import StoredRecord
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.verification import ChainReport, verify

RUN = "run-1"


def _seal(events: list[AnyEvent]) -> list[StoredRecord]:
    sealer = Sealer(run=RUN, epoch=1, seq=0, head_hash=genesis(RUN))
    envelopes = [sealer.seal(event, at=AT, actor="supervisor") for event in events]
    return [StoredRecord(seq=each.seq, record=each.record, hash=each.hash) for each in envelopes]


EVENTS = st.sampled_from(list(SAMPLES.values()))
CHAINS = st.lists(EVENTS, min_size=1, max_size=6).map(_seal)


def _verify_against(chain: list[StoredRecord], records: list[StoredRecord]) -> ChainReport:
    return verify(RUN, records, head_seq=chain[-1].seq, head_hash=chain[-1].hash)


def _flip(content: bytes, bit: int) -> bytes:
    place, shift = divmod(bit % (len(content) * 8), 8)
    return content[:place] + bytes([content[place] ^ 1 << shift]) + content[place + 1 :]


@given(CHAINS)
def test_a_whole_chain_is_intact(chain: list[StoredRecord]) -> None:
    assert _verify_against(chain, chain).ok


@given(CHAINS, st.integers(0, 5), st.integers(0, 2**20), st.booleans())
def test_a_flipped_bit_is_noticed_where_it_is(
    chain: list[StoredRecord], position: int, bit: int, in_the_hash: bool
) -> None:
    position %= len(chain)
    old = chain[position]
    record, hash_ = old.record, old.hash
    if in_the_hash:
        hash_ = _flip(hash_, bit)
    else:
        record = _flip(record, bit)
    damaged = [
        *chain[:position],
        StoredRecord(seq=old.seq, record=record, hash=hash_),
        *chain[position + 1 :],
    ]
    report = _verify_against(chain, damaged)
    assert (report.ok, report.first_bad_seq) == (False, position + 1)


@given(CHAINS, st.integers(0, 5))
def test_a_dropped_record_is_noticed_where_it_was(chain: list[StoredRecord], position: int) -> None:
    position %= len(chain)
    report = _verify_against(chain, chain[:position] + chain[position + 1 :])
    assert (report.ok, report.first_bad_seq) == (False, position + 1)


@given(CHAINS, st.integers(0, 5), st.integers(0, 5))
def test_swapped_contents_are_noticed_at_the_first_of_them(
    chain: list[StoredRecord], one: int, other: int
) -> None:
    one, other = sorted((one % len(chain), other % len(chain)))
    assume(one != other)
    contents = [(stored.record, stored.hash) for stored in chain]
    contents[one], contents[other] = contents[other], contents[one]
    swapped = [
        StoredRecord(seq=seq, record=record, hash=hash_) for seq, (record, hash_) in enumerate(contents, 1)
    ]
    report = _verify_against(chain, swapped)
    assert (report.ok, report.first_bad_seq) == (False, one + 1)


@given(CHAINS, st.integers(0, 5), EVENTS)
def test_a_record_that_was_slipped_in_is_noticed(
    chain: list[StoredRecord], position: int, event: AnyEvent
) -> None:
    position %= len(chain)
    before = chain[position - 1].hash if position else genesis(RUN)
    sealer = Sealer(run=RUN, epoch=1, seq=position, head_hash=before)
    forged = sealer.seal(event, at=AT, actor="somebody")
    behind = [
        StoredRecord(seq=stored.seq + 1, record=stored.record, hash=stored.hash)
        for stored in chain[position:]
    ]
    records = [
        *chain[:position],
        StoredRecord(seq=forged.seq, record=forged.record, hash=forged.hash),
        *behind,
    ]
    report = _verify_against(chain, records)
    assert (report.ok, report.first_bad_seq) == (False, position + 2)


@given(CHAINS, st.integers(1, 6))
def test_records_that_were_cut_off_are_noticed(chain: list[StoredRecord], count: int) -> None:
    kept = chain[: max(len(chain) - count, 0)]
    report = _verify_against(chain, kept)
    assert (report.ok, report.first_bad_seq) == (False, len(kept) + 1)
