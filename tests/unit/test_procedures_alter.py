"""Altering a node and putting it back."""

from collections import deque

import pytest
from tests.support.batches import FILES, STAGING, TABLE, UPLOAD
from tests.support.scripted_node import ADDRESS, ScriptedNode, refused, unreachable
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.procedures.alter import alter, undo
from scylla_restore.actors.procedures.asking import Node
from scylla_restore.engine.core.commands import Alter, Undo
from scylla_restore.events.model import AnyEvent
from scylla_restore.events.model.alterations import (
    AlterationMade,
    AlterationUndone,
    AutoCompactionDisabled,
    BandwidthSet,
    CpuUnpinned,
    NodeAlteration,
    StagingCreated,
    TransfersSet,
    UndoFailed,
    UploadSetAside,
)
from scylla_restore.events.model.failure import Cause
from scylla_restore.events.model.nodes import NodeFailed

FOUND = f"{TABLE}/snapshots/scylla-restore-found-run-1-1"
COMPACTION = AutoCompactionDisabled(node=ADDRESS, tables=("ks:t", "alternator_T:T:g"))
TRANSFERS = TransfersSet(node=ADDRESS, before=2, after=8)
BANDWIDTH = BandwidthSet(node=ADDRESS, before="off", after="100M")
CPU = CpuUnpinned(node=ADDRESS)
STAGED = StagingCreated(node=ADDRESS, path=STAGING)
ASIDE = UploadSetAside(node=ADDRESS, upload=UPLOAD, found=FOUND)


def run(node: ScriptedNode, what: type[Alter | Undo], *alterations: NodeAlteration) -> list[AnyEvent]:
    runtime, events = SteppingRuntime(), list[AnyEvent]()
    asked = Node(node, address=ADDRESS, now=runtime.now, report=events.append)
    numbered = tuple((str(number), alteration) for number, alteration in enumerate(alterations))
    if what is Alter:
        runtime.drive(alter(asked, Alter(node=ADDRESS, alterations=numbered)))
    else:
        runtime.drive(undo(asked, Undo(node=ADDRESS, alterations=numbered)))
    return events


def settings(node: ScriptedNode) -> tuple[object, ...]:
    return node.compaction, node.agent_transfers, node.agent_rate, node.is_pinned


def test_settings_are_made_and_put_back() -> None:
    node, all_four = ScriptedNode(), (COMPACTION, TRANSFERS, BANDWIDTH, CPU)
    assert run(node, Alter, *all_four) == [AlterationMade(id=str(number)) for number in range(4)]
    assert settings(node) == ({"ks:t": False, "alternator_T:T:g": False}, 8, "100M", False)
    assert run(node, Undo, *all_four) == [AlterationUndone(id=str(number)) for number in range(4)]
    assert settings(node) == ({"ks:t": True, "alternator_T:T:g": True}, 2, "off", True)


def test_the_first_alteration_that_fails_is_the_last_one_made() -> None:
    node = ScriptedNode()
    node.fails["set_transfers"] = deque([refused("no")])
    made, failed = run(node, Alter, CPU, TRANSFERS, BANDWIDTH)
    assert made == AlterationMade(id="0")
    assert isinstance(failed, NodeFailed)
    assert failed.failure.message == "no"
    assert node.agent_rate == "off"


def test_one_undo_that_fails_does_not_keep_the_others() -> None:
    node = ScriptedNode()
    node.fails["set_transfers"] = deque([refused("no")])
    failed, undone = run(node, Undo, TRANSFERS, CPU)
    assert isinstance(failed, UndoFailed)
    assert undone == AlterationUndone(id="1")


def test_a_silent_node_is_waited_for_once_for_all_undos() -> None:
    node = ScriptedNode()
    node.fails["pin_cpu"] = deque([unreachable() for _ in range(100)])
    events = run(node, Undo, CPU, TRANSFERS, BANDWIDTH)
    assert [event.failure.cause for event in events if isinstance(event, UndoFailed)] == [
        Cause.UNREACHABLE
    ] * 3
    assert "set_transfers" not in node.calls


def test_a_busy_compaction_switch_is_thrown_again() -> None:
    node = ScriptedNode()
    node.fails["set_auto_compaction"] = deque([refused("Autocompaction toggle is busy") for _ in range(3)])
    assert run(node, Alter, COMPACTION) == [AlterationMade(id="0")]


def test_a_compaction_switch_that_stays_busy_is_a_failure() -> None:
    node = ScriptedNode()
    node.fails["set_auto_compaction"] = deque([refused("Autocompaction toggle is busy") for _ in range(9)])
    (event,) = run(node, Alter, COMPACTION)
    assert isinstance(event, NodeFailed)


def test_a_staging_directory_needs_no_making_and_is_removed_for_good() -> None:
    node = ScriptedNode()
    assert run(node, Alter, STAGED) == [AlterationMade(id="0")]
    node.directories[STAGING] = dict(FILES)
    assert run(node, Undo, STAGED) == [AlterationUndone(id="0")]
    assert node.directories == {}


def test_a_directory_that_an_orphaned_job_fills_again_is_removed_again() -> None:
    node, comes_back = ScriptedNode(), deque([True, False, True])

    def write() -> None:
        if comes_back and comes_back.popleft():
            node.directories[STAGING] = dict(FILES)

    node.before["list_files"] = write
    assert run(node, Undo, STAGED) == [AlterationUndone(id="0")]
    assert node.directories == {}


def test_a_directory_that_keeps_coming_back_stays_in_the_books() -> None:
    node = ScriptedNode()
    node.before["list_files"] = lambda: node.directories.update({STAGING: dict(FILES)})
    (event,) = run(node, Undo, STAGED)
    assert isinstance(event, UndoFailed)
    assert "comes back" in event.failure.message


def test_somebody_elses_files_are_set_aside_and_brought_back() -> None:
    node = ScriptedNode()
    node.directories[UPLOAD] = dict(FILES)
    assert run(node, Alter, ASIDE) == [AlterationMade(id="0")]
    assert node.directories == {UPLOAD: {}, FOUND: FILES}
    assert run(node, Undo, ASIDE) == [AlterationUndone(id="0")]
    assert node.directories == {UPLOAD: FILES}


def test_there_may_be_nothing_to_set_aside_or_to_bring_back() -> None:
    node = ScriptedNode()
    assert run(node, Alter, ASIDE) == [AlterationMade(id="0")]
    assert run(node, Undo, ASIDE) == [AlterationUndone(id="0")]


def test_nothing_but_a_directory_below_snapshots_is_ever_removed() -> None:
    node = ScriptedNode()
    with pytest.raises(ValueError, match="must not be removed"):
        run(node, Undo, StagingCreated(node=ADDRESS, path=UPLOAD))
    assert node.calls == []
