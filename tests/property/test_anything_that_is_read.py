"""Whatever bytes a backup or a listing is made of, reading them ends in one of the ways that it may end in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.targets import TARGETS, check


@st.composite
def spoilt(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A good input, of which a piece is cut out, doubled or replaced."""
    data = draw(st.sampled_from(seeds))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 100)))
    piece = draw(
        st.binary(max_size=20) | st.just(data[start:end] * 2) | st.sampled_from([b"..", b"/", b"\x00", b"-1"])
    )
    return data[:start] + piece + data[end:]


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
def test_no_input_does_harm(name: str, data: st.DataObject) -> None:
    _, seeds = TARGETS[name]
    check(name, data.draw(spoilt(seeds) | st.binary()))


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_fuzzer_begins_with_is_read(name: str) -> None:
    _, seeds = TARGETS[name]
    assert seeds
    for seed in seeds:
        check(name, seed)
