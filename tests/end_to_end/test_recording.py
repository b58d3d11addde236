"""The recording in the docs is what the program says."""

import pytest
from tests.support.make_recording import RECORDING, play, read

pytestmark = pytest.mark.slow


def test_the_recording_is_what_the_program_says_but_for_times_and_sizes() -> None:
    recorded = read(RECORDING.read_text(encoding="utf-8"))
    assert len(recorded) > 5
    assert [each.shape() for each in play()] == [each.shape() for each in recorded]
