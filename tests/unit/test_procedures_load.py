"""A batch's way from staging through ``upload`` into the cluster."""

from collections import deque
from datetime import timedelta

import pytest
from tests.support.batches import (
    FILES,
    STAGING,
    UPLOAD,
    load_command,
    move_command,
    node_with_backup,
    stop_at,
)
from tests.support.scripted_node import ADDRESS, ScriptedNode, busy, refused, unreachable
from tests.support.stepping import START, SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.load import load_sstables, move_into_upload
from scylla_restore.engine.core.commands import LoadSSTables, MoveIntoUpload
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.batches import (
    LoadAnswerLost,
    LoadFailed,
    SSTablesLoaded,
    UploadFilled,
    UploadOccupied,
)
from scylla_restore.events.model.failure import Cause

FILLED = UploadFilled(batch=1, attempt=1)
FIRST = {"me-a-big-Data.db": 100, "me-a-big-TOC.txt": 10}
REST = {"me-b-big-Data.db": 200, "me-b-big-TOC.txt": 20}


def reported(
    node: ScriptedNode, command: MoveIntoUpload | LoadSSTables, runtime: SteppingRuntime | None = None
) -> list[AnyEvent]:
    runtime = runtime or SteppingRuntime()
    events: list[AnyEvent] = []
    asked = Node(node, address=ADDRESS, now=runtime.now, report=events.append)
    match command:
        case MoveIntoUpload():
            runtime.drive(move_into_upload(asked, command))
        case LoadSSTables():
            runtime.drive(load_sstables(asked, command))
    return events


def failed(events: list[AnyEvent]) -> LoadFailed:
    assert isinstance(events[-1], LoadFailed)
    return events[-1]


def staged() -> ScriptedNode:
    node = node_with_backup()
    node.directories = {STAGING: dict(FILES), UPLOAD: {}}
    return node


def in_upload() -> ScriptedNode:
    node = node_with_backup()
    node.directories = {STAGING: {}, UPLOAD: dict(FILES)}
    return node


def test_staged_files_are_renamed_into_upload() -> None:
    node = staged()
    assert reported(node, move_command()) == [FILLED]
    assert node.directories == {STAGING: {}, UPLOAD: FILES}


def test_an_upload_directory_that_is_not_there_is_an_empty_one() -> None:
    node = staged()
    del node.directories[UPLOAD]
    assert reported(node, move_command()) == [FILLED]
    assert node.directories[UPLOAD] == FILES


def test_a_rename_whose_answer_was_lost_is_repeated() -> None:
    node = staged()
    node.loses["move_directory"] = 1
    assert reported(node, move_command()) == [FILLED]
    assert node.calls.count("move_directory") == 2


def test_somebody_elses_files_in_upload_are_told_and_not_touched() -> None:
    node = staged()
    node.directories[UPLOAD] = {"me-x-big-Data.db": 7, "me-x-big-TOC.txt": 3}
    assert reported(node, move_command()) == [
        UploadOccupied(batch=1, attempt=1, node=ADDRESS, files=2, size=10)
    ]
    assert "move_directory" not in node.calls


@pytest.mark.parametrize("recovering", [False, True])
def test_files_of_the_same_name_are_somebody_elses_as_long_as_ours_are_in_staging(recovering: bool) -> None:
    node = staged()
    node.directories[UPLOAD] = dict(FIRST)
    (event,) = reported(node, move_command(recovering=recovering))
    assert isinstance(event, UploadOccupied)
    assert event.files == 2


def test_staged_files_that_are_not_whole_are_removed_and_the_batch_begins_anew() -> None:
    node = staged()
    node.directories[STAGING] = dict(FIRST)
    event = failed(reported(node, move_command()))
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, False)
    assert "2 of 4 files are missing" in event.failure.message
    assert node.directories == {UPLOAD: {}}


