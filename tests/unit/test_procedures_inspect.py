"""Looking into tables before a run touches them."""

from collections import deque

import pytest
from tests.support.scripted_node import ADDRESS, ScriptedNode, unreachable
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.asking import Node
from scylla_restore.actors.procedures.inspect import inspect_tables
from scylla_restore.engine.core.commands import InspectTables
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.nodes import NodeFailed, TablesInspected

OWN = "6f1d2c3b-0000-4000-8000-000000000001"
OTHER = "6f1d2c3b-0000-4000-8000-00000000ffff"
SNAPSHOTS = "ks/t-0/snapshots"


def inspected(node: ScriptedNode) -> AnyEvent:
    runtime, events = SteppingRuntime(), list[AnyEvent]()
    asking = Node(node, address=ADDRESS, now=runtime.now, report=events.append)
    command = InspectTables(node=ADDRESS, run=OWN, directories=(("ks:t", "t-0"),))
    runtime.drive(inspect_tables(asking, command))
    (event,) = events
    return event


def test_an_empty_table_without_directories_is_nothing_to_tell_of() -> None:
    assert inspected(ScriptedNode()) == TablesInspected(node=ADDRESS)


def test_bytes_files_in_upload_and_directories_of_other_runs_are_told() -> None:
    node = ScriptedNode()
    node.table_bytes = 4096
    node.directories = {
        "ks/t-0/upload": {"me-1-big-Data.db": 1},
        f"{SNAPSHOTS}/scylla-restore-{OTHER}-1-1": {},
        f"{SNAPSHOTS}/scylla-restore-found-{OTHER}": {},
        f"{SNAPSHOTS}/scylla-restore-{OWN}-1-1": {},
        f"{SNAPSHOTS}/sm_20260102030405UTC": {},
    }

    assert inspected(node) == TablesInspected(
        node=ADDRESS,
        used={"ks:t": 4096},
        staging=(f"{SNAPSHOTS}/scylla-restore-{OTHER}-1-1", f"{SNAPSHOTS}/scylla-restore-found-{OTHER}"),
        uploads=("ks/t-0/upload",),
    )


def test_an_upload_directory_without_files_is_nothing_to_tell_of() -> None:
    node = ScriptedNode()
    node.directories = {"ks/t-0/upload": {}}

    assert inspected(node) == TablesInspected(node=ADDRESS)


@pytest.mark.parametrize("call", ["table_size", "list_directories", "list_files"])
def test_a_node_that_stays_silent_has_failed(call: str) -> None:
    node = ScriptedNode()
    node.fails[call] = deque(unreachable() for _ in range(100))

    assert isinstance(inspected(node), NodeFailed)
