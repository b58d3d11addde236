"""A restore into 300 nodes, as its log tells it, on a terminal of 80 columns and 24 lines."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support import story as told
from tests.support.program import Answer, Desk
from tests.support.story import START, Story

from scylla_restore.events.model.batches import (
    BatchDownloaded,
    DownloadRequested,
    DownloadStarted,
    LoadRequested,
    LoadStarted,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.nodes import NodeSuspended, NodeWaitingForSpace
from scylla_restore.events.model.stages import Stage, StageEntered

ADDRESSES = tuple(f"10.0.{number // 250}.{number % 250 + 1}" for number in range(300))
CUT = Failure(
    cause=Cause.UNREACHABLE,
    message="connection refused",
    node=ADDRESSES[7],
    call="POST /agent/rclone/sync/copypaths",
)
FULL = Failure(
    cause=Cause.NO_SPACE, message="3 % of the disk are free", node=ADDRESSES[9], call="operations/about"
)


def story() -> Story:
    """Tell of a run in which most nodes are at work, one rests and one is full."""
    story = Story().tell(
        told.run_started(), StageEntered(stage=Stage.INIT), told.cluster_discovered(*ADDRESSES)
    )
    story.tell(*(told.node_joined(address) for address in ADDRESSES))
    tables = [f"t{number:03}" for number in range(200)]
    story.tell(*(told.directory_indexed(name, "shop", name, (10_000,) * 10) for name in tables))
    story.tell(told.location_indexed(), StageEntered(stage=Stage.DATA))
    for batch, address in enumerate(ADDRESSES, start=1):
        story.tell(
            told.batch_assigned(batch, tables[batch % 200], size=10_000, node=address),
            DownloadRequested(batch=batch, attempt=1),
            DownloadStarted(batch=batch, attempt=1, jobs=(batch,), started_at=("0001",)),
        )
    for batch in range(101, 151):
        which = told.Which(batch=batch, attempt=1)
        story.tell(BatchDownloaded(**which, downloaded=10_000), LoadRequested(**which), LoadStarted(**which))
    until = story.now + timedelta(seconds=60)
    return story.tell(
        NodeSuspended(node=ADDRESSES[7], until=until, failures=2, failure=CUT),
        NodeWaitingForSpace(node=ADDRESSES[9], until=until, failure=FULL),
    )


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    desk = Desk(tmp_path)
    desk.record(story())
    log = desk.log()
    claim = log.claim(told.RUN, "an engine")
    try:
        return desk.at(START + timedelta(seconds=10)).call("progress", terminal=True)
    finally:
        log.release(claim)
        log.close()


def test_it_fits_and_says_what_goes_on_what_is_waited_for_and_why(answer: Answer) -> None:
    assert len(answer.lines) <= 24
    assert max(map(len, answer.lines)) <= 80
    text = " ".join(line.strip() for line in answer.lines)
    assert (
        "now: downloading on 248 nodes, loading on 50 nodes, suspended after a failure on 1 node, "
        "waiting for disk space on 1 node"
    ) in text
    assert f"{ADDRESSES[7]} is suspended, asked again at 2026-01-02 03:05:05Z" in text
    assert "connection refused" in text
    assert "POST /agent/rclone/sync/copypaths" in text
    assert f"{ADDRESSES[9]} has no space for its next batch" in text


def test_nodes_in_trouble_are_among_the_few_that_are_shown(answer: Answer) -> None:
    shown = [line.split()[0] for line in answer.lines if "  down " in line]
    assert {ADDRESSES[7], ADDRESSES[9]} <= set(shown)
    (rest,) = [line for line in answer.lines if line.startswith("… and") and "more nodes" in line]
    number = 300 - len(shown)
    assert rest == f"… and {number} more nodes, {number} of them at work"