@pytest.mark.parametrize("moved", [{}, FIRST, FILES])
def test_a_rename_that_another_engine_began_is_finished(moved: dict[str, int]) -> None:
    node = staged()
    rest = {name: size for name, size in FILES.items() if name not in moved}
    node.directories = {STAGING: rest, UPLOAD: dict(moved)}
    assert reported(node, move_command(recovering=True)) == [FILLED]
    assert node.directories[UPLOAD] == FILES


def test_an_empty_upload_never_means_that_the_batch_was_loaded() -> None:
    node = in_upload()
    node.directories[UPLOAD] = {}
    event = failed(reported(node, move_command(recovering=True)))
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, False)


def test_what_is_left_of_a_batch_in_upload_is_removed_when_the_rest_is_gone() -> None:
    node = in_upload()
    node.directories[UPLOAD] = dict(FIRST)
    event = failed(reported(node, move_command(recovering=True)))
    assert (event.failure.cause, event.staging_left) == (Cause.INCOMPLETE, False)
    assert node.directories[UPLOAD] == {}


def test_files_of_ours_beside_somebody_elses_are_left_where_they_are() -> None:
    node = in_upload()
    node.directories[UPLOAD] = {**FIRST, "me-x-big-Data.db": 1}
    event = failed(reported(node, move_command(recovering=True)))
    assert event.staging_left
    assert node.directories[UPLOAD] == {**FIRST, "me-x-big-Data.db": 1}


def test_a_refused_rename_takes_back_what_it_moved() -> None:
    node = staged()
    node.fails["move_directory"] = deque([refused("permission denied")])
    event = failed(reported(node, move_command()))
    assert (event.failure.cause, event.staging_left) == (Cause.REFUSED, False)
    assert STAGING not in node.directories


def test_a_silent_node_keeps_the_staged_files_in_the_books() -> None:
    node = staged()
    node.fails["list_files"] = deque([unreachable() for _ in range(100)])
    event = failed(reported(node, move_command()))
    assert (event.failure.cause, event.staging_left) == (Cause.UNREACHABLE, True)


def test_a_load_that_is_done_leaves_nothing_behind() -> None:
    node = in_upload()
    assert reported(node, load_command()) == [SSTablesLoaded(batch=1, attempt=1)]
    assert (node.loaded, node.directories) == ([FILES], {UPLOAD: {}})


def test_a_staging_directory_that_cannot_be_removed_after_a_load_is_told() -> None:
    node = in_upload()
    node.fails["purge"] = deque([refused("no")])
    assert reported(node, load_command()) == [SSTablesLoaded(batch=1, attempt=1, staging_left=True)]


def test_a_load_excluded_by_another_waits_without_a_word_for_a_while() -> None:
    node, runtime = in_upload(), SteppingRuntime()
    node.fails["load_and_stream"] = deque([busy() for _ in range(5)])
    assert reported(node, load_command(), runtime) == [SSTablesLoaded(batch=1, attempt=1)]
    assert runtime.time - START == timedelta(seconds=5 + 10 + 20 + 30 + 30)


def test_a_load_excluded_for_minutes_is_told_now_and_then_and_never_given_up() -> None:
    node, runtime = in_upload(), SteppingRuntime()
    node.fails["load_and_stream"] = deque([busy() for _ in range(100)])
    events = reported(node, load_command(), runtime)
    assert events[-1] == SSTablesLoaded(batch=1, attempt=1)
    told = [event for event in events if isinstance(event, LoadAnswerLost)]
    assert 8 <= len(told) <= 10
    assert {event.failure.cause for event in told} == {Cause.REFUSED}


def test_a_lost_answer_says_nothing_about_the_load_so_the_same_load_is_asked_for_again() -> None:
    node = in_upload()
    node.fails["load_and_stream"] = deque([unreachable(), busy(), busy()])
    events = reported(node, load_command())
    assert [type(event) for event in events] == [LoadAnswerLost, SSTablesLoaded]


