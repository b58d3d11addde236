"""What was ever written to a log can still be read, and means what it meant."""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import msgspec
import pytest
from tests.support.event_samples import SAMPLES
from tests.support.golden import EVENTS, LOGS, folded, read_golden_log

from scylla_restore.events.chain import genesis, unseal
from scylla_restore.events.codec import EVENT_TYPES, decode, encode
from scylla_restore.events.upcast import UPCASTS, Json
from scylla_restore.events.verification import verify

ADD_ONE = "add a sample to tests/support/event_samples.py and run scripts/make-golden"
EVENT_FILES = sorted(EVENTS.glob("*.json"))
LOG_FILES = sorted(LOGS.glob("*.jsonl"))
by_name: Callable[[Path], str] = attrgetter("name")


def tag_and_version(name: str) -> tuple[str, int]:
    """What a file's name (``<TAG>.v<version>[.<variant>]``) says is in it."""
    tag, version, *_ = name.split(".")
    return tag, int(version.removeprefix("v"))


def is_of_a_present_version(path: Path) -> bool:
    return tag_and_version(path.stem) in {(kind.TAG, kind.VERSION) for kind in EVENT_TYPES}


def test_every_event_and_every_version_ever_upcast_has_a_golden_file() -> None:
    present = {(kind.TAG, kind.VERSION) for kind in EVENT_TYPES}
    old = {step.origin for step in UPCASTS}
    found = {tag_and_version(path.stem) for path in EVENT_FILES}
    assert found == present | old, ADD_ONE


def test_every_golden_file_has_a_sample_and_the_other_way_round() -> None:
    assert {path.stem for path in EVENT_FILES} == set(SAMPLES), ADD_ONE


@pytest.mark.parametrize("path", EVENT_FILES, ids=by_name)
def test_a_golden_event_is_read_as_what_it_was(path: Path) -> None:
    assert decode(*tag_and_version(path.stem), path.read_bytes()) == SAMPLES[path.stem]


@pytest.mark.parametrize("path", [path for path in EVENT_FILES if is_of_a_present_version(path)], ids=by_name)
def test_a_golden_event_of_the_present_version_is_written_as_it_was(path: Path) -> None:
    golden, written = path.read_bytes().removesuffix(b"\n"), encode(SAMPLES[path.stem])
    # Fields that were added since, with defaults, are all that may differ.
    assert is_part_of(msgspec.json.decode(golden), msgspec.json.decode(written))
    assert golden == written or len(golden) < len(written)


@pytest.mark.parametrize("path", LOG_FILES, ids=by_name)
def test_a_golden_log_is_intact_and_comes_to_the_same_end(path: Path) -> None:
    log = read_golden_log(path)
    report = verify(log.run, log.records, head_seq=len(log.records))
    assert (report.ok, report.unknown, report.problems) == (True, 0, ())
    envelopes = list(
        unseal(log.run, log.records, after_seq=0, after_hash=genesis(log.run), check_hashes=True)
    )
    assert folded(log.run, envelopes) == msgspec.structs.replace(log, records=())


def test_there_are_golden_logs() -> None:
    assert len(LOG_FILES) >= 2


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": 1}, {"a": 2}, False),
        ([1], [1, 2], False),
        ({}, [], False),
    ],
)
def test_fields_may_be_added_and_nothing_else(old: Json, new: Json, answer: bool) -> None:
    assert is_part_of(old, new) is answer


def is_part_of(old: Json, new: Json) -> bool:
    """Whether ``new`` says all that ``old`` says, at any depth."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            key in new and is_part_of(value, new[key]) for key, value in old.items()
        )
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(is_part_of, old, new))
    return old == new
