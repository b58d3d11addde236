from datetime import timedelta

import pytest
from tests.support import story as told
from tests.support.story import START, Story, indexed_story

from scylla_restore.engine.cli.waits import MOST_LINES, Waits
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import LoadAnswerLost, SSTablesLoaded
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.locations import LocationAnswered, LocationUnanswered
from scylla_restore.events.model.nodes import NodeReadmitted, NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.model.run import RunPaused
from scylla_restore.events.model.schema import SchemaAnswered, SchemaUnanswered

UNTIL = START + timedelta(seconds=30)


def failure(message: str, cause: Cause = Cause.UNREACHABLE) -> Failure:
    return Failure(cause=cause, message=message)


def suspended(node: str) -> NodeSuspended:
    return NodeSuspended(node=node, until=UNTIL, failures=1, failure=failure(f"{node}: no answer"))


def lost(batch: int) -> LoadAnswerLost:
    return LoadAnswerLost(batch=batch, attempt=1, node="10.0.0.1", failure=failure("10.0.0.1: cut off"))


def lines(*events: AnyEvent, story: Story | None = None) -> tuple[str, ...]:
    waits = Waits()
    for envelope in (story or indexed_story()).tell(*events).envelopes:
        waits.apply(envelope)
    return waits.lines()


def test_a_run_that_goes_on_waits_for_nothing() -> None:
    assert lines() == ()


def test_a_suspended_node_is_told_with_the_reason_and_until_when() -> None:
    assert lines(suspended("10.0.0.1")) == (
        "10.0.0.1 is suspended, asked again at 2026-01-02 03:04:35Z: 10.0.0.1: no answer",
    )


def test_a_cluster_that_does_not_answer_for_its_schema_is_told_while_it_does_not() -> None:
    silent = SchemaUnanswered(failure=failure("timed out"))
    assert lines(silent) == ("nobody answers for the schema, it is asked again and again: timed out",)
    assert lines(silent, SchemaAnswered()) == ()


def test_a_location_whose_requests_have_to_be_made_again_is_told_while_that_is_so() -> None:
    busy = LocationUnanswered(location="s3:backups", retries=17)
    assert lines(busy) == (
        "s3:backups is busy, or does not answer at times: 17 requests had to be made again so far",
    )
    assert lines(busy, LocationAnswered(location="s3:backups")) == ()


def test_a_node_without_space_is_told() -> None:
    wait = NodeWaitingForSpace(node="10.0.0.2", until=UNTIL, failure=failure("disk is full", Cause.NO_SPACE))
    assert lines(wait) == (
        "10.0.0.2 has no space for its next batch, asked again at 2026-01-02 03:04:35Z: disk is full",
    )


def test_a_lost_answer_is_told_until_the_load_is_done() -> None:
    assert lines(lost(7)) == (
        "10.0.0.1: no final answer to the load of batch 7 yet, it is asked for again: 10.0.0.1: cut off",
    )
    assert lines(lost(7), SSTablesLoaded(batch=7, attempt=1)) == ()


@pytest.mark.parametrize(
    "end",
    [
        NodeReadmitted(node="10.0.0.1"),
        RunPaused(reason="asked to", staged_batches=0, staged_bytes=0, loads_running=0),
        told.run_started(),
    ],
)
def test_a_wait_ends_with_the_rest_or_with_the_run(end: AnyEvent) -> None:
    is_over = not isinstance(end, type(told.run_started()))
    assert (lines(suspended("10.0.0.1"), end) == ()) is is_over


def test_another_engine_has_waited_for_nothing_yet() -> None:
    waits = Waits()
    for envelope in indexed_story().tell(suspended("10.0.0.1")).die(for_s=60).envelopes:
        waits.apply(envelope)
    assert waits.lines() == ()


def test_of_many_waits_the_first_are_told_and_the_others_counted() -> None:
    told_lines = lines(*(suspended(f"10.0.0.{number}") for number in range(20)))
    assert len(told_lines) == MOST_LINES
    assert told_lines[-1] == "… and 15 more to wait for"


def test_long_words_of_the_other_side_are_cut() -> None:
    wait = NodeSuspended(node="n", until=UNTIL, failures=1, failure=failure("x" * 5000))
    (line,) = lines(wait)
    assert len(line) < 300
    assert line.endswith("…")