def test_lost_answers_are_told_once_a_minute_and_a_node_silent_for_long_is_given_up() -> None:
    node, runtime = in_upload(), SteppingRuntime()
    node.fails["load_and_stream"] = deque([unreachable() for _ in range(100)])
    events = reported(node, load_command(), runtime)
    event = failed(events)
    assert (event.failure.cause, event.staging_left) == (Cause.UNREACHABLE, True)
    assert 14 <= len(events) <= 17
    assert timedelta(minutes=15) <= runtime.time - START < timedelta(minutes=16)
    assert node.directories[UPLOAD] == FILES


def test_a_busy_answer_between_lost_ones_begins_the_patience_anew() -> None:
    node = in_upload()
    silence = [unreachable() for _ in range(25)]
    node.fails["load_and_stream"] = deque([*silence, busy(), *silence])
    assert isinstance(reported(node, load_command())[-1], SSTablesLoaded)


def test_a_failed_load_brings_what_is_left_back_into_staging_where_it_stays_until_the_failure_is_durable() -> (
    None
):
    node = in_upload()
    node.directories[UPLOAD] = dict(REST)
    node.fails["load_and_stream"] = deque([refused("Failed to load new sstables: bad checksum")])
    event = failed(reported(node, load_command()))
    assert (event.failure.cause, event.staging_left) == (Cause.REFUSED, True)
    assert "bad checksum" in event.failure.message
    assert node.directories == {UPLOAD: {}, STAGING: REST}


def test_a_load_that_broke_under_an_engine_that_died_is_not_taken_for_one_that_is_done() -> None:
    node = in_upload()
    node.directories[UPLOAD] = {}
    node.directories[STAGING] = dict(REST)
    event = failed(reported(node, load_command(recovering=True)))
    assert (event.failure.cause, event.staging_left) == (Cause.FAILED, True)
    assert "load_and_stream" not in node.calls


def test_a_broken_load_that_was_brought_back_half_way_is_brought_back_wholly() -> None:
    node = in_upload()
    first, *others = REST
    node.directories[UPLOAD] = {name: REST[name] for name in others}
    node.directories[STAGING] = {first: REST[first]}
    assert failed(reported(node, load_command(recovering=True))).staging_left
    assert node.directories == {UPLOAD: {}, STAGING: REST}


def test_a_failed_load_leaves_files_in_upload_that_are_not_known_as_the_batchs() -> None:
    node = in_upload()
    renamed = {"me-77-big-Data.db": 200}
    node.directories[UPLOAD] = dict(renamed)
    node.fails["load_and_stream"] = deque([refused("Failed to load new sstables")])
    assert failed(reported(node, load_command())).staging_left
    assert node.directories[UPLOAD] == renamed


def test_a_refusal_after_a_lost_answer_touches_nothing_since_that_load_may_run() -> None:
    node = in_upload()
    node.fails["load_and_stream"] = deque([unreachable(), refused("unauthorized", status=401)])
    event = failed(reported(node, load_command()))
    assert (event.failure.cause, event.staging_left) == (Cause.REFUSED, True)
    assert node.directories[UPLOAD] == FILES


def test_a_recovered_load_that_is_refused_touches_nothing_either() -> None:
    node = in_upload()
    node.fails["load_and_stream"] = deque([refused("unauthorized", status=401)])
    assert failed(reported(node, load_command(recovering=True))).staging_left
    assert node.directories[UPLOAD] == FILES


def test_a_load_told_to_stop_while_it_waits_says_nothing_and_scylla_finishes_it() -> None:
    node, runtime = in_upload(), SteppingRuntime()
    node.fails["load_and_stream"] = deque([busy()])
    stop_at(node, runtime, "load_and_stream")
    assert reported(node, load_command(), runtime) == []


def test_a_load_that_is_done_is_reported_although_a_stop_came_meanwhile() -> None:
    node, runtime = in_upload(), SteppingRuntime()
    stop_at(node, runtime, "load_and_stream")
    assert reported(node, load_command(), runtime) == [SSTablesLoaded(batch=1, attempt=1, staging_left=True)]


def test_a_rename_told_to_stop_says_nothing() -> None:
    node, runtime = staged(), SteppingRuntime()
    stop_at(node, runtime, "list_files")
    assert reported(node, move_command(), runtime) == []
