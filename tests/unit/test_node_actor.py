"""The actor of a node: lanes beside each other, stops that hit the right attempt, crashes that are told once."""

from collections import deque

from tests.support.batches import STAGING, download_command, load_command, move_command, node_with_backup
from tests.support.scripted_node import ADDRESS, ScriptedNode, busy, progress
from tests.support.stepping import SteppingRuntime

from scylla_restore.actors.letters import LaneCrashed, NodeLetter
from scylla_restore.actors.node import spawn_node
from scylla_restore.actors.runtime import Address
from scylla_restore.engine.core.commands import Alter, JoinNode, ReadNodeSettings, StopDownload, Undo
from scylla_restore.events.model import AnyEvent, batches, nodes
from scylla_restore.events.model.alterations import AlterationMade, AlterationUndone, CpuUnpinned
from scylla_restore.events.model.failure import Cause

CPU = (("1", CpuUnpinned(node=ADDRESS)),)
STOP = StopDownload(node=ADDRESS, batch=1, attempt=1)


class Scene:
    """A node actor under the stepping runtime."""

    def __init__(self) -> None:
        self.node: ScriptedNode = node_with_backup()
        self.runtime = SteppingRuntime()
        self.events: list[AnyEvent] = []
        self.crashes: list[tuple[str, BaseException]] = []
        self.actor = self.spawn()

    def spawn(self) -> Address[NodeLetter | LaneCrashed]:
        return spawn_node(
            self.runtime,
            address=ADDRESS,
            gateway=self.node,
            report=self.events.append,
            on_crash=lambda name, error: self.crashes.append((name, error)),
        )

    def tell(self, *letters: NodeLetter) -> list[AnyEvent]:
        for letter in letters:
            self.actor.tell(letter)
        self.runtime.run()
        return self.events


def test_each_command_is_answered_by_its_events() -> None:
    scene = Scene()
    discovered = nodes.DiscoveredNode(address=ADDRESS, host_id="h", dc="dc1", rack="r1")
    scene.tell(JoinNode(node=ADDRESS, discovered=discovered, locations=("s3:backups",)))
    scene.tell(ReadNodeSettings(node=ADDRESS, tables=()))
    scene.tell(Alter(node=ADDRESS, alterations=CPU))
    scene.tell(download_command())
    scene.tell(move_command())
    scene.tell(load_command())
    scene.tell(Undo(node=ADDRESS, alterations=CPU))
    assert [type(event) for event in scene.events] == [
        nodes.NodeJoined,
        nodes.NodeSettingsRead,
        AlterationMade,
        batches.DownloadStarted,
        batches.BatchDownloaded,
        batches.UploadFilled,
        batches.SSTablesLoaded,
        AlterationUndone,
    ]


def test_a_waiting_load_holds_up_neither_downloads_nor_settings() -> None:
    scene = Scene()
    scene.node.fails["load_and_stream"] = deque([busy() for _ in range(50)])
    scene.tell(load_command(), download_command(), Alter(node=ADDRESS, alterations=CPU))
    kinds = [type(event) for event in scene.events]
    assert kinds.index(batches.SSTablesLoaded) > kinds.index(batches.BatchDownloaded)
    assert kinds.index(batches.SSTablesLoaded) > kinds.index(AlterationMade)


def test_a_stop_ends_the_attempt_that_is_meant() -> None:
    scene = Scene()
    scene.node.answers[1000] = deque([progress("running")])
    scene.node.before["job_progress"] = lambda: scene.actor.tell(STOP)
    (*_, last) = scene.tell(download_command())
    assert isinstance(last, batches.DownloadFailed)
    assert last.failure.cause is Cause.STOPPED
    assert STAGING not in scene.node.directories


def test_a_stop_of_an_attempt_that_has_ended_does_not_hit_the_next_one() -> None:
    scene = Scene()
    scene.tell(download_command())
    (*_, last) = scene.tell(download_command(attempt=2), STOP)
    assert last == batches.BatchDownloaded(batch=1, attempt=2, downloaded=330)


def test_a_stop_after_the_end_does_not_wait_for_the_next_download() -> None:
    scene = Scene()
    scene.tell(download_command())
    scene.tell(STOP, STOP)
    (*_, last) = scene.tell(download_command(attempt=2))
    assert last == batches.BatchDownloaded(batch=1, attempt=2, downloaded=330)


def test_a_stop_of_a_download_that_has_not_begun_is_answered_too() -> None:
    scene = Scene()
    (event,) = scene.tell(download_command(), STOP)
    assert isinstance(event, batches.DownloadFailed)
    assert event.failure.cause is Cause.STOPPED


def test_a_defect_in_a_lane_ends_the_whole_actor_and_is_told_once() -> None:
    scene = Scene()

    def break_down() -> None:
        raise ZeroDivisionError

    scene.node.before["disk_space"] = break_down
    scene.node.fails["load_and_stream"] = deque([busy() for _ in range(50)])
    scene.tell(load_command(), download_command())
    ((name, error),) = scene.crashes
    assert (name, type(error)) == (f"node/{ADDRESS}", ZeroDivisionError)
    assert scene.events == []
    assert all(lane.is_closed for lane in scene.runtime.lanes)


def test_a_new_actor_takes_up_the_node_of_one_that_crashed() -> None:
    scene = Scene()
    scene.actor.tell(LaneCrashed("x", ZeroDivisionError()))
    scene.tell()
    scene.actor = scene.spawn()
    (*_, last) = scene.tell(download_command())
    assert isinstance(last, batches.BatchDownloaded)
    assert len(scene.crashes) == 1
